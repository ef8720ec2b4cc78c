#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace mlz::tasks {

/// An array in the IDX format of MNIST: two zero bytes, a type byte, the number of dimensions, each
/// dimension as a big-endian 32-bit count, then the values, last dimension fastest.
struct IdxArray {
  std::vector<std::size_t> dims;  ///< one or more, none zero
  /// Types 0x08, 0x0C, 0x0D and 0x0E, in the byte order of this machine.
  std::variant<std::vector<std::uint8_t>, std::vector<std::int32_t>, std::vector<float>,
               std::vector<double>>
      values;
};

/// Reads a whole file, plain or gzip-compressed. Throws InputError for what cannot be read, is not
/// IDX, is shorter or longer than its header says, or would take more than 4 GiB. Memory grows with
/// what is read, not with what the header promises.
IdxArray read_idx(const std::string& path);

/// The same, but a file in use is read once and shared. Safe to call from any thread.
std::shared_ptr<const IdxArray> shared_idx(const std::string& path);

/// A one-dimensional array as class indices in 0 .. 65535. Throws InputError naming `path` for
/// anything else.
std::vector<std::uint32_t> class_labels(const IdxArray& array, const std::string& path);

}  // namespace mlz::tasks
