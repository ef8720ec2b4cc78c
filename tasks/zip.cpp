#include "tasks/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <fstream>
#include <optional>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kEndRecord = 22, kMostComment = 65535, kMostMembers = 4096;
constexpr std::size_t kDirectoryEntry = 46, kLocalHeader = 30;
constexpr std::uint32_t kElsewhere = 0xFFFFFFFFu;  // the number is in a ZIP64 record

using Bytes = std::vector<std::uint8_t>;

/// A file read at any place; errors name it.
class PlacedFile {
 public:
  explicit PlacedFile(const std::string& path) : path_(path) {
    require_ordinary_file(path);
    file_.open(path, std::ios::binary);
    file_.seekg(0, std::ios::end);
    const auto end = file_.tellg();
    if (!file_ || end < 0) fail("cannot be opened.");
    size_ = static_cast<std::uint64_t>(end);
  }

  std::uint64_t size() const { return size_; }

  Bytes read(std::uint64_t offset, std::size_t count, const char* what) {
    if (offset > size_ || count > size_ - offset)
      fail(fmt::format("is not a whole ZIP archive: its {} lies beyond its end. Fetch it again.",
                       what));
    Bytes out(count);
    read_into(offset, out);
    return out;
  }

  void read_into(std::uint64_t offset, std::span<std::uint8_t> out) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (!file_) fail("cannot be read.");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format("the data file {} {}", path_, what));
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

std::uint32_t number(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t width) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < width; ++i) out |= std::uint32_t{bytes[at + i]} << (8 * i);
  return out;
}

constexpr std::uint32_t signature(char a, char b) {
  return 0x4B50u | static_cast<std::uint32_t>(a) << 16 | static_cast<std::uint32_t>(b) << 24;
}

/// The end record, which only a comment may follow.
Bytes find_end_record(PlacedFile& file) {
  if (file.size() >= kEndRecord) {
    const auto length = std::min<std::uint64_t>(file.size(), kEndRecord + kMostComment);
    const Bytes tail = file.read(file.size() - length, length, "end");
    for (std::size_t at = tail.size() - kEndRecord + 1; at-- > 0;) {
      const auto comment = [&] { return number(tail, at + 20, 2); };
      if (number(tail, at, 4) == signature(5, 6) && at + kEndRecord + comment() == tail.size())
        return {tail.begin() + static_cast<std::ptrdiff_t>(at), tail.end()};
    }
  }
  file.fail("is not a whole ZIP archive: it has no directory at its end. Fetch it again.");
}

ZipMember parse_member(std::span<const std::uint8_t> entry, std::size_t name_length) {
  ZipMember out;
  out.method = static_cast<std::uint16_t>(number(entry, 10, 2));
  out.crc = number(entry, 16, 4);
  out.packed = number(entry, 20, 4);
  out.size = number(entry, 24, 4);
  out.offset = number(entry, 42, 4);
  const auto name = entry.subspan(kDirectoryEntry, name_length);
  out.name.assign(name.begin(), name.end());
  return out;
}

class Member final : public ByteSource {
 public:
  Member(const std::string& path, const ZipMember& member)
      : ByteSource(fmt::format("{} ({})", path, member.name)), file_(path), member_(member) {
    if (member.method != 0 && member.method != 8) {
      fail(fmt::format("is packed with method {}; mlz reads stored and deflate members.",
                       member.method));
    }
    if (member.method == 0 && member.packed != member.size)
      fail("is damaged: two sizes of a stored member differ.");
    const Bytes header = file_.read(member.offset, kLocalHeader, "member");
    if (number(header, 0, 4) != signature(3, 4))
      fail("is damaged: it has no header where it should begin.");
    at_ =
        std::uint64_t{member.offset} + kLocalHeader + number(header, 26, 2) + number(header, 28, 2);
    if (at_ > file_.size() || member.packed > file_.size() - at_)
      fail("lies beyond the end of the archive.");
    if (member.method == 8 && inflateInit2(&stream_, -MAX_WBITS) != Z_OK)
      fail("cannot be inflated.");
  }
  ~Member() override {
    if (member_.method == 8) inflateEnd(&stream_);
  }

  std::size_t read(std::span<std::uint8_t> out) override {
    const std::size_t left = member_.size - done_;
    out = out.first(std::min(out.size(), left));
    if (out.empty()) return 0;
    std::size_t got = out.size();
    if (member_.method == 0) {
      file_.read_into(at_, out);
      at_ += out.size();
    } else {
      got = inflate_into(out);
    }
    add_to_sum(out.first(got));
    done_ += got;
    if (done_ == member_.size && sum_ != member_.crc)
      fail("is damaged: its check sum is wrong. Fetch it again.");
    return got;
  }

 private:
  void add_to_sum(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto some = bytes.first(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
      sum_ = crc32(sum_, some.data(), static_cast<unsigned>(some.size()));
      bytes = bytes.subspan(some.size());
    }
  }

  std::size_t inflate_into(std::span<std::uint8_t> out) {
    std::size_t got = 0;
    while (got < out.size()) {
      if (stream_.avail_in == 0) refill();
      stream_.next_out = out.data() + got;
      const auto room =
          static_cast<unsigned>(std::min<std::size_t>(out.size() - got, std::size_t{1} << 26));
      stream_.avail_out = room;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      got += room - stream_.avail_out;
      if (code == Z_STREAM_END && got < out.size())
        fail("is damaged: it inflates to less than it states.");
      if (code != Z_OK && code != Z_STREAM_END)
        fail("has damaged compressed data. Fetch it again.");
    }
    return got;
  }

  void refill() {
    const auto count = std::min<std::uint64_t>(member_.packed - taken_, 1 << 16);
    if (count == 0) fail("is cut short inside its compressed data.");
    packed_ = file_.read(at_, count, "member");
    at_ += count;
    taken_ += count;
    stream_.next_in = packed_.data();
    stream_.avail_in = static_cast<unsigned>(count);
  }

  PlacedFile file_;
  ZipMember member_;
  std::uint64_t at_ = 0, taken_ = 0;
  std::size_t done_ = 0;
  uLong sum_ = crc32(0, nullptr, 0);
  z_stream stream_{};
  Bytes packed_;
};

}  // namespace

std::vector<ZipMember> zip_directory(const std::string& path) {
  PlacedFile file(path);
  const Bytes end = find_end_record(file);
  const std::uint32_t count = number(end, 10, 2), offset = number(end, 16, 4);
  if (number(end, 4, 2) != 0) file.fail("is one part of a ZIP archive in several files.");
  if (count > kMostMembers || offset == kElsewhere)
    file.fail(fmt::format("has more than {} members or 4 GiB, which is more than mlz reads.",
                          kMostMembers));
  std::vector<ZipMember> out;
  std::uint64_t at = offset;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Bytes fixed = file.read(at, kDirectoryEntry, "directory");
    if (number(fixed, 0, 4) != signature(1, 2))
      file.fail("is not a whole ZIP archive: its directory is damaged.");
    const std::size_t name = number(fixed, 28, 2);
    out.push_back(parse_member(file.read(at, kDirectoryEntry + name, "directory"), name));
    if (number(fixed, 8, 2) & 1)
      file.fail(fmt::format("has an encrypted member, {}.", out.back().name.substr(0, 80)));
    if (out.back().size == kElsewhere || out.back().packed == kElsewhere ||
        out.back().offset == kElsewhere)
      file.fail("has a member of 4 GiB or more, which is more than mlz reads.");
    at += kDirectoryEntry + name + number(fixed, 30, 2) + number(fixed, 32, 2);
  }
  return out;
}

std::unique_ptr<ByteSource> open_member(const std::string& path, const ZipMember& member) {
  return std::make_unique<Member>(path, member);
}

}  // namespace mlz::tasks
