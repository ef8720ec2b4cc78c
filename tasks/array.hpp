#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace mlz::tasks {

/// Numbers as a data file holds them, in the byte order of this machine, last dimension fastest.
struct Array {
  std::vector<std::size_t> dims;  ///< one or more, none zero
  std::variant<std::vector<std::uint8_t>, std::vector<std::int32_t>, std::vector<float>,
               std::vector<double>>
      values;

  /// How many numbers belong to one entry of the first dimension.
  std::size_t row_width() const;
  bool bytes() const { return values.index() == 0; }
};

/// The most bytes of numbers one file may hold: 4 GiB.
inline constexpr std::uint64_t kMostFileBytes = std::uint64_t{4} << 30;

/// A one-dimensional array as class indices in 0 .. 65535. Throws InputError naming `path` for
/// anything else.
std::vector<std::uint32_t> class_labels(const Array& array, const std::string& path);

/// All values as numbers.
std::vector<double> to_numbers(const Array& array);

}  // namespace mlz::tasks
