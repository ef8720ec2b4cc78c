#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mlz::vm {

/// Named arrays in the safetensors format: eight bytes with the length of a JSON header, the
/// header, the data.
struct Tensor {
  std::vector<std::int64_t> shape;  ///< empty for a scalar
  std::vector<double> values;       ///< row by row
};
struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// The most bytes that a file may have before its data.
inline constexpr std::size_t kMostHeaderBytes = 8 + (16u << 20);

/// Reads the bytes of a file called `name`. Numbers must be F32 or F64. Throws InputError naming
/// the tensor and what is wrong with it; nothing in the file is trusted.
TensorFile from_safetensors(std::string_view bytes, const std::string& name);

}  // namespace mlz::vm
