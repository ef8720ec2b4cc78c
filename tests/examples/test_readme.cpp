#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "command.hpp"

using namespace mlz::tests;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The fenced blocks of one language in a Markdown file.
std::vector<std::string> blocks(const std::string& file, const std::string& language) {
  std::vector<std::string> out;
  std::istringstream in(read_file(MLZ_SOURCE_DIR "/" + file));
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (!inside && line == "```" + language) {
      inside = true;
      out.emplace_back();
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      out.back() += line + "\n";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the commands of the README work as they stand") {
  int commands = 0;
  for (const std::string& block : blocks("README.md", "sh")) {
    std::istringstream in(block);
    for (std::string line; std::getline(in, line);) {
      // The two scripts are what runs this test; data that may be absent is not asked for here.
      if (line.rfind("build/release/bin/", 0) != 0 || line.find("mnist") != std::string::npos) continue;
      const std::string command = std::string(MLZ_BIN) + line.substr(17);
      CAPTURE(command);
      CHECK(run_command(command + " 2>&1").exit_code == 0);
      ++commands;
    }
  }
  CHECK(commands >= 3);
}

TEST_CASE("programs shown in documents are the programs that are run") {
  const std::string example = read_file(MLZ_SOURCE_DIR "/examples/02_network.mlz");
  for (const char* document : {"README.md", "docs/language.md"}) {
    CAPTURE(document);
    bool found = false;
    for (const std::string& block : blocks(document, "python")) {
      const std::size_t learn = block.find("def Learn(x, target):");
      if (learn == std::string::npos) continue;
      found = true;
      CHECK(example.find(block.substr(block.find("def Setup"))) != std::string::npos);
    }
    CHECK(found);
  }
}

TEST_CASE("the matrix of the command line's page is the one that is run") {
  const std::string matrix = read_file(MLZ_SOURCE_DIR "/examples/learners.matrix");
  bool found = false;
  for (const std::string& block : blocks("docs/command_line.md", "")) {
    if (block.find("learner ") == std::string::npos) continue;
    CHECK(block == matrix);
    found = true;
  }
  CHECK(found);
  const Finished run = run_command(MLZ_BIN "/mlzrun --matrix examples/learners.matrix --quiet");
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("nearest neighbour") != std::string::npos);
  CHECK(run.output.find("untrained SFNN on digits: ") != std::string::npos);
}
