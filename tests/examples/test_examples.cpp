#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command.hpp"

using namespace mlz::tests;

namespace {

struct Expectation {
  std::string key, relation;
  double bound = 0;
};

struct Example {
  std::string options;
  std::vector<Expectation> expectations;
};

/// Reads `# run: options of mlzrun` and `# expect: key >= bound`.
Example read_example(const std::filesystem::path& path) {
  Example out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("# run: ", 0) == 0) out.options = line.substr(7);
    if (line.rfind("# expect: ", 0) != 0) continue;
    Expectation e;
    std::istringstream words(line.substr(10));
    words >> e.key >> e.relation >> e.bound;
    out.expectations.push_back(e);
  }
  return out;
}

nlohmann::json last_line(const std::string& output) {
  std::string line, last;
  for (std::istringstream in(output); std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return nlohmann::json::parse(last, nullptr, false);
}

}  // namespace

TEST_CASE("every example reaches what it says") {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(MLZ_SOURCE_DIR "/examples")) {
    if (entry.path().extension() == ".mlz") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  CHECK(files.size() >= 8);
  for (const auto& file : files) {
    const std::string name = file.string();
    CAPTURE(name);
    const Example example = read_example(file);
    REQUIRE(!example.expectations.empty());
    const Finished run = run_command(MLZ_BIN "/mlzrun " + name + " " + example.options + " --json --quiet");
    REQUIRE(run.exit_code == 0);
    const nlohmann::json result = last_line(run.output);
    REQUIRE(result.is_object());
    for (const Expectation& e : example.expectations) {
      REQUIRE(result.contains(e.key));
      REQUIRE(result[e.key].is_number());
      const double got = result[e.key];
      INFO(e.key << " " << e.relation << " " << e.bound << ", got " << got);
      CHECK((e.relation == ">=" ? got >= e.bound : got <= e.bound));
    }
  }
}
