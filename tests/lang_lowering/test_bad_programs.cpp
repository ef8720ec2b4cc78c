#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "lang/text/compile.hpp"

using namespace mlz;

namespace {

struct Expected {
  int line = 0;
  std::string message, hint;
};

/// Reads `# expect error line N: part of the message` and `# expect hint: part of the hint of the error above`.
std::vector<Expected> expectations(const std::string& text) {
  std::vector<Expected> found;
  std::istringstream in(text);
  const std::string error = "# expect error line ", hint = "# expect hint: ";
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(error, 0) == 0) {
      const std::size_t colon = line.find(':');
      Expected e;
      e.line = std::stoi(line.substr(error.size()));
      if (colon + 2 < line.size()) e.message = line.substr(colon + 2);
      found.push_back(e);
    } else if (line.rfind(hint, 0) == 0 && !found.empty()) {
      found.back().hint = line.substr(hint.size());
    }
  }
  return found;
}

}  // namespace

TEST_CASE("every wrong program gives exactly the errors written in it") {
  int programs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MLZ_SOURCE_DIR "/tests/programs/bad")) {
    ++programs;
    const std::string path = entry.path().string();
    CAPTURE(path);
    const auto file = text::read_source(path);
    Diagnostics problems;
    const auto result = text::compile(file, {}, problems);
    INFO(problems.text());
    CHECK_FALSE(result.has_value());
    std::vector<Expected> wanted = expectations(file->text);
    CHECK(wanted.size() > 0);
    CHECK(problems.count() == static_cast<long>(wanted.size()));
    for (const Expected& e : wanted) {
      const bool there = std::any_of(problems.items().begin(), problems.items().end(), [&](const Diagnostic& d) {
        return d.where.line == e.line && d.message.find(e.message) != std::string::npos &&
               d.hint.find(e.hint) != std::string::npos;
      });
      CHECK_MESSAGE(there, "line ", e.line, ": ", e.message, " / ", e.hint);
    }
    for (const Diagnostic& d : problems.items()) {
      CHECK(d.where.column >= 1);
      CHECK_FALSE(d.message.empty());
    }
  }
  CHECK(programs >= 60);
}
