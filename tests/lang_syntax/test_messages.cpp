#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

namespace {

/// The error of one line inside a function, without its place.
std::string in_function(const std::string& line) {
  const std::string all = error("def f():\n  " + line + "\n");
  return all.substr(all.find(' ') + 1);
}

}  // namespace

TEST_CASE("what was expected is said in words") {
  CHECK(error("def f():\n  y = (a + b\n") == "2:7 `(` is never closed | expected a closing `)`");
  CHECK(error("def f():\n  y = g(a b)\n") ==
        "2:11 expected a closing `)`, found `b` | is an operator or a comma missing before it?");
  CHECK(in_function("y = ") == "expected an expression, found the end of the line");
  CHECK(in_function("y = a + * b") == "expected an expression, found `*`");
  CHECK(in_function("y = a[]") == "expected an index, found `]`");
  CHECK(in_function("y = ()") == "expected an expression, found `)`");
  CHECK(in_function("for i in range(3)") ==
        "expected `:` at the end of `for`, found the end of the line | the line of `for` ends with "
        "`:`");
  CHECK(in_function("for 3 in range(3):").find("expected a name, found `3`") == 0);
  CHECK(in_function("for i in x:").find("a loop counts through `range(...)`") == 0);
  CHECK(error("size for = 3") ==
        "1:6 expected a name, found `for` | `for` is a word of the language");
  CHECK(error("param W").find("1:8 expected `:` and a type, or `=` and a value, found the end") ==
        0);
  CHECK(error("param W : matrix[3]") ==
        "1:11 a matrix has 2 dimensions, found 1 | write `matrix[n, m]`");
  CHECK(error("param W : scalar[3]").find("1:11 a scalar has 0 dimensions, found 1") == 0);
  CHECK(error("state h : tensor[3]").find("1:11 expected a type, found `tensor`") == 0);
  CHECK(error("state h : vector[3] ~ normal(0, 1)").find("draw the state in Setup") !=
        std::string::npos);
  CHECK(error("param h : vector[3] ~ 3").find("1:23 expected a distribution") == 0);
  CHECK(error("state W[i + 1 in range(3)] : scalar").find("expected a name for the index") !=
        std::string::npos);
  CHECK(error("def f(a, a):").find("1:10 two parameters are named `a`") == 0);
  CHECK(in_function("?0").find("expected a number of instructions") == 0);
}

TEST_CASE("slips of habit get a hint") {
  CHECK(in_function("if a = b:\n    pass").find("`=` assigns; compare with `==`") !=
        std::string::npos);
  CHECK(in_function("y = a ^ 2").find("powers are written `**`") != std::string::npos);
  CHECK(in_function("y = a && b").find("write `and`") != std::string::npos);
  CHECK(in_function("y = a || b").find("write `or`") != std::string::npos);
  CHECK(in_function("y = !a").find("write `not`") != std::string::npos);
  CHECK(in_function("y++").find("write `x += 1`") != std::string::npos);
  CHECK(in_function("y = 1; z = 2").find("one statement per line") != std::string::npos);
  CHECK(in_function("while a:").find("there is no unbounded loop") != std::string::npos);
  CHECK(in_function("class A:").find("there are no classes") != std::string::npos);
  CHECK(in_function("print x").find("prints nothing") != std::string::npos);
  CHECK(in_function("y = lambda x: x").find("write a helper") != std::string::npos);
  CHECK(in_function("y = a if b else c").find("where(condition, a, b)") != std::string::npos);
  CHECK(in_function("y = 'text'").find("docstring") != std::string::npos);
  CHECK(in_function("a < b < c").find("comparisons cannot be chained") == 0);
  CHECK(in_function("y = a < b < c").find("write `(a < b) * (b < c)`, or `a < b and b < c`") != std::string::npos);
  CHECK(in_function("a = b = c").find("one assignment per line") != std::string::npos);
  CHECK(in_function("y @= x").find("augmented assignments are") != std::string::npos);
  CHECK(in_function("y = z[0:4:2]").find("without a step") != std::string::npos);
  CHECK(in_function("y = +3").find("no leading `+`") != std::string::npos);
  CHECK(in_function("y = 3x").find("numbers contain no letters") != std::string::npos);
  CHECK(in_function("a + b = c").find("only a name, or a part of it") == 0);
  CHECK(in_function("f(x) = 3").find("only a name, or a part of it") == 0);
  CHECK(in_function("nn.a = 3").find("only a name, or a part of it") == 0);
  CHECK(in_function("a == 3").find("assign with `=`") != std::string::npos);
  CHECK(in_function("a + b").find("does nothing with it") != std::string::npos);
  CHECK(in_function("y = True").find("write 1") != std::string::npos);
  CHECK(in_function("y = a \\").find("put the expression into brackets") != std::string::npos);
  CHECK(error("size n = 1, 2").find("a list of sizes is written") != std::string::npos);
  CHECK(error("import nn as n").find("modules keep their names") != std::string::npos);
  CHECK(error("from nn import *").find("name what is imported") != std::string::npos);
  CHECK(error("def f(x=1):").find("no default values") != std::string::npos);
  CHECK(error("def f(x : scalar):").find("shapes are inferred") != std::string::npos);
  CHECK(error("def f() -> x:").find("no declared result") != std::string::npos);
  CHECK(error("Setup():\n  x = 1").find("a function begins with `def`") != std::string::npos);
  CHECK(error("fn Setup():\n  x = 1").find("a function begins with `def`") != std::string::npos);
  CHECK(error("@frozen\ndef f():").find("the only mark is `@hold`") != std::string::npos);
  const auto else_if = errors("def f():\n  if a:\n    b = 1\n  else if c:\n    b = 2\n");
  REQUIRE(else_if.size() == 1);
  CHECK(else_if[0] == "4:8 expected `:` after `else`, found `if` | write `elif`");
}

TEST_CASE("statements in the wrong place") {
  CHECK(error("x = 1\ny = 2\nsize n = 3\n") ==
        "1:1 statement outside any function; expected a declaration, an import or `def` | "
        "put it into `def Setup():`, `def Predict():` or `def Learn():`");
  CHECK(error("def f():\nx = 1\n").find("2:1 statement outside any function") == 0);
  CHECK(error("def f():\nx = 1\n").find("indent it to put it into `f`") != std::string::npos);
  CHECK(error("return x").find("1:1 statement outside any function") == 0);
  CHECK(error("def f():\n  size n = 3\n").find("2:3 declaration of `n` inside a function") == 0);
  CHECK(error("def f():\n  import nn\n").find("2:3 import inside a function") == 0);
  CHECK(
      error("def f():\n  def g():\n    x = 1\n  y = 2\n").find("2:3 function `g` inside another") ==
      0);
  CHECK(error("def f():\n  else:\n    x = 1\n").find("2:3 `else` without an `if`") == 0);
  CHECK(error("def f():\n  if a:\n  x = 1\n").find("2:3 expected an indented block after `if`") ==
        0);
  CHECK(error("def f():\n  if a:\n    b = 1\n  else:\n  c = 1\n")
            .find("4:3 expected an indented block after `else`") == 0);
  CHECK(error("def f():\n  for i in range(3):\n")
            .find("2:3 expected an indented block after `for`") == 0);
}

TEST_CASE("@hold needs something below it") {
  CHECK(error("@hold\n").find("1:1 `@hold` marks") == 0);
  CHECK(error("def f():\n  a = 1\n  @hold\n").find("3:3 `@hold` marks") == 0);
  CHECK(error("@hold\n@hold\nsize n = 1\n").find("1:1 `@hold` marks") == 0);
  CHECK(error("@hold\nimport nn\n").find("1:1 `@hold` marks") == 0);
  CHECK(error("def f():\n  if a:\n    b = 1\n  @hold\n  else:\n    b = 2\n")
            .find("5:3 `@hold` cannot mark one branch") == 0);
  CHECK(error("def f():\n  @hold a = 1\n").find("2:9 unexpected `a`") == 0);
}

TEST_CASE("all errors of a file are reported, and the rest is read") {
  const std::string text =
      "size n = \n"
      "def Setup():\n"
      "  a = 1 +\n"
      "  if a\n"
      "    b = 2 2\n"
      "  c = 3\n"
      "def Predict(:\n"
      "  d = 1\n"
      "def Learn():\n"
      "  e = 5\n";
  const auto all = errors(text);
  const char* places[] = {"7:12", "1:9", "3:10", "4:7", "5:11"};
  REQUIRE(all.size() == 5);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK_MESSAGE(all[i].find(places[i]) == 0, all[i]);
  Diagnostics diagnostics;
  const Program p = parse(source(text), diagnostics);
  REQUIRE(p.functions.size() == 2);
  CHECK(p.functions[0].body.size() == 1);
  CHECK(p.functions[1].name == "Learn");
}

TEST_CASE("places in continued lines are those of the file") {
  CHECK(error("def f():\n  y = g(a,\n        b + ,\n        c)\n")
            .find("3:13 expected an expression, found `,`") == 0);
}
