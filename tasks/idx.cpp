#include "tasks/idx.hpp"

#include <fmt/format.h>

#include "tasks/bytes.hpp"
#include "tasks/shared_files.hpp"

namespace mlz::tasks {
namespace {

constexpr unsigned kMostDims = 8;

struct Header {
  unsigned type;
  std::vector<std::size_t> dims;
  std::uint64_t count;  ///< product of the dimensions
};

std::size_t size_of_type(unsigned type) {
  switch (type) {
    case 0x08:
      return 1;
    case 0x0C:
      return 4;
    case 0x0D:
      return 4;
    case 0x0E:
      return 8;
    default:
      return 0;
  }
}

Header read_start(ByteSource& source) {
  const auto magic = read_exactly<4>(source, "IDX header");
  if (magic[0] != 0 || magic[1] != 0)
    source.fail("is not in IDX format: it does not begin with two zero bytes.");
  if (size_of_type(magic[2]) == 0) {
    source.fail(fmt::format(
        "has IDX type 0x{:02X}; mlz reads 0x08 (unsigned byte), 0x0C (int32), 0x0D (float32) and "
        "0x0E (float64).",
        magic[2]));
  }
  if (magic[3] == 0 || magic[3] > kMostDims) {
    source.fail(fmt::format("has {} dimensions; expected 1 to {}.", magic[3], kMostDims));
  }
  return {magic[2], std::vector<std::size_t>(magic[3]), 1};
}

Header read_header(ByteSource& source) {
  Header header = read_start(source);
  for (std::size_t d = 0; d < header.dims.size(); ++d) {
    const auto b = read_exactly<4>(source, "IDX header");
    const std::uint64_t dim = std::uint64_t{b[0]} << 24 | b[1] << 16 | b[2] << 8 | b[3];
    if (dim == 0) source.fail(fmt::format("is empty: dimension {} of its IDX header is 0.", d + 1));
    // Both factors are below 2^33, so the product cannot overflow.
    if (header.count * dim > kMostFileBytes / size_of_type(header.type)) {
      source.fail(
          "claims more than 4 GiB of values, which is more than mlz reads. Is its header damaged?");
    }
    header.count *= dim;
    header.dims[d] = dim;
  }
  return header;
}

}  // namespace

Array read_idx(const std::string& path) {
  const auto source = open_bytes(path);
  Header header = read_header(*source);
  const auto read = [&]<class Value>() {
    return read_numbers<Value>(*source, header.count, std::endian::big);
  };
  Array out{std::move(header.dims), {}};
  switch (header.type) {
    case 0x08:
      out.values = read.operator()<std::uint8_t>();
      break;
    case 0x0C:
      out.values = read.operator()<std::int32_t>();
      break;
    case 0x0D:
      out.values = read.operator()<float>();
      break;
    default:
      out.values = read.operator()<double>();
      break;
  }
  return out;
}

std::shared_ptr<const Array> shared_idx(const std::string& path) {
  return shared_file<Array>(path, "idx", [&] { return read_idx(path); });
}

}  // namespace mlz::tasks
