#pragma once
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

/// What tests of the program mlzevolve share.
namespace mlz::evolve::test {

namespace fs = std::filesystem;

/// A folder of its own that goes away.
struct Folder {
  fs::path path;
  Folder() {
    static int number = 0;
    path = fs::temp_directory_path() / ("mlzevolve-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

inline std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Ended {
  int code;  ///< -1: by a signal
  std::string out;
};

inline const char* const kSmall =
    "--preset automl-zero-demo --tasks 3 --task linear:features=4,train=30,valid=30 --select-task linear --select-tasks 3 "
    "--final-task linear --final-tasks 3 --population 100 --experiments 2 --experiment-train-steps 0 "
    "--experiment-evaluations 60000 --target-score 0 --checkpoint-interval 0.02 --quiet ";

inline Ended run(const std::string& arguments) {
  const Folder folder;
  const std::string out = folder / "out";
  const int status = std::system((std::string(MLZEVOLVE) + " " + arguments + " > " + out + " 2>&1").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out)};
}

inline bool has(const Ended& ended, const std::string& text) { return ended.out.find(text) != std::string::npos; }

}  // namespace mlz::evolve::test
