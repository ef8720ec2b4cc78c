#include "lang/text/lines.hpp"

#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

namespace {

Lines lines_of(const std::string& text, bool good = true) {
  Diagnostics diagnostics;
  Lines lines = read_lines(source(text), diagnostics);
  CHECK_MESSAGE(diagnostics.ok() == good, diagnostics.text());
  return lines;
}

std::string listing(const Lines& lines) {
  std::string out;
  for (const LogicalLine& line : lines.lines) {
    out += std::to_string(line.level) + (line.doc ? "\"" : ":") + std::string(line.text) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("comments, blank lines and trailing blanks are left out") {
  CHECK(listing(lines_of("# first\n\n a = 1  # two\n   # three\n b\n")) == "1:a = 1\n1:b\n");
  CHECK(listing(lines_of("")) == "");
  CHECK(listing(lines_of("x")) == "0:x\n");
}

TEST_CASE("levels follow the indentation") {
  CHECK(listing(lines_of("a:\n  b:\n      c\n  d\ne\n")) == "0:a:\n1:b:\n2:c\n1:d\n0:e\n");
  CHECK(listing(lines_of("a:\n\tb:\n\t\tc\n\td\n")) == "0:a:\n1:b:\n2:c\n1:d\n");
  CHECK(listing(lines_of("a:\n\tb:\n\t  c\n\td\n")) == "0:a:\n1:b:\n2:c\n1:d\n");
}

TEST_CASE("line ends of Windows and a byte order mark are accepted") {
  CHECK(listing(lines_of("\xef\xbb\xbf"
                         "a:\r\n  b\r\n\r\n\"\"\"x\r\ny\"\"\"\r\n")) == "0:a:\n1:b\n0\"x\r\ny\n");
}

TEST_CASE("a bracket continues the line, and places are kept") {
  const Lines lines = lines_of("  f(a,  # one\n\n      b[1,\n2])  # two\n");
  REQUIRE(lines.lines.size() == 1);
  const LogicalLine& line = lines.lines[0];
  CHECK(line.text == "f(a, b[1, 2])");
  const auto place = [&](char c) {
    const Location where = locate(lines, line, line.text.find(c), 1);
    return std::pair(where.line, where.column);
  };
  CHECK(place('f') == std::pair(1, 3));
  CHECK(place('a') == std::pair(1, 5));
  CHECK(place('b') == std::pair(3, 7));
  CHECK(place('2') == std::pair(4, 1));
  CHECK(place(']') == std::pair(4, 2));
}

TEST_CASE("indentation that fits no block is reported, and the lines stay readable") {
  CHECK(error("def f():\n    a = 1\n  b = 2\n  c = 3\n")
            .find("3:3 the indentation matches no block") == 0);
  CHECK(error("def f():\n    a = 1\n\tb = 2\n\tc = 3\n")
            .find("3:2 this line is indented with other") == 0);
  CHECK(error("def f():\n  a = 1\n\tb = 2\n").find("use only blanks or only tabs") !=
        std::string::npos);
  CHECK(error("def f():\n  a = 1\n    b = 2\n    c = 3\n  d = 4\n")
            .find("3:5 unexpected indentation") == 0);
  CHECK(error("  size n = 2\n  size m = 3\n").find("1:3 unexpected indentation") == 0);
}

TEST_CASE("an open bracket does not swallow the rest of the file") {
  const auto all = errors("def f():\n  a = g(1,\n  2\n\ndef h():\n  b = = 1\n");
  REQUIRE(all.size() == 2);
  CHECK(all[0] == "2:8 `(` is never closed | expected a closing `)`");
  CHECK(all[1].find("6:7 expected an expression, found `=`") == 0);
  CHECK(error("size n = [1, 2\n").find("1:10 `[` is never closed") == 0);
  CHECK(error("size n = [1, 2)\n").find("1:15 `)` does not close `[`") == 0);
}

TEST_CASE("characters outside ASCII stand only in comments and docstrings") {
  CHECK(listing(lines_of("# caf\u00e9\n\"\"\"\u221a\"\"\"\n")) == "0\"\u221a\n");
  CHECK(error("const c = 3 \u00d7 4\n") == "1:13 unexpected `\u00d7` (U+00D7) | type `*` instead");
  CHECK(error("const c = 3\x01\n").find("1:12 unexpected control character 0x01") == 0);
  CHECK(error("const c\xff = 3\n").find("1:8 unexpected byte 0xff") == 0);
  CHECK(error("\"\"\"a\xff\"\"\"\n").find("this docstring contains byte 0xff") !=
        std::string::npos);
  CHECK(error("\"\"\"a\x1b[2J\"\"\"\n").find("this docstring contains control") !=
        std::string::npos);
}

TEST_CASE("docstrings lose their margins") {
  CHECK(clean_doc("one") == "one");
  CHECK(clean_doc("  one  \n    two\n      three\n\n  ") == "one\ntwo\n  three");
  CHECK(clean_doc("\n    one\n  two\n") == "  one\ntwo");
  CHECK(clean_doc("\r\n  one\r\n\r\n  two\r\n") == "one\n\ntwo");
  CHECK(clean_doc(" \n \n").empty());
  CHECK(error("\"\"\"no end\nsize n = 2\n").find("1:1 this docstring has no end") == 0);
  CHECK(error("\"\"\"text\"\"\" size n = 2\n").find("1:12 expected the end of the line") == 0);
  CHECK(error("def f():\n  a = 1\n  \"\"\"late\"\"\"\n").find("3:3 a docstring stands first") == 0);
}
