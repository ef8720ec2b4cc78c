#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mlz::golden {

/// How near two numbers must be: |a - b| <= relative * max(floor, |expected|). NaN equals NaN;
/// infinities must be the same.
struct Tolerance {
  double relative = 1e-9;
  double floor = 1;
};

bool near(double expected, double got, Tolerance tolerance);

/// The first difference of two lists, in words, or nothing.
std::optional<std::string> difference(const std::string& field, std::span<const double> expected,
                                      std::span<const double> got, Tolerance tolerance);

}  // namespace mlz::golden
