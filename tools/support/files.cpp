#include "tools/support/files.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "lang/core/diagnostics.hpp"

namespace mlz::tools {
namespace {
namespace fs = std::filesystem;

/// Where a file is written before it is renamed. The number of the process keeps it from being anybody else's.
std::string part_of(const std::string& path) { return fmt::format("{}.{}.part", path, getpid()); }

/// Renaming would replace a device or pipe, not write to it.
bool is_special(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

[[noreturn]] void cannot_write(const std::string& path) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

void check_writable(const std::string& path, const std::string& option) {
  if (path.empty()) return;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw InputError(fmt::format("{} {}: is a folder; give the name of a file", option, path));
  }
  if (is_special(path)) {
    throw InputError(fmt::format("{} {}: is a device or pipe; give the name of a file", option, path));
  }
  const std::string part = part_of(path);
  errno = 0;
  const bool can_open = std::ofstream(part, std::ios::binary).good();
  const std::string reason = std::strerror(errno);
  fs::remove(part, ignored);
  if (!can_open)
    throw InputError(fmt::format("{} {}: cannot write there: {}", option, path, reason));
}

void write_file(const std::string& path, std::string_view content) {
  const std::string part = part_of(path);
  errno = 0;
  {
    std::ofstream out(part, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) {
      std::error_code ignored;
      fs::remove(part, ignored);
      cannot_write(path);
    }
  }
  std::error_code error, ignored;
  fs::rename(part, path, error);
  if (error) fs::remove(part, ignored);
  if (error) throw std::runtime_error(fmt::format("cannot write {}: {}", path, error.message()));
}

std::string read_file(const std::string& path, std::uintmax_t max_bytes) {
  std::error_code error;
  if (!fs::exists(path, error)) throw InputError(fmt::format("{}: no such file", path));
  if (fs::is_directory(path, error)) throw InputError(fmt::format("{}: is a folder; name a file in it", path));
  if (!fs::is_regular_file(path, error))
    throw InputError(fmt::format("{}: is not a regular file; copy what it gives to one", path));
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw InputError(fmt::format("{}: {}", path, error.message()));
  if (size > max_bytes) {
    throw InputError(
        fmt::format("{}: has {} bytes, more than the limit of {}", path, size, max_bytes));
  }
  std::ifstream in(path, std::ios::binary);
  std::string content(static_cast<std::size_t>(size), '\0');
  in.read(content.data(), static_cast<std::streamsize>(size));
  if (!in) throw InputError(fmt::format("{}: cannot be read", path));
  return content;
}

}  // namespace mlz::tools
