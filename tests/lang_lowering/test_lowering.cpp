#include <doctest/doctest.h>

#include "lang/text/compile.hpp"

using namespace mlz;

namespace {

text::Compiled compiled(const std::string& program, const text::CompileOptions& options = {}) {
  Diagnostics problems;
  auto file = std::make_shared<SourceFile>(SourceFile{"test.mlz", program});
  auto result = text::compile(file, options, problems);
  INFO(problems.text());
  REQUIRE(result.has_value());
  return std::move(*result);
}

std::string core(const std::string& program, const text::CompileOptions& options = {}) {
  return print(compiled(program, options).core);
}

}  // namespace

TEST_CASE("a program of AutoML-Zero is its own core form") {
  const std::string program =
      "def Setup():\n  s2 = 0.001\n  v3[0.3] = 0.5\n  m2[0.1, 0.7] = -0.25\n"
      "def Predict():\n  s1 = dot(v0, v1)\n"
      "def Learn():\n  s3 = s0 - s1\n  s4 = s3 * s2\n  v2 = s4 * v0\n  v1 = v1 + v2\n";
  CHECK(core(program) == program);
}

TEST_CASE("names of the task are numbered registers where the shapes agree") {
  const auto scalar = compiled("def Predict(x):\n  y = dot(x, x)\ndef Learn(x, target):\n  s2 = target\n");
  CHECK(print(scalar.core) == "def Setup():\ndef Predict():\n  s1 = dot(v0, v0)\ndef Learn():\n  s2 = s0\n");
  CHECK(scalar.core.with_role(Role::x)->name == "v0");
  CHECK(scalar.core.with_role(Role::y)->name == "s1");
  CHECK(scalar.core.with_role(Role::target)->name == "s0");
}

TEST_CASE("a vector y makes target a vector of the same shape") {
  const auto program = compiled("state W : matrix[outputs, features]\ndef Predict(x):\n  y = W @ x\n"
                                "def Learn(x, target):\n  W += outer(target - y, x)\n");
  CHECK(program.core.with_role(Role::y)->shape.print() == "vector[outputs]");
  CHECK(program.core.with_role(Role::target)->shape.print() == "vector[outputs]");
  CHECK(program.core.with_role(Role::target)->name == "target");
}

TEST_CASE("a batch gives x, y and target a row for each example") {
  const auto program = compiled("size batch = 4\nstate W : matrix[features, outputs]\ndef Predict(x):\n  y = x @ W\n"
                                "def Learn(x, target):\n  W += x.T @ (target - y)\n");
  CHECK(program.core.with_role(Role::x)->shape.print() == "matrix[batch, features]");
  CHECK(program.core.with_role(Role::target)->shape.print() == "matrix[batch, outputs]");
}

TEST_CASE("helpers are inlined with locals of their own") {
  CHECK(core("def f(a, k):\n  b = a * k\n  return b + b\ndef Predict(x):\n  y = sum(f(x, 2) - f(x, 3))\n") ==
        "def Setup():\ndef Predict():\n  f1_b = v0 * 2\n  t = f1_b + f1_b\n  f2_b = v0 * 3\n  t1 = f2_b + f2_b\n"
        "  t2 = t - t1\n  s1 = sum(t2)\ndef Learn():\n");
}

TEST_CASE("a helper that writes to its argument writes to a copy") {
  CHECK(core("def f(a):\n  a = a + 1\n  return a\ndef Predict(x):\n  s2 = f(s2)\n") ==
        "def Setup():\ndef Predict():\n  t = s2\n  t = t + 1\n  s2 = t\ndef Learn():\n");
}

TEST_CASE("all right sides are computed before a left side changes") {
  CHECK(core("def Predict(x):\n  s2, s3 = s3, s2\n") ==
        "def Setup():\ndef Predict():\n  t = s2\n  s2 = s3\n  s3 = t\ndef Learn():\n");
}

TEST_CASE("several results may go to new names, old ones, members and parts at once") {
  CHECK(core("state h[j in range(2)] : vector[2]\ndef f(a):\n  b = a * 2\n  return b, a * 3\n"
             "def Predict(x):\n  y, h[1][0] = f(sum(x))\n  z, h[0] = f(h[1])\n  y = sum(z)\n") ==
        "state h[j in range(2)] : vector[2]\n\ndef Setup():\ndef Predict():\n  t = sum(v0)\n  f1_b = t * 2\n"
        "  t1 = t * 3\n  s1 = f1_b\n  h[1][0] = t1\n  f2_b = h[1] * 2\n  t2 = h[1] * 3\n  z = f2_b\n  h[0] = t2\n"
        "  s1 = sum(z)\ndef Learn():\n");
}

TEST_CASE("several new names take what a helper returns, its arguments among it") {
  CHECK(core("def f(a, k):\n  b = a * k\n  return b, a\ndef Predict(x):\n  g, e = f(x, 2)\n  y = dot(g, e)\n") ==
        "def Setup():\ndef Predict():\n  f1_b = v0 * 2\n  g = f1_b\n  e = v0\n  s1 = dot(g, e)\ndef Learn():\n");
}

TEST_CASE("loops and branches stay symbolic, reversed loops count down") {
  CHECK(core("size n = [features, 8, outputs]\nsize L = len(n) - 1\nstate h[l in range(L + 1)] : vector[n[l]]\n"
             "def Learn():\n  for l in reversed(range(1, L)):\n    h[l] = relu(h[l])\n"
             "  if L > 1:\n    s2 = 1\n  else:\n    s2 = 2\n") ==
        "size n = [features, 8, outputs]\nsize L = len(n) - 1\nstate h[l in range(L + 1)] : vector[n[l]]\n\n"
        "def Setup():\ndef Predict():\ndef Learn():\n  for l in range(1, 0, -1):\n    h[l] = relu(h[l])\n"
        "  if L > 1:\n    s2 = 1\n  else:\n    s2 = 2\n");
}

TEST_CASE("samplers take the shape of the register they are assigned to") {
  CHECK(core("size k = 3\nstate W : matrix[k, features]\ndef Setup():\n  W = normal(0, 1 / sqrt(features))\n"
             "  s2 = uniform(0, 1)\n  v1 = gaussian(0, 0.1, n_features)\n") ==
        "size k = 3\nstate W : matrix[k, features]\n\ndef Setup():\n  W = normal(0, 1 / sqrt(features), (k, features))\n"
        "  s2 = uniform(0, 1)\n  v1 = normal(0, 0.1, features)\ndef Predict():\ndef Learn():\n");
}

TEST_CASE("--set replaces sizes and consts before shapes are checked") {
  text::CompileOptions options;
  options.set = {{"n", "[features, 4, 5, outputs]"}, {"rate", "0.5"}};
  const std::string text =
      core("size n = [features, outputs]\nconst rate = 0.1\nstate W[l in range(len(n) - 1)] : vector[n[l]]\n", options);
  CHECK(text.find("size n = [features, 4, 5, outputs]") != std::string::npos);
  CHECK(text.find("const rate = 0.5") != std::string::npos);
}

TEST_CASE("sizes compare in normal form") {
  CHECK(compiled("size a = 2\nsize b = 3\nsize c = a + b\nstate u : vector[a]\nstate v : vector[b]\nstate w : vector[c]\n"
                 "def Setup():\n  w = concat(u, v)\n  u = w[b - 1 : b + a - 1]\n  u = w[0:a * 2 - a]\n")
            .core.registers.size() == 3);
}

TEST_CASE("holds and holes are kept and printed") {
  const std::string program =
      "state w : vector[features]\n\n@hold\ndef Setup():\n  s2 = ?\n"
      "def Predict():\n  @hold\n  s3 = ?(s1, s2)\n  s4 = s1 + ?\n  ?8\ndef Learn():\n";
  CHECK(core(program) == program);
  CHECK(compiled(program).core.has_holes());
}

TEST_CASE("the typed form names the shapes that were found") {
  const auto program = compiled("size k = 3\nstate W : matrix[k, features]\ndef Predict(x):\n  h = relu(W @ x)\n");
  CHECK(program.typed.find("h = relu(W @ x)") != std::string::npos);
  CHECK(program.typed.find("# vector[k]") != std::string::npos);
}

TEST_CASE("every program of the standard library compiles") {
  for (const char* name : {"mlp", "linear", "logistic", "optim", "nn", "automl_linear", "automl_nn", "srwm", "vsml", "vsml_clone",
                           "sfnn", "online", "fast_weights", "meta_rnn", "nearest"}) {
    CAPTURE(name);
    Diagnostics problems;
    const auto result = text::compile(text::read_source(std::string("stdlib/") + name + ".mlz"), {}, problems);
    INFO(problems.text());
    CHECK(result.has_value());
  }
}
