#pragma once
#include <memory>
#include <string>

#include "tasks/array.hpp"

namespace mlz::tasks {

/// Reads a whole file in the IDX format of MNIST, plain or gzip-compressed: two zero bytes, a type
/// byte (0x08, 0x0C, 0x0D or 0x0E), the number of dimensions, each dimension as a big-endian 32-bit
/// count, then the big-endian values, last dimension fastest. Throws InputError for what cannot be
/// read, is not IDX, is shorter or longer than its header says, or would take more than 4 GiB.
/// Memory grows with what is read, not with what the header promises.
Array read_idx(const std::string& path);

/// The same, but a file in use is read once and shared. Safe to call from any thread.
std::shared_ptr<const Array> shared_idx(const std::string& path);

}  // namespace mlz::tasks
