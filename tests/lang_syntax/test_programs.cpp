#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

TEST_CASE("every golden program of AutoML-Zero reads, prints and reads back") {
  std::ifstream in(MLZ_SOURCE_DIR "/tests/golden/automl_zero/programs.jsonl");
  REQUIRE(in.good());
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const auto record = nlohmann::json::parse(line);
    CAPTURE(record["id"].get<std::string>());
    const Program program = parsed(record["program"].get<std::string>());
    CHECK(program.functions.size() == 3);
    CHECK(equal(parsed(print(program)), program));
  }
  CHECK(count == 607);
}

TEST_CASE("the programs of the standard library read, print and read back") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MLZ_SOURCE_DIR "/stdlib")) {
    if (entry.path().extension() != ".mlz") continue;
    CAPTURE(entry.path().string());
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const Program program = parsed(text);
    CHECK(equal(parsed(print(program)), program));
    ++count;
  }
  CHECK(count > 0);
}
