#include "tasks/bytes.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

[[noreturn]] void fail_file(const std::string& name, const std::string& what) {
  throw InputError(fmt::format("the data file {} {}", name, what));
}

class GzipFile final : public ByteSource {
 public:
  explicit GzipFile(const std::string& path) : ByteSource(path) {
    require_ordinary_file(path);
    errno = 0;
    file_ = gzopen(path.c_str(), "rb");
    if (!file_) fail(fmt::format("cannot be opened: {}", std::generic_category().message(errno)));
    gzbuffer(file_, 1 << 17);
  }
  ~GzipFile() override { gzclose_r(file_); }

  std::size_t read(std::span<std::uint8_t> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto ask =
          static_cast<unsigned>(std::min<std::size_t>(out.size() - done, std::size_t{1} << 26));
      errno = 0;
      const int got = gzread(file_, out.data() + done, ask);
      if (got < 0) fail(damage());
      if (got == 0) {
        require_whole();
        break;
      }
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  /// At the end of the data: zlib hands out what it has of an incomplete stream before it
  /// complains.
  void require_whole() const {
    int code = Z_OK;
    gzerror(file_, &code);
    if (code != Z_OK) fail(damage());
  }

  std::string damage() const {
    int code = Z_OK;
    const std::string text = gzerror(file_, &code);
    if (code == Z_BUF_ERROR) return "is cut short inside its compressed data. Fetch it again.";
    if (code == Z_ERRNO)
      return fmt::format("cannot be read: {}", std::generic_category().message(errno));
    return fmt::format("has damaged compressed data ({}). Fetch it again.", text);
  }

  gzFile file_ = nullptr;
};

}  // namespace

void ByteSource::fail(const std::string& what) const { fail_file(name_, what); }

void require_ordinary_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) fail_file(path, "does not exist.");
  if (error) fail_file(path, fmt::format("cannot be read: {}", error.message()));
  if (std::filesystem::is_directory(status)) fail_file(path, "is a folder; name a file in it.");
  if (!std::filesystem::is_regular_file(status)) fail_file(path, "is not an ordinary file.");
}

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  return std::make_unique<GzipFile>(path);
}

void require_end(ByteSource& source, std::uint64_t promised) {
  std::array<std::uint8_t, 1> extra{};
  if (source.read(extra) == 0) return;
  source.fail(fmt::format("is longer than the {} bytes of values its header promises.", promised));
}

void cut_short(const ByteSource& source, std::uint64_t promised, std::uint64_t had) {
  source.fail(fmt::format(
      "is cut short: its header promises {} bytes of values, it has {}. Fetch it again.", promised,
      had));
}

}  // namespace mlz::tasks
