#include <fstream>
#include <sstream>

#include "lesson.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

vm::BoundProgram small(const std::string& text, std::int64_t features = 3, std::int64_t outputs = 2) {
  vm::BindOptions options;
  options.sizes = {{"features", features}, {"outputs", outputs}};
  return bound(text, options);
}

}  // namespace

TEST_CASE("a linear answer") {
  check_against_differences(small(R"(
param w : vector[features] ~ normal(0, 1)
param b : scalar = 0.3
def Predict(x):
  y = dot(w, x) + b
)"),
                            3, 1);
}

TEST_CASE("a learner whose rate is a param") {
  check_against_differences(small(R"(
param W0 : matrix[outputs, features] ~ normal(0, 1)
param rate : scalar = 0.1
state W = W0
state y : vector[outputs]
def Predict(x):
  y = W @ x
def Learn(x, target):
  W = W + rate * outer(target - softmax(y), x)
)"),
                            5, 2);
}

TEST_CASE("slices, families and loops") {
  check_against_differences(small(R"(
size L = 3
param A[l in range(L)] : matrix[4, 4] ~ normal(0, 0.5)
param s : scalar = 0.5
state h : vector[4]
state u : vector[4]
state y : vector[outputs]
def Setup():
  h[1] = s * s
def Predict(x):
  u[0:features] = x
  u[-1] = s
  for l in range(L):
    h = tanh(A[l] @ h + u)
    h[0] = h[1] * s
  y[0:2] = h[1:3]
def Learn(x, target):
  h[2:4] = h[0:2] * target[0]
  u[1] = u[0] + h[0]
)"),
                            4, 3);
}

TEST_CASE("states that change places") {
  check_against_differences(small(R"(
param p : vector[2] ~ normal(0, 1)
state a = p
state b : vector[2]
state y : vector[outputs]
def Predict(x):
  y[0:2] = a * x[0:2]
def Learn(x, target):
  t = a
  a = b + t * target[0:2]
  b = t
)"),
                            5, 4);
}

TEST_CASE("draws with params as arguments") {
  check_against_differences(small(R"(
param m : scalar = 0.3
param d : scalar = 0.7
state W : matrix[outputs, features]
state y : vector[outputs]
def Setup():
  W = normal(m, d)
def Predict(x):
  e = uniform(m, d, outputs)
  y = W @ x + e + truncated_normal(d, m, outputs)
def Learn(x, target):
  W = W + normal(m, d, (outputs, features))
)"),
                            3, 5);
}

TEST_CASE("results of large products are kept or computed again, with equal bits") {
  const vm::BoundProgram program = small(R"(
size wide = 96
param A : matrix[wide, wide] ~ normal(0, 0.1)
param B : matrix[wide, features] ~ normal(0, 1)
param C : matrix[outputs, wide] ~ normal(0, 0.1)
state h : vector[wide]
state t : vector[wide]
state y : vector[outputs]
def Predict(x):
  a = A @ h
  t = h @ A
  t[0:2] = a[2:4]
  h = tanh(a + B @ x) * 0.9 + t * 0.1
  y = C @ relu(h)
)");
  const vm::Adjoint keeps = vm::differentiate(program);
  vm::AdjointOptions options;
  options.keep_products = false;
  const vm::Adjoint computes = vm::differentiate(program, options);
  CHECK(keeps.kept.size() == 1);  // `a`; `t` is written again
  CHECK(computes.kept.empty());
  std::vector<Numbers> expected;
  for (const vm::Adjoint* adjoint : {&computes, &keeps}) {
    for (const char* engine : {"reference", "dense", "lanes"}) {
      for (const std::int64_t segment : {0, 2}) {
        Lesson lesson(program, 5, 9);
        vm::Reversal reversal(program, *adjoint, engine, plain(6), {segment});
        reversal.run(lesson.steps(reversal));
        if (expected.empty()) expected = gradients(reversal);
        CHECK(gradients(reversal) == expected);
      }
    }
  }
}

TEST_CASE("the page about gradients shows what is printed") {
  std::ifstream in(MLZ_SOURCE_DIR "/docs/gradients.md");
  std::ostringstream page;
  page << in.rdbuf();
  std::vector<std::string> parts{""};  // text, block, text, block, ...
  for (std::string line, text = page.str(); !text.empty();) {
    const std::size_t end = text.find('\n');
    line = text.substr(0, end + 1);
    text.erase(0, end + 1);
    line.starts_with("```") ? parts.emplace_back() : parts.back() += line;
  }
  REQUIRE(parts.size() >= 4);
  CHECK(print(vm::differentiate(small(parts[1]))) == parts[3]);
}
