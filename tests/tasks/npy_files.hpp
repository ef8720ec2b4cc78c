#pragma once
#include <zlib.h>

#include <string>
#include <vector>

#include "support.hpp"

namespace mlz::tasks::test {

inline std::string little_endian(std::uint64_t value, int width) {
  const std::string high_first = big_endian(value, width);
  return {high_first.rbegin(), high_first.rend()};
}

/// An NPY file of version 1 with this header text and no values.
inline std::string npy_with_header(const std::string& header, int version = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         little_endian(header.size(), version == 1 ? 2 : 4) + header;
}

inline std::string npy(const std::string& type, const std::string& shape, const std::string& values,
                       bool fortran = false, int version = 1) {
  return npy_with_header(fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}     \n",
                                     type, fortran ? "True" : "False", shape),
                         version) +
         values;
}

struct ZipContent {
  std::string name, bytes;
  bool deflated = false;
};

inline std::string deflated(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<unsigned>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A ZIP archive. Local headers carry an extra field, as NumPy writes them.
inline std::string zip(const std::vector<ZipContent>& contents) {
  std::string out, directory;
  for (const ZipContent& content : contents) {
    const std::string packed = content.deflated ? deflated(content.bytes) : content.bytes;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(content.bytes.data()),
                           static_cast<unsigned>(content.bytes.size()));
    const std::string common =
        little_endian(20, 2) + little_endian(0, 2) + little_endian(content.deflated ? 8 : 0, 2) +
        little_endian(0, 4) + little_endian(sum, 4) + little_endian(packed.size(), 4) +
        little_endian(content.bytes.size(), 4) + little_endian(content.name.size(), 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + common + little_endian(0, 12) +
                 little_endian(out.size(), 4) + content.name;
    out += "PK\x03\x04" + common + little_endian(20, 2) + content.name + std::string(20, '\x55') +
           packed;
  }
  return out + directory + "PK\x05\x06" + little_endian(0, 4) + little_endian(contents.size(), 2) +
         little_endian(contents.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(out.size(), 4) + little_endian(0, 2);
}

}  // namespace mlz::tasks::test
