#include "lang/text/lines.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

namespace {

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

std::string first_error(const std::string& text) {
  const auto all = errors(text);
  return all.empty() ? "" : all[0];
}

}  // namespace

TEST_CASE("deep nesting is refused") {
  const std::string start = "def f():\n  y = ";
  CHECK(errors(start + repeated("(", 99) + "a" + repeated(")", 99) + "\n").empty());
  CHECK(first_error(start + repeated("(", 101) + "a" + repeated(")", 101))
            .find("more than 100 brackets") != std::string::npos);
  for (const char* part : {"-", "not ", "a ** ", "f(-", "a[-", "(-"}) {
    CAPTURE(part);
    CHECK(first_error(start + repeated(part, 5000) + "a") != "");
  }
  CHECK(errors(start + repeated("a + ", 200) + "a\n").empty());
  CHECK(first_error(start + repeated("a + ", 15000) + "a").find("operators deep") !=
        std::string::npos);
  CHECK(first_error(start + "a" + repeated("[0]", 15000)).find("operators deep") !=
        std::string::npos);
  CHECK(first_error(start + "a" + repeated(".T", 15000)).find("operators deep") !=
        std::string::npos);
}

TEST_CASE("deep blocks and long chains of branches are refused") {
  std::string text = "def f():\n";
  for (int i = 1; i < 300; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "if a:\n";
  CHECK(first_error(text).find("more than 100 levels") != std::string::npos);
  text = "def f():\n  if a:\n    pass\n" + repeated("  elif b:\n    pass\n", 90);
  CHECK(errors(text).empty());
  text += repeated("  elif b:\n    pass\n", 5000);
  CHECK(first_error(text).find("more than 100 branches") != std::string::npos);
  std::string nested;
  for (int level = 0; level < 99; ++level) {
    const std::string indent(static_cast<std::size_t>(level), ' ');
    nested += indent + "def f():\n";
    nested += indent + " if a:\n" + indent + "  pass\n" +
              repeated(indent + " elif b:\n" + indent + "  pass\n", 95);
    if (level % 2 == 0) nested += indent + " else:\n";
  }
  CHECK(first_error(nested) != "");
}

TEST_CASE("long lines and large files are refused") {
  CHECK(first_error("size n = [" + repeated("1, ", 30000) + "1]")
            .find("more than 65536 characters") != std::string::npos);
  CHECK(
      first_error("size n = [" + repeated("1,\n", 60000) + "1]").find("1:10 `[` is never closed") ==
      0);
  CHECK(first_error(repeated("# comment\n", 2 << 20)).find("bytes; programs may have") !=
        std::string::npos);
  CHECK(first_error(std::string(1'000'010, '\n') + "x").find("more than 1000000 lines") !=
        std::string::npos);
  CHECK(first_error("\"\"\"" + repeated("doc\n", 100'000)).find("no end") != std::string::npos);
  CHECK(errors(std::string(8 << 20, ' ') + "\n").empty());
  CHECK(errors("# " + std::string(8 << 20, '(')).empty());
}

TEST_CASE("binary input is refused") {
  CHECK(first_error(std::string("size n = 1\n\0", 12)) ==
        "2:1 found a zero byte; expected a program in plain text");
  std::string bytes;
  unsigned state = 12345;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525u + 1013904223u;
    bytes += static_cast<char>(1 + (state >> 16) % 255);
  }
  Diagnostics diagnostics;
  parse(source(bytes), diagnostics);
  CHECK_FALSE(diagnostics.ok());
  CHECK(diagnostics.items().size() <= 100);
}

TEST_CASE("many errors are counted, and few kept") {
  Diagnostics diagnostics;
  parse(source("def f():\n" + repeated("  x = = 1\n", 20'000)), diagnostics);
  CHECK(diagnostics.count() == 20'000);
  CHECK(diagnostics.items().size() == 100);
}

TEST_CASE("every prefix and every damaged copy of a program is read without harm") {
  const std::string text =
      "\"\"\"Doc.\"\"\"\nimport nn\nsize n = [1, 2]\nparam W[L] : matrix[n[0], 3] ~ normal(0, "
      "-1e-3)\n"
      "@hold\ndef Predict(x):\n  if a < b and not c:\n    y = f(x, k=1)[:, 1:2].T @ W[l]\n  elif "
      "d:\n    ?8\n"
      "  else:\n    a, b = ?(x) ? y, (1,)\n  for i in reversed(range(3)):\n    a += 1\n  return a, "
      "b\n";
  CHECK(errors(text).empty());
  int bad = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bad += errors(text.substr(0, i)).empty() ? 0 : 1;
    for (const char c : {'(', ']', ':', '=', '\n', ' ', '"', '?', '#', '\t', '\x80', '.'}) {
      std::string damaged = text;
      damaged[i] = c;
      bad += errors(damaged).empty() ? 0 : 1;
      damaged.insert(i, 1, text[i]);
      bad += errors(damaged).empty() ? 0 : 1;
    }
  }
  CHECK(bad > 1000);
}
