#include "tasks/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tasks/bytes.hpp"
#include "tasks/zip.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kLongestHeader = std::size_t{1} << 16;
constexpr std::size_t kMostDims = 8;

struct Header {
  std::string type;  ///< kind and width, such as "f4"
  std::endian order = std::endian::little;
  bool fortran = false;
  std::vector<std::size_t> dims;
  std::uint64_t count = 1;
};

/// Reads the Python dictionary literal in an NPY header.
class HeaderParser {
 public:
  HeaderParser(std::string text, const ByteSource& source)
      : text_(std::move(text)), source_(source) {}

  Header parse() {
    Header out;
    int seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr")
        seen |= 1, parse_type(out);
      else if (key == "fortran_order")
        seen |= 2, out.fortran = boolean();
      else if (key == "shape")
        seen |= 4, out.dims = shape();
      else
        damaged();
      if (!accept(',') && peek() != '}') damaged();
    }
    if (seen != 7 || peek() != '\0') damaged();
    return out;
  }

 private:
  [[noreturn]] void damaged() const {
    source_.fail("has a damaged NPY header; expected the keys descr, fortran_order and shape.");
  }
  char peek() {
    while (at_ < text_.size() &&
           std::string_view(" \n\t").find(text_[at_]) != std::string_view::npos)
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) damaged();
    const std::string out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    peek();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!std::string_view(text_).substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    damaged();
  }
  std::vector<std::size_t> shape() {
    std::vector<std::size_t> out;
    expect('(');
    while (!accept(')')) {
      peek();
      std::uint64_t value = 0;
      const auto [end, error] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (error != std::errc()) damaged();
      at_ = static_cast<std::size_t>(end - text_.data());
      out.push_back(value);
      if (!accept(',') && peek() != ')') damaged();
    }
    return out;
  }
  void parse_type(Header& out) {
    if (peek() == '[')
      source_.fail("holds records of several fields; mlz reads arrays of plain numbers.");
    out.type = string();
    if (out.type.starts_with('>')) out.order = std::endian::big;
    if (!out.type.empty() && std::string_view("<>|=").find(out.type[0]) != std::string_view::npos)
      out.type.erase(0, 1);
  }

  std::string text_;
  const ByteSource& source_;
  std::size_t at_ = 0;
};

/// f16 bits as f32; exact.
float widened(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const float fraction = static_cast<float>(bits & 1023);
  float value = std::ldexp(exponent == 0 ? fraction : fraction + 1024, std::max(exponent, 1) - 25);
  if (exponent == 31) value = fraction == 0 ? INFINITY : NAN;
  return bits & 0x8000 ? -value : value;
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& values) {
  std::vector<To> out(values.size());
  std::ranges::transform(values, out.begin(), [](From value) { return static_cast<To>(value); });
  return out;
}

using Read = decltype(Array::values) (*)(ByteSource&, const Header&);

/// Reads numbers of type From and keeps them as To.
template <class From, class To>
decltype(Array::values) read_as(ByteSource& source, const Header& header) {
  auto values = read_numbers<From>(source, header.count, header.order);
  if constexpr (std::is_same_v<From, To>)
    return values;
  else
    return converted<To>(values);
}

decltype(Array::values) read_half(ByteSource& source, const Header& header) {
  const auto bits = read_numbers<std::uint16_t>(source, header.count, header.order);
  std::vector<float> out(bits.size());
  std::ranges::transform(bits, out.begin(), widened);
  return out;
}

struct Type {
  const char* name;
  std::size_t kept;  ///< bytes of a number in memory
  Read read;
};

constexpr Type kTypes[] = {
    {"b1", 4, read_as<std::uint8_t, float>},
    {"u1", 1, read_as<std::uint8_t, std::uint8_t>},
    {"i1", 4, read_as<std::int8_t, std::int32_t>},
    {"u2", 4, read_as<std::uint16_t, std::int32_t>},
    {"i2", 4, read_as<std::int16_t, std::int32_t>},
    {"u4", 8, read_as<std::uint32_t, double>},
    {"i4", 4, read_as<std::int32_t, std::int32_t>},
    {"u8", 8, read_as<std::uint64_t, double>},
    {"i8", 8, read_as<std::int64_t, double>},
    {"f2", 4, read_half},
    {"f4", 4, read_as<float, float>},
    {"f8", 8, read_as<double, double>},
};

const Type& type_of(const Header& header, const ByteSource& source) {
  for (const Type& type : kTypes) {
    if (header.type == type.name) return type;
  }
  std::vector<std::string_view> names;
  for (const Type& type : kTypes) names.push_back(type.name);
  std::string shown = header.type.substr(0, 20);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 32; }, '?');
  source.fail(fmt::format("has numbers of type '{}'; mlz reads {}.", shown, fmt::join(names, " ")));
}

Header read_header(ByteSource& source) {
  const auto start = read_exactly<8>(source, "NPY header");
  if (!std::equal(start.begin(), start.begin() + 6,
                  reinterpret_cast<const std::uint8_t*>("\x93NUMPY")))
    source.fail("is not in NPY format: it does not begin with \\x93NUMPY.");
  if (start[6] < 1 || start[6] > 3)
    source.fail(fmt::format("has NPY version {}; mlz reads 1 to 3.", start[6]));
  const bool wide = start[6] > 1;
  std::size_t length = 0;
  for (std::size_t i = 0; i < (wide ? 4u : 2u); ++i)
    length |= std::size_t{read_exactly<1>(source, "NPY header")[0]} << (8 * i);
  if (length > kLongestHeader) source.fail("has an NPY header longer than 64 KiB. Is it damaged?");
  std::vector<std::uint8_t> text(length);
  if (source.read(text) != length) source.fail("ends inside its NPY header.");
  return HeaderParser(std::string(text.begin(), text.end()), source).parse();
}

void count_values(Header& header, std::size_t width, const ByteSource& source) {
  if (header.dims.empty()) source.fail("holds a single number; expected a row for each example.");
  if (header.dims.size() > kMostDims)
    source.fail(fmt::format("has {} dimensions; expected 1 to {}.", header.dims.size(), kMostDims));
  if (std::ranges::count(header.dims, 0u) > 0)
    source.fail("is empty: a dimension of its NPY header is 0.");
  for (const std::size_t dim : header.dims) {
    if (dim > kMostFileBytes / width / header.count) {
      source.fail(
          "claims more than 4 GiB of values, which is more than mlz reads. Is its header damaged?");
    }
    header.count *= dim;
  }
}

/// Values with the first dimension fastest put into the order of C.
template <class Value>
std::vector<Value> to_c_order(const std::vector<Value>& values,
                              const std::vector<std::size_t>& dims) {
  std::vector<Value> out(values.size());
  std::vector<std::size_t> index(dims.size(), 0);
  for (const Value value : values) {
    std::size_t at = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) at = at * dims[d] + index[d];
    out[at] = value;
    for (std::size_t d = 0; d < dims.size() && ++index[d] == dims[d]; ++d) index[d] = 0;
  }
  return out;
}

Array read_array(ByteSource& source) {
  Header header = read_header(source);
  const Type& type = type_of(header, source);
  count_values(header, type.kept, source);
  Array out{header.dims, type.read(source, header)};
  if (header.fortran && header.dims.size() > 1)
    std::visit([&](auto& values) { values = to_c_order(values, out.dims); }, out.values);
  return out;
}

}  // namespace

Array read_npy(const std::string& path) { return read_array(*open_bytes(path)); }

Array read_npz(const std::string& path, const std::string& name) {
  std::vector<std::string> names;
  for (const ZipMember& member : zip_directory(path)) {
    if (member.name == name + ".npy") return read_array(*open_member(path, member));
    if (member.name.ends_with(".npy") && names.size() < 20)
      names.push_back(member.name.substr(0, std::min<std::size_t>(member.name.size() - 4, 80)));
  }
  require_ordinary_file(path);
  open_bytes(path)->fail(
      fmt::format("has no array '{}'. Its arrays are: {}.", name, fmt::join(names, ", ")));
}

}  // namespace mlz::tasks
