#include "vm/tensor_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <tuple>

#include "lang/core/diagnostics.hpp"
#include "vm/json_scanner.hpp"

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace mlz::vm {
namespace {

constexpr std::size_t kPrefix = 8;
constexpr std::size_t kMaxHeader = kMostHeaderBytes - kPrefix;
constexpr int kMaxDepth = 4;
constexpr const char* kMetadata = "__metadata__";

/// What the header says of one tensor; empty where it says nothing of that form.
struct Entry {
  std::optional<std::string> dtype;
  std::optional<std::vector<std::uint64_t>> shape, offsets;
};

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
  std::string_view header();
  void read_header(std::string_view text, TensorFile& file);
  void metadata(JsonScanner& json, TensorFile& file) const;
  Entry entry(JsonScanner& json, const std::string& name) const;
  std::vector<std::uint64_t> whole_numbers(JsonScanner& json, const std::string& name, const char* key) const;
  Tensor tensor(const std::string& name, const Entry& entry);
  std::int64_t elements(const std::string& name, const std::vector<std::int64_t>& shape) const;
  void check_overlaps();

  struct Range {
    std::uint64_t begin, end;
    std::string name;
  };
  std::string_view bytes_, data_;
  const std::string& name_;
  std::vector<Range> ranges_;
};

std::string_view Reader::header() {
  if (bytes_.size() < kPrefix) fail(fmt::format("it has only {} bytes", bytes_.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes_.data(), kPrefix);
  if (length > bytes_.size() - kPrefix) {
    fail(fmt::format("its header should have {} bytes, but only {} follow", length, bytes_.size() - kPrefix));
  }
  if (length > kMaxHeader) fail(fmt::format("its header has {} bytes, more than {}", length, kMaxHeader));
  data_ = bytes_.substr(kPrefix + length);
  return bytes_.substr(kPrefix, length);
}

std::vector<std::uint64_t> Reader::whole_numbers(JsonScanner& json, const std::string& name, const char* key) const {
  if (json.next() != '[') fail(name, fmt::format("has no list \"{}\"", key));
  std::vector<std::uint64_t> result;
  json.list([&] {
    const auto value = json.whole_number();
    if (!value) fail(name, fmt::format("has a \"{}\" that is not a whole number >= 0", key));
    result.push_back(*value);
  });
  return result;
}

Entry Reader::entry(JsonScanner& json, const std::string& name) const {
  Entry found;
  if (json.next() != '{') fail(name, "is not described by an object");
  json.object([&](const std::string& key) {
    if (key == "dtype" && json.next() == '"') {
      found.dtype = json.text();
    } else if (key == "shape") {
      found.shape = whole_numbers(json, name, "shape");
    } else if (key == "data_offsets") {
      found.offsets = whole_numbers(json, name, "data_offsets");
    } else {
      json.skip();
    }
  });
  return found;
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

Tensor Reader::tensor(const std::string& name, const Entry& entry) {
  if (!entry.dtype) fail(name, "has no dtype");
  const std::string& type = *entry.dtype;
  if (type != "F32" && type != "F64") fail(name, fmt::format("has dtype {}; F32 and F64 can be read", type));
  if (!entry.shape) fail(name, "has no list \"shape\"");
  if (!entry.offsets) fail(name, "has no list \"data_offsets\"");
  Tensor result;
  for (const std::uint64_t n : *entry.shape) result.shape.push_back(static_cast<std::int64_t>(n));
  const std::int64_t count = elements(name, result.shape);
  const auto& offsets = *entry.offsets;
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

void Reader::metadata(JsonScanner& json, TensorFile& file) const {
  if (json.next() != '{') fail("its metadata is not an object");
  json.object([&](const std::string& key) {
    if (json.next() != '"') fail(fmt::format("its metadata \"{}\" is not a text", key));
    file.metadata[key] = json.text();
  });
}

void Reader::read_header(std::string_view text, TensorFile& file) {
  JsonScanner json(text, kMaxDepth);
  if (json.next() != '{') fail("its header is not a JSON object");
  // Widening what is shared could need far more memory than the file has bytes; bound it before.
  std::uint64_t described = 0;
  json.object([&](const std::string& name) {
    if (name == kMetadata) return metadata(json, file);
    const Entry found = entry(json, name);
    if (file.tensors.contains(name)) fail(name, "is there twice");
    Tensor next = tensor(name, found);
    described += ranges_.back().end - ranges_.back().begin;
    if (described > data_.size()) fail(name, "shares bytes with another");
    file.tensors.emplace(name, std::move(next));
  });
  if (!json.at_end()) fail("its header goes on behind its JSON object");
}

TensorFile Reader::read() {
  TensorFile file;
  try {
    read_header(header(), file);
  } catch (const BadJson& error) {
    fail(fmt::format("its header {}", error.what()));
  }
  check_overlaps();
  return file;
}

}  // namespace

TensorFile from_safetensors(std::string_view bytes, const std::string& name) { return Reader(bytes, name).read(); }

}  // namespace mlz::vm
