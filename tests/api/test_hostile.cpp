#include <doctest/doctest.h>


#include "programs.hpp"

namespace {

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

/// Errors; empty when compiled, bound and started. What takes too long ends by the time limit of the test.
std::string verdict(const std::string& text, const mlz::BindOptions& options = {}) {
  const auto program = mlz::compile(text);
  if (!program) return program.error_text();
  const auto bound = program->bind({{"features", 4}, {"outputs", 2}}, options);
  if (!bound) return bound.error_text();
  return bound->start().error_text();
}

}  // namespace

TEST_CASE("texts that ask for too much are refused soon") {
  const std::string predict = "def Predict(x):\n";
  const struct {
    const char* what;
    std::string text, expected;
  } cases[] = {
      {"long", std::string(2 << 20, 'a'), "are allowed"},
      {"binary", std::string("\0\1\2\3", 4), "zero byte"},
      {"deep", predict + "  y = " + repeated("(", 5000) + "1" + repeated(")", 5000) + "\n", "brackets"},
      {"huge size", "size n = 1000000000\nstate W : matrix[n, n]\n" + predict + "  y = sum(W)\n", "takes 6.939 EiB"},
      {"overflowing size", "size n = 1e18\nstate W : matrix[n * n, n * n]\n" + predict + "  y = sum(W)\n", ""},
      {"loops in loops", predict + "  y = 0\n  for i in range(1000000):\n    for j in range(1000000):\n      y = y + 1\n",
       "instructions"},
      {"idle loops", predict + "  y = 0\n  for i in range(1000000):\n    for j in range(1000000):\n"
                                "      if i < 0:\n        y = 1\n",
       "instructions"},
      {"large family", "state a[i in range(1000000000)] : scalar\n" + predict + "  y = a[0]\n", "registers"},
      {"work", "state W : matrix[5000, 5000]\n" + predict + "  y = sum(W @ W)\n", "operations"},
      {"work in Setup",
       "state W : matrix[2000, 2000]\ndef Setup():\n  for i in range(1000):\n    W = W @ W\n" + predict + "  y = sum(W)\n",
       "Setup"},
      {"a million errors", repeated("?? =\n", 200'000), "more"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const std::string v = verdict(c.text);
    CHECK_FALSE(v.empty());
    CHECK_MESSAGE(v.find(c.expected) != std::string::npos, v.substr(0, 300));
  }
}

TEST_CASE("helpers that double at every level are refused soon") {
  std::string text = "def h0(a):\n  return a + 1\n";
  for (int i = 1; i < 60; ++i) {
    const std::string below = "h" + std::to_string(i - 1);
    text += "def h" + std::to_string(i) + "(a):\n  return " + below + "(" + below + "(a))\n";
  }
  const std::string v = verdict(text + "def Predict(x):\n  y = h59(x[0])\n");
  CHECK_MESSAGE(v.find("inlined") != std::string::npos, v.substr(0, 300));
}

TEST_CASE("shapes that multiply out to many terms are refused soon") {
  std::string sum = "(a0", text;
  for (int i = 0; i < 12; ++i) text += "size a" + std::to_string(i) + " = 1\n";
  for (int i = 1; i < 12; ++i) sum += " + a" + std::to_string(i);
  sum += ")";
  std::string product = sum;
  for (int i = 0; i < 30; ++i) product += " * " + sum;
  const std::string v = verdict(text + "state w : vector[" + product + "]\ndef Predict(x):\n  y = sum(w)\n");
  CHECK_FALSE(v.empty());
}

TEST_CASE("long chains of registers are bound soon") {
  const std::string chain =
      "state a[i in range(100000)] : scalar\ndef Predict(x):\n  y = a[0]\n  for i in range(99999):\n    a[i] = a[i + 1]\n"
      "def Learn(x, target):\n  a[99999] = target\n";
  const std::string v = verdict(chain);
  CHECK(v == "");
}

TEST_CASE("expressions that double at every level are refused soon") {
  std::string aliases = "size n0 = 7\n", quotients = aliases, arguments = "def h0(a, x):\n  return x * a\n";
  std::string chain = "def c0(x):\n  return x + 1\n";
  for (int i = 1; i < 80; ++i) {
    const std::string n = std::to_string(i), below = std::to_string(i - 1);
    aliases += "size n" + n + " = n" + below + " + n" + below + " - n" + below + "\n";
    quotients += "size n" + n + " = n" + below + " % 7 + n" + below + " % 5\n";
    arguments += "def h" + n + "(a, x):\n  return h" + below + "(a + a, x)\n";
  }
  for (int i = 1; i < 2000; ++i) {
    chain += "def c" + std::to_string(i) + "(x):\n  return c" + std::to_string(i - 1) + "(x)\n";
  }
  const std::string predict = "def Predict(x):\n  y = ";
  CHECK(verdict(aliases + "state w : vector[n79]\n" + predict + "sum(w)\n") == "");
  for (const std::string& text : {quotients + "state w : vector[n79]\n" + predict + "sum(w)\n",
                                  arguments + predict + "h79(2, x[0])\n", chain + predict + "c1999(x[0])\n"}) {
    const std::string v = verdict(text);
    CHECK_FALSE(v.empty());
    CHECK(v.size() < 10'000);
  }
}

TEST_CASE("loops that only compute indices are refused soon") {
  std::string sum = "i";
  for (int i = 0; i < 200; ++i) sum += " + i";
  const std::string wide = "max(" + sum + ", 0)";
  std::string body;
  for (int i = 0; i < 3000; ++i) body += "        y = 2\n";
  for (const std::string& text :
       {"def Predict(x):\n  y = 1\n  for i in range(1900000):\n    if " + wide + " < 0:\n      y = 2\n",
        "def Predict(x):\n  y = 1\n  for i in range(1900000):\n    for j in range(1):\n      if j > 5:\n" + body}) {
    const std::string v = verdict(text);
    CHECK_MESSAGE(v.find("operations to compute") != std::string::npos, v.substr(0, 300));
  }
}

TEST_CASE("limits of the caller hold") {
  mlz::BindOptions options;
  options.max_instructions = 10;
  CHECK(verdict("def Predict(x):\n  y = 0\n  for i in range(20):\n    y = y + i\n", options).find("10") !=
        std::string::npos);
  options = {};
  options.max_bytes = 1000;
  CHECK(verdict("state w : vector[1000]\ndef Predict(x):\n  y = sum(w)\n", options).find("1000 bytes") !=
        std::string::npos);
  options = {};
  options.max_operations = 100;
  CHECK(verdict("state w : vector[1000]\ndef Predict(x):\n  y = sum(w)\n", options).find("100 are allowed") !=
        std::string::npos);
}
