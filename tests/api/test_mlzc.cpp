#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mlz/vm.hpp"

namespace fs = std::filesystem;

namespace {

struct Ran {
  int code = 0;
  std::string output;  // stdout and stderr
};

/// mlzc in a folder of its own.
struct Tool {
  fs::path folder = fs::temp_directory_path() / "mlz_test_mlzc";
  Tool() {
    fs::remove_all(folder);
    fs::create_directories(folder);
    write("good.mlz", "import mine\nsize n = 2\nstate w : vector[features]\ndef Predict(x):\n  y = mine.twice(dot(w, x)) + n\n");
    write("mine.mlz", "def twice(a):\n  return a + a\n");
    write("bad.mlz", "def Predict(x):\n  y = dott(x, x)\n");
  }
  ~Tool() { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  Ran run(const std::string& arguments) const {
    FILE* pipe = popen(("cd " + folder.string() + " && " MLZC " " + arguments + " 2>&1").c_str(), "r");
    Ran ran;
    for (char buffer[4096]; const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe);) ran.output.append(buffer, n);
    ran.code = WEXITSTATUS(pclose(pipe));
    return ran;
  }
};

}  // namespace

TEST_CASE("a program becomes bytes that load") {
  const Tool tool;
  REQUIRE(tool.run("good.mlz --sizes features=3 --set n=5 --observe w --binary -o out.mlzb").code == 0);
  std::ifstream in(tool.folder / "out.mlzb", std::ios::binary);
  const std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(in), {}};
  auto program = mlz::BoundProgram::load(bytes);
  REQUIRE_MESSAGE(program.ok(), program.error_text());
  CHECK(program->find("w")->readable);
  auto lives = program->start().value();
  lives.setup();
  CHECK(lives.predict(std::vector{1.0, 2.0, 3.0})[0] == 5.0);
}

TEST_CASE("a header with a name and its origin") {
  const Tool tool;
  const Ran ran = tool.run("good.mlz --sizes features=3 --name kGood");
  CHECK(ran.code == 0);
  CHECK(ran.output.find("inline constexpr unsigned char kGood[] = {") != std::string::npos);
  CHECK(ran.output.find("good.mlz with features=3") != std::string::npos);
}

TEST_CASE("pipes and devices are neither programs nor outputs") {
  const Tool tool;
  const std::string pipe = (tool.folder / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(tool.run("pipe").code == 2);
  CHECK(tool.run("/dev/zero").code == 2);
  CHECK(tool.run("good.mlz --sizes features=3 -o pipe").code == 2);
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("bad usage and bad programs end with 2, what cannot be written with 1") {
  const Tool tool;
  const struct {
    const char *arguments, *expected;
    int code;
  } cases[] = {
      {"", "a program is needed", 2},
      {"good.mlz --sizes features=3 --nme k", "no option `--nme`", 2},
      {"good.mlz --sizes features", "name=value", 2},
      {"good.mlz --sizes features=many", "whole number", 2},
      {"good.mlz --sizes", "needs a value", 2},
      {"good.mlz bad.mlz", "one program", 2},
      {"good.mlz --name 1k", "not a name", 2},
      {"none.mlz", "cannot be read", 2},
      {".", "folder", 2},
      {"bad.mlz", "bad.mlz:2:7: error", 2},
      {"good.mlz", "needs the size `features`, which is not given", 2},
      {"good.mlz", "--sizes features=N", 2},
      {"good.mlz --sizes featurs=3", "there is no size `featurs`; did you mean `features`?", 2},
      {"good.mlz --sizes features=3,colours=3", "there is no size `colours`; sizes are features, outputs", 2},
      {"good.mlz --sizes features=3 --set n=0", "--set n=0:1:1: error: a size must be at least 1", 2},
      {"good.mlz --sizes features=3 --observe u", "u", 2},
      {"good.mlz --sizes features=1000000000000", "takes 7.276 TiB", 2},
      {"good.mlz --sizes features=3 -o no/such/folder/out.hpp", "cannot be written", 1},
      {"good.mlz --sizes features=3 -o .", "cannot be written", 1},
      {"--help", "Usage", 0},
      {"--version", "mlzc ", 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.arguments);
    const Ran ran = tool.run(c.arguments);
    CHECK(ran.code == c.code);
    CHECK_MESSAGE(ran.output.find(c.expected) != std::string::npos, ran.output.substr(0, 400));
  }
}
