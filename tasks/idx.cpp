#include "tasks/idx.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <system_error>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;
constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
constexpr unsigned kMostDims = 8;
constexpr std::int64_t kMostClasses = 65536;

/// A file read from start to end, plain or compressed; errors name the file.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    require_regular();
    errno = 0;
    file_ = gzopen(path.c_str(), "rb");
    if (!file_) fail(fmt::format("cannot be opened: {}", std::generic_category().message(errno)));
    gzbuffer(file_, 1 << 17);
  }
  ~Reader() { gzclose_r(file_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Fills `out` and returns how many bytes there were; fewer than asked at the end of the file.
  std::size_t read(std::span<std::uint8_t> out) {
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

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format("the data file {} {}", path_, what));
  }

 private:
  /// Opening a pipe or a device could wait for ever.
  void require_regular() const {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (status.type() == std::filesystem::file_type::not_found) fail("does not exist.");
    if (error) fail(fmt::format("cannot be read: {}", error.message()));
    if (std::filesystem::is_directory(status))
      fail("is a folder; name a file in IDX format, plain or .gz.");
    if (!std::filesystem::is_regular_file(status)) fail("is not an ordinary file.");
  }

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

  std::string path_;
  gzFile file_ = nullptr;
};

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

template <std::size_t N>
std::array<std::uint8_t, N> read_exactly(Reader& reader) {
  std::array<std::uint8_t, N> bytes{};
  if (reader.read(bytes) != N) reader.fail("ends inside its IDX header.");
  return bytes;
}

Header read_header(Reader& reader) {
  const auto magic = read_exactly<4>(reader);
  if (magic[0] != 0 || magic[1] != 0)
    reader.fail("is not in IDX format: it does not begin with two zero bytes.");
  Header header{magic[2], {}, 1};
  const std::size_t width = size_of_type(header.type);
  if (width == 0) {
    reader.fail(fmt::format(
        "has IDX type 0x{:02X}; mlz reads 0x08 (unsigned byte), 0x0C (int32), 0x0D (float32) and "
        "0x0E (float64).",
        header.type));
  }
  if (magic[3] == 0 || magic[3] > kMostDims) {
    reader.fail(fmt::format("has {} dimensions; expected 1 to {}.", magic[3], kMostDims));
  }
  for (unsigned d = 0; d < magic[3]; ++d) {
    const auto b = read_exactly<4>(reader);
    const std::uint64_t dim = std::uint64_t{b[0]} << 24 | b[1] << 16 | b[2] << 8 | b[3];
    if (dim == 0) reader.fail(fmt::format("is empty: dimension {} of its IDX header is 0.", d + 1));
    // Both factors are below 2^33, so the product cannot overflow.
    if (header.count * dim > kMostBytes / width) {
      reader.fail(
          "claims more than 4 GiB of values, which is more than mlz reads. Is its header damaged?");
    }
    header.count *= dim;
    header.dims.push_back(dim);
  }
  return header;
}

template <class Value>
void to_native(std::span<Value> values) {
  if constexpr (sizeof(Value) > 1 && std::endian::native == std::endian::little) {
    for (Value& value : values) {
      std::array<std::uint8_t, sizeof(Value)> bytes;
      std::memcpy(bytes.data(), &value, sizeof(Value));
      std::reverse(bytes.begin(), bytes.end());
      std::memcpy(&value, bytes.data(), sizeof(Value));
    }
  }
}

template <class Value>
std::vector<Value> read_values(Reader& reader, std::uint64_t count) {
  std::vector<Value> values;
  while (values.size() < count) {
    const std::size_t have = values.size();
    const std::size_t more = std::min<std::uint64_t>(count - have, std::max(have, kFirstChunk));
    values.reserve(have + more);
    values.resize(have + more);
    const std::span fresh = std::span(values).subspan(have);
    const std::size_t bytes = more * sizeof(Value);
    const std::size_t got = reader.read({reinterpret_cast<std::uint8_t*>(fresh.data()), bytes});
    if (got < bytes) {
      reader.fail(fmt::format(
          "is cut short: its header promises {} bytes of values, it has {}. Fetch it again.",
          count * sizeof(Value), have * sizeof(Value) + got));
    }
    to_native(fresh);
  }
  std::array<std::uint8_t, 1> extra{};
  if (reader.read(extra) > 0) {
    reader.fail(fmt::format("is longer than the {} bytes of values its header promises.",
                            count * sizeof(Value)));
  }
  return values;
}

template <class Value>
std::vector<std::uint32_t> to_classes(const std::vector<Value>& values, const std::string& path) {
  std::vector<std::uint32_t> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<std::int64_t>(values[i]);
    if (value < 0 || value >= kMostClasses) {
      throw InputError(
          fmt::format("the label file {} has the class {} at entry {}; expected 0 to {}.", path,
                      value, i, kMostClasses - 1));
    }
    out[i] = static_cast<std::uint32_t>(value);
  }
  return out;
}

}  // namespace

IdxArray read_idx(const std::string& path) {
  Reader reader(path);
  Header header = read_header(reader);
  IdxArray out{std::move(header.dims), {}};
  switch (header.type) {
    case 0x08:
      out.values = read_values<std::uint8_t>(reader, header.count);
      break;
    case 0x0C:
      out.values = read_values<std::int32_t>(reader, header.count);
      break;
    case 0x0D:
      out.values = read_values<float>(reader, header.count);
      break;
    default:
      out.values = read_values<double>(reader, header.count);
      break;
  }
  return out;
}

std::shared_ptr<const IdxArray> shared_idx(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const IdxArray>> in_use;
  const std::lock_guard lock(mutex);
  std::error_code error;
  const auto absolute = std::filesystem::weakly_canonical(path, error);
  auto& known = in_use[error ? path : absolute.string()];
  if (auto found = known.lock()) return found;
  auto made = std::make_shared<const IdxArray>(read_idx(path));
  known = made;
  return made;
}

std::vector<std::uint32_t> class_labels(const IdxArray& array, const std::string& path) {
  if (array.dims.size() != 1) {
    throw InputError(fmt::format(
        "the label file {} has {} dimensions; expected 1, a class for each image. Are images "
        "and labels swapped?",
        path, array.dims.size()));
  }
  if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&array.values))
    return to_classes(*bytes, path);
  if (const auto* wide = std::get_if<std::vector<std::int32_t>>(&array.values))
    return to_classes(*wide, path);
  throw InputError(fmt::format(
      "the label file {} holds fractions; expected whole numbers (IDX type 0x08 or 0x0C).", path));
}

}  // namespace mlz::tasks
