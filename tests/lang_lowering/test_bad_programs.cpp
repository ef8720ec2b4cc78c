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

TEST_CASE("notes name registers as written, and point at the line that gave them their shape") {
  const auto errors_of = [](const std::string& text) {
    Diagnostics problems;
    CHECK_FALSE(text::compile(std::make_shared<SourceFile>(SourceFile{"p.mlz", text}), {}, problems).has_value());
    return problems.text();
  };
  const auto says = [](const std::string& text, const std::string& part) {
    INFO(text);
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  };
  const std::string inputs = errors_of("state W : matrix[4, features]\ndef Predict(x):\n  h = W @ x\n  k = norm(x, axis=1)\n");
  says(inputs, "p.mlz:4:12: note: `x` is vector[features], the features of the task");
  CHECK(inputs.find("v0") == std::string::npos);
  const std::string product = errors_of("def Predict(x):\n  h = fill(0, 3)\n  y = v2 @ h\n");
  says(product, "p.mlz:3:7: note: `v2` is vector[features], as its name says");
  says(product, "p.mlz:2:3: note: `h` is vector[3], from here");
  says(errors_of("def Predict(x):\n  y = mean(x)\n  k = norm(y, axis=1)\n"), "p.mlz:2:3: note: `y` is scalar, from here");
  says(errors_of("def low(a):\n  return norm(a, axis=1)\ndef Predict(x):\n  h = mean(x)\n  y = low(x)\n"),
       "p.mlz:2:15: note: this is vector[features]");
}

TEST_CASE("a wrong value of --set is named by it") {
  text::CompileOptions options;
  options.set = {{"hidden", "0"}};
  Diagnostics problems;
  text::compile(std::make_shared<SourceFile>(SourceFile{"p.mlz", "size hidden = 3\n"}), options, problems);
  CHECK(problems.text().find("--set hidden=0:1:1: error: a size must be at least 1, not 0") == 0);
}

TEST_CASE("helpers that are called may have any name, and so may others where the function is there") {
  const auto compiles = [](const std::string& text) {
    Diagnostics problems;
    return text::compile(std::make_shared<SourceFile>(SourceFile{"p.mlz", text}), {}, problems).has_value();
  };
  CHECK(compiles("def setup(a):\n  return a\ndef Predict(x):\n  y = setup(x[0])\n"));
  CHECK(compiles("def Predict2(x):\n  y = 1\ndef Predict(x):\n  y = x[0]\n"));
  CHECK(compiles("def forward(x):\n  y = 1\n"));
  CHECK_FALSE(compiles("def PREDICT(x):\n  y = 1\n"));
}
