#include "tasks/array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

constexpr double kMostClasses = 65536;

std::uint32_t to_class(double value, std::size_t i, const std::string& path) {
  if (value != std::floor(value)) {
    throw InputError(fmt::format(
        "the label file {} holds fractions, such as {} at entry {}; expected whole numbers.", path,
        value, i));
  }
  if (!(value >= 0 && value < kMostClasses)) {
    throw InputError(
        fmt::format("the label file {} has the class {} at entry {}; expected 0 to {}.", path,
                    value, i, kMostClasses - 1));
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::size_t Array::row_width() const {
  std::size_t product = 1;
  for (std::size_t d = 1; d < dims.size(); ++d) product *= dims[d];
  return product;
}

std::vector<std::uint32_t> class_labels(const Array& array, const std::string& path) {
  if (array.dims.size() != 1) {
    throw InputError(fmt::format(
        "the label file {} has {} dimensions; expected 1, a class for each image. Are images "
        "and labels swapped?",
        path, array.dims.size()));
  }
  std::vector<std::uint32_t> out(array.dims[0]);
  std::visit(
      [&](const auto& values) {
        for (std::size_t i = 0; i < out.size(); ++i)
          out[i] = to_class(static_cast<double>(values[i]), i, path);
      },
      array.values);
  return out;
}

std::vector<double> to_numbers(const Array& array) {
  return std::visit(
      [](const auto& values) {
        std::vector<double> out(values.size());
        std::transform(values.begin(), values.end(), out.begin(),
                       [](auto value) { return static_cast<double>(value); });
        return out;
      },
      array.values);
}

}  // namespace mlz::tasks
