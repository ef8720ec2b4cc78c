#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tasks/bytes.hpp"

namespace mlz::tasks {

/// One file in a ZIP archive, as the archive's directory states it.
struct ZipMember {
  std::string name;
  std::uint32_t crc = 0;
  std::uint32_t packed = 0, size = 0;  ///< bytes stored, and after inflating
  std::uint32_t offset = 0;            ///< of its local header
  std::uint16_t method = 0;            ///< 0 stored, 8 deflate
};

/// The members of a ZIP archive (PKWARE APPNOTE 6.3, sections 4.3.12 and 4.3.16; no ZIP64, no
/// encryption, one disk, at most 4096 members). Throws InputError.
std::vector<ZipMember> zip_directory(const std::string& path);

/// A member's bytes, inflated as they are read; its size and check sum are verified at its end.
std::unique_ptr<ByteSource> open_member(const std::string& path, const ZipMember& member);

}  // namespace mlz::tasks
