#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mlz::golden {

/// How near two numbers must be: |a - b| <= relative * max(floor, |expected|). NaN equals NaN; infinities must be the
/// same, and where the floor is 0 so must zeros, but for their sign.
struct Tolerance {
  double relative = 1e-9;
  double floor = 1;
};

bool near(double expected, double got, Tolerance tolerance);

/// The first difference of two lists, in words, or nothing. `floors`, if not empty, has a floor for each entry.
std::optional<std::string> difference(const std::string& field, std::span<const double> expected,
                                      std::span<const double> got, Tolerance tolerance,
                                      std::span<const double> floors = {});

}  // namespace mlz::golden
