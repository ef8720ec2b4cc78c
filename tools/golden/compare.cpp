#include "tools/golden/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlz::golden {

bool near(double expected, double got, Tolerance tolerance) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got);
  if (std::isinf(expected) || std::isinf(got)) return expected == got;
  return std::abs(expected - got) <=
         tolerance.relative * std::max(tolerance.floor, std::abs(expected));
}

std::optional<std::string> difference(const std::string& field, std::span<const double> expected,
                                      std::span<const double> got, Tolerance tolerance) {
  for (std::size_t i = 0; i < std::min(expected.size(), got.size()); ++i) {
    if (near(expected[i], got[i], tolerance)) continue;
    return fmt::format("{}[{}]: expected {}, got {}", field, i, expected[i], got[i]);
  }
  if (expected.size() == got.size()) return std::nullopt;
  return fmt::format("{}: expected {} numbers, got {}", field, expected.size(), got.size());
}

}  // namespace mlz::golden
