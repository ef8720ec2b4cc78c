#include "tools/support/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace mlz::tools {
namespace {

using nlohmann::json;
constexpr std::size_t kPrefix = 8;
constexpr std::size_t kMaxHeader = kMostHeaderBytes - kPrefix;
constexpr int kMaxDepth = 4;
constexpr const char* kMetadata = "__metadata__";

/// Reads one file; every message begins with its name.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}
  TensorFile read();

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format("{}: not a valid safetensors file: {}", name_, what));
  }
  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    fail(fmt::format("tensor \"{}\" {}", tensor, what));
  }
  json header();
  Tensor tensor(const std::string& name, const json& entry);
  std::int64_t elements(const std::string& name, const std::vector<std::int64_t>& shape) const;
  std::vector<std::uint64_t> whole_numbers(const std::string& name, const json& entry,
                                           const char* key) const;
  void check_overlaps();

  struct Range {
    std::uint64_t begin, end;
    std::string name;
  };
  std::string_view bytes_, data_;
  const std::string& name_;
  std::vector<Range> ranges_;
};

json Reader::header() {
  if (bytes_.size() < kPrefix) fail(fmt::format("it has only {} bytes", bytes_.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes_.data(), kPrefix);
  if (length > bytes_.size() - kPrefix) {
    fail(fmt::format("its header should have {} bytes, but only {} follow", length,
                     bytes_.size() - kPrefix));
  }
  if (length > kMaxHeader)
    fail(fmt::format("its header has {} bytes, more than {}", length, kMaxHeader));
  const std::string_view text = bytes_.substr(kPrefix, length);
  data_ = bytes_.substr(kPrefix + length);
  const auto shallow = [this](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) fail("its header is nested too deeply");
    return true;
  };
  json result = json::parse(text.begin(), text.end(), shallow, false);
  if (!result.is_object()) fail("its header is not a JSON object");
  return result;
}

std::vector<std::uint64_t> Reader::whole_numbers(const std::string& name, const json& entry,
                                                 const char* key) const {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array())
    fail(name, fmt::format("has no list \"{}\"", key));
  std::vector<std::uint64_t> result;
  for (const json& value : *found) {
    if (!value.is_number_unsigned())
      fail(name, fmt::format("has a \"{}\" that is not a whole number >= 0", key));
    result.push_back(value.get<std::uint64_t>());
  }
  return result;
}

std::int64_t Reader::elements(const std::string& name,
                              const std::vector<std::int64_t>& shape) const {
  std::int64_t product = 1;
  for (const std::int64_t n : shape) {
    if (n < 0 || __builtin_mul_overflow(product, n, &product))
      fail(name, "has an impossible shape");
  }
  return product;
}

template <class T>
std::vector<double> widen(std::string_view data) {
  std::vector<double> values(data.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

Tensor Reader::tensor(const std::string& name, const json& entry) {
  if (!entry.is_object()) fail(name, "is not described by an object");
  const auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string()) fail(name, "has no dtype");
  const auto& type = dtype->get_ref<const std::string&>();
  if (type != "F32" && type != "F64")
    fail(name, fmt::format("has dtype {}; F32 and F64 can be read", type));
  Tensor result;
  for (const std::uint64_t n : whole_numbers(name, entry, "shape")) {
    result.shape.push_back(static_cast<std::int64_t>(n));
  }
  const std::int64_t count = elements(name, result.shape);
  const auto offsets = whole_numbers(name, entry, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_.size()) {
    fail(name, fmt::format("lies outside the {} bytes of data", data_.size()));
  }
  const std::uint64_t width = type == "F32" ? 4 : 8;
  const std::uint64_t bytes = offsets[1] - offsets[0];
  if (bytes % width != 0 || static_cast<std::uint64_t>(count) != bytes / width) {
    fail(name, fmt::format("has {} bytes of data, which does not fit its shape", bytes));
  }
  ranges_.push_back({offsets[0], offsets[1], name});
  const std::string_view data = data_.substr(offsets[0], bytes);
  result.values = width == 4 ? widen<float>(data) : widen<double>(data);
  return result;
}

void Reader::check_overlaps() {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  for (std::size_t i = 1; i < ranges_.size(); ++i) {
    if (ranges_[i].begin < ranges_[i - 1].end) {
      fail(ranges_[i].name, fmt::format("shares bytes with \"{}\"", ranges_[i - 1].name));
    }
  }
}

TensorFile Reader::read() {
  TensorFile file;
  const json head = header();
  // Widening what is shared could need far more memory than the file has bytes; bound it before.
  std::uint64_t described = 0;
  for (const auto& [name, entry] : head.items()) {
    if (name == kMetadata) {
      if (!entry.is_object()) fail("its metadata is not an object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) fail(fmt::format("its metadata \"{}\" is not a text", key));
        file.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    Tensor next = tensor(name, entry);
    described += ranges_.back().end - ranges_.back().begin;
    if (described > data_.size()) fail(name, "shares bytes with another");
    file.tensors.emplace(name, std::move(next));
  }
  check_overlaps();
  return file;
}

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

TensorFile from_safetensors(std::string_view bytes, const std::string& name) {
  return Reader(bytes, name).read();
}

}  // namespace mlz::tools
