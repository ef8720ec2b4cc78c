#include "tools/support/safetensors.hpp"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace mlz::tools {
namespace {

using nlohmann::json;
constexpr std::size_t kPrefix = 8;
constexpr const char* kMetadata = "__metadata__";

template <class T>
void append(std::string& data, const std::vector<double>& values) {
  for (const double value : values) {
    const T narrow = static_cast<T>(value);
    data.append(reinterpret_cast<const char*>(&narrow), sizeof(T));
  }
}

}  // namespace

std::string to_safetensors(const TensorFile& file, vm::DType dtype) {
  json head = json::object();
  if (!file.metadata.empty()) head[kMetadata] = file.metadata;
  std::string data;
  for (const auto& [name, tensor] : file.tensors) {
    const std::size_t begin = data.size();
    dtype == vm::DType::f32 ? append<float>(data, tensor.values)
                            : append<double>(data, tensor.values);
    head[name] = {{"dtype", dtype == vm::DType::f32 ? "F32" : "F64"},
                  {"shape", tensor.shape},
                  {"data_offsets", {begin, data.size()}}};
  }
  std::string text = head.dump(-1, ' ', false, json::error_handler_t::replace);
  text.append((kPrefix - text.size() % kPrefix) % kPrefix, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(kPrefix, '\0');
  std::memcpy(bytes.data(), &length, kPrefix);
  return bytes + text + data;
}

}  // namespace mlz::tools
