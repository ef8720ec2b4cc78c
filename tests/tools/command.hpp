#pragma once
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace mlz::tools::test {

/// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mlz_test_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path_ + "/" + name, std::ios::binary);
    REQUIRE(in.good());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

struct Finished {
  int code = -1;    ///< exit code, or -1 when it did not end by itself
  std::string out;  ///< stdout and stderr as they came
  bool says(const std::string& text) const { return out.find(text) != std::string::npos; }
  std::string last_line() const {
    std::string text = out;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }
};

/// Runs a shell command.
inline Finished shell(const std::string& command) {
  Finished result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    result.out.append(buffer, n);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  INFO(command);
  INFO(result.out);
  CHECK(result.code >= 0);
  CHECK(result.code <= 2);
  return result;
}
inline Finished mlzrun(const std::string& arguments) {
  return shell(std::string(MLZRUN) + " " + arguments);
}
inline Finished mlzgolden(const std::string& arguments) {
  return shell(std::string(MLZGOLDEN) + " " + arguments);
}

/// A quick run of a built-in program.
inline const char* kLinear = "stdlib/automl_linear.mlz --task linear:train=200 ";

}  // namespace mlz::tools::test
