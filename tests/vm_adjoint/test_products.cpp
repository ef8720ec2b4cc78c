#include "lesson.hpp"
#include "vm/adjoint/own_products.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

vm::BoundProgram made(const std::string& text) {
  vm::BindOptions options;
  options.sizes = {{"features", 3}, {"outputs", 2}};
  return bound(text, options);
}

const char* const kLayers = R"(
size wide = 96
size L = 3
param A[l in range(L)] : matrix[wide, wide] ~ normal(0, 0.1)
param B : matrix[wide, features] ~ normal(0, 1)
param C : matrix[outputs, wide] ~ normal(0, 0.1)
state h : vector[wide]
state y : vector[outputs]
def Predict(x):
  h = 0.5 * h + B @ x
  for l in range(L):
    t = A[l] @ h
    h = h + tanh(t)
  y = C @ h
)";

std::vector<Numbers> gradients_of(const vm::BoundProgram& program, const vm::Adjoint& adjoint, const char* engine,
                                  bool blas, std::int64_t steps = 70) {
  vm::MachineOptions options = plain(6);
  options.blas = blas;
  Lesson lesson(program, steps, 9);
  vm::Reversal reversal(program, adjoint, engine, options);
  reversal.run(lesson.steps(reversal));
  const auto first = gradients(reversal);
  reversal.run(lesson.steps(reversal));  // nothing of the run before may be left
  CHECK(gradients(reversal) == first);
  return first;
}

void check_close(const std::vector<Numbers>& found, const std::vector<Numbers>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t p = 0; p < found.size(); ++p) {
    for (std::size_t k = 0; k < found[p].size(); ++k)
      CHECK(found[p][k] == doctest::Approx(expected[p][k]).epsilon(1e-11).scale(1));
  }
}

}  // namespace

TEST_CASE("outer products added for many steps at once give the gradients of those added step by step") {
  const vm::BoundProgram program = made(kLayers);
  vm::AdjointOptions at_once;
  at_once.late_products = false;
  const vm::Adjoint late = vm::differentiate(program), step_by_step = vm::differentiate(program, at_once);
  CHECK(late.late.size() == 3);  // a matrix of each layer; the others are small
  CHECK(step_by_step.late.empty());
  const auto expected = gradients_of(program, step_by_step, "reference", false);
  for (const char* engine : {"reference", "dense", "lanes"}) {
    for (const bool blas : {false, true}) check_close(gradients_of(program, late, engine, blas), expected);
  }
}

TEST_CASE("late products of several lanes and of one matrix that is used twice") {
  const vm::BoundProgram program = made(R"(
param A : matrix[100, 100] ~ normal(0, 0.1)
param B : matrix[100, features] ~ normal(0, 1)
param C : matrix[outputs, 100] ~ normal(0, 0.1)
state h : vector[100]
state y : vector[outputs]
def Predict(x):
  h = tanh(A @ tanh(B @ x + A @ h))
  y = C @ h
)");
  const vm::Adjoint late = vm::differentiate(program);
  CHECK(late.late.size() == 2);
  vm::AdjointOptions at_once;
  at_once.late_products = false;
  const auto expected = gradients_of(program, vm::differentiate(program, at_once), "reference", false, 5);
  check_close(gradients_of(program, late, "reference", false, 5), expected);
  vm::MachineOptions options = plain(6);
  options.lanes = 3;
  options.lifetimes = {0, 0, 0};
  Lesson one(program, 5, 9), lesson = one.repeated(3);
  vm::Reversal reversal(program, late, "dense", options);
  reversal.run(lesson.steps(reversal));
  for (int lane = 0; lane < 3; ++lane) check_close(gradients(reversal, lane), expected);
}

TEST_CASE("a temporary of a loop gets a register for each product that is worth keeping, with equal bits") {
  const vm::BoundProgram program = made(kLayers), own = vm::with_own_products(program);
  CHECK(own.registers.size() == program.registers.size() + 2);
  CHECK(own.bytes_f64 == program.bytes_f64 + 2 * 96 * 8);
  const vm::Adjoint adjoint = vm::differentiate(program), with_own = vm::differentiate(own);
  CHECK(adjoint.kept.size() == 1);
  CHECK(with_own.kept.size() == 3);
  CHECK(gradients_of(own, with_own, "dense", false) == gradients_of(program, adjoint, "dense", false));

  // Parts written one by one, roles and what is observed stay where they are.
  const vm::BoundProgram fixed = made(R"(
param A : matrix[128, 128] ~ normal(0, 0.1)
state y : vector[128]
def Predict(x):
  y = A @ y + mean(x)
  y = A @ y
  t = A @ y
  t[0] = 1
  t = A @ t
  y = y + t
)");
  CHECK(vm::with_own_products(fixed).registers.size() == fixed.registers.size());
}
