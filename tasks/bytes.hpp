#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tasks/array.hpp"

namespace mlz::tasks {

/// The bytes of a file or of a member of an archive, read once from start to end.
class ByteSource {
 public:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Fills `out` and returns how many bytes there were; fewer than asked at the end only. Throws
  /// InputError for damaged data.
  virtual std::size_t read(std::span<std::uint8_t> out) = 0;

  /// Throws the InputError "the data file NAME WHAT".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string name_;
};

/// Throws InputError for what is not an ordinary file: opening a pipe or a device could wait for
/// ever.
void require_ordinary_file(const std::string& path);

/// An ordinary file, plain or gzip-compressed.
std::unique_ptr<ByteSource> open_bytes(const std::string& path);

/// `N` bytes of a header; `what` names it for the error message.
template <std::size_t N>
std::array<std::uint8_t, N> read_exactly(ByteSource& source, const char* what) {
  std::array<std::uint8_t, N> bytes{};
  if (source.read(bytes) != N) source.fail(std::string("ends inside its ") + what + ".");
  return bytes;
}

/// Turns numbers of the stated byte order into those of this machine.
template <class Value>
void to_native(std::span<Value> values, std::endian order) {
  if (sizeof(Value) == 1 || order == std::endian::native) return;
  for (Value& value : values) {
    std::array<std::uint8_t, sizeof(Value)> bytes;
    std::memcpy(bytes.data(), &value, sizeof(Value));
    std::reverse(bytes.begin(), bytes.end());
    std::memcpy(&value, bytes.data(), sizeof(Value));
  }
}

/// Throws unless the source ends here; `promised` is how many bytes its header states.
void require_end(ByteSource& source, std::uint64_t promised);
[[noreturn]] void cut_short(const ByteSource& source, std::uint64_t promised, std::uint64_t had);

/// `count` numbers that fill the rest of the source. Memory grows with what is read, not with
/// `count`.
template <class Value>
std::vector<Value> read_numbers(ByteSource& source, std::uint64_t count, std::endian order) {
  constexpr std::size_t kFirst = std::size_t{1} << 20;
  std::vector<Value> values;
  while (values.size() < count) {
    const std::size_t have = values.size();
    const std::size_t more = std::min<std::uint64_t>(count - have, std::max(have, kFirst));
    values.reserve(have + more);
    values.resize(have + more);
    const std::span fresh = std::span(values).subspan(have);
    const std::size_t bytes = more * sizeof(Value);
    const std::size_t got = source.read({reinterpret_cast<std::uint8_t*>(fresh.data()), bytes});
    if (got < bytes) cut_short(source, count * sizeof(Value), have * sizeof(Value) + got);
    to_native(fresh, order);
  }
  require_end(source, count * sizeof(Value));
  return values;
}

}  // namespace mlz::tasks
