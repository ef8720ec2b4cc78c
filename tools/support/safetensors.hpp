#pragma once
#include <string>

#include "vm/machine.hpp"
#include "vm/tensor_file.hpp"

namespace mlz::tools {

using vm::from_safetensors;
using vm::kMostHeaderBytes;
using vm::Tensor;
using vm::TensorFile;

/// The bytes of a file; values are stored as `dtype`.
std::string to_safetensors(const TensorFile& file, vm::DType dtype);

}  // namespace mlz::tools
