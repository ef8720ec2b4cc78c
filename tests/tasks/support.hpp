#pragma once
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lang/core/diagnostics.hpp"
#include "tasks/task.hpp"

namespace mlz::tasks::test {

/// A new folder that goes away with its object.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            fmt::format("mlz_test_tasks_{}_{}", getpid(), count++);
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

/// `value` as `width` bytes, highest first.
inline std::string big_endian(std::uint64_t value, int width) {
  std::string out;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
    out.push_back(shift < 64 ? static_cast<char>(value >> shift & 0xFF) : '\0');
  }
  return out;
}

inline std::string idx_header(int type, const std::vector<std::uint32_t>& dims) {
  std::string out{'\0', '\0', static_cast<char>(type), static_cast<char>(dims.size())};
  for (const std::uint32_t dim : dims) out += big_endian(dim, 4);
  return out;
}

/// The message of the InputError that `action` must throw.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL_CHECK("expected an InputError");
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Whole sets as numbers, for comparisons: features of all examples, then labels.
inline std::vector<double> contents(const Examples& examples, std::size_t features) {
  std::vector<double> out(examples.size() * (features + 1));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples.features(i, std::span(out).subspan(i * features, features));
    out[examples.size() * features + i] = examples.label(i);
  }
  return out;
}

}  // namespace mlz::tasks::test
