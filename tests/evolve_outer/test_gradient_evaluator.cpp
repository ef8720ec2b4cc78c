#include <doctest/doctest.h>

#include <thread>

#include "evolve/outer/gradient_evaluator.hpp"
#include "lang/text/compile.hpp"
#include "tasks/task.hpp"

using namespace mlz;
using namespace mlz::outer;

namespace {

constexpr const char* kLearner = R"(
param W0 : vector[features] ~ normal(0, 0.5)
param rate : vector[features] = 0.05
state W = W0
state y : scalar
def Predict(x):
  y = dot(W, x) + normal(0, 0.1)
def Learn(x, target):
  W = W + rate * (target - y) * x
)";

CoreProgram core(const std::string& text) {
  Diagnostics diagnostics;
  const auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{"learner", text}), {}, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return compiled->core;
}

std::vector<std::shared_ptr<const tasks::Task>> tasks_of(std::initializer_list<const char*> names) {
  std::vector<std::shared_ptr<const tasks::Task>> all;
  for (const char* name : names) all.push_back(tasks::make_task(name, {}));
  return all;
}

EvaluatorOptions options(const char* engine = "auto", vm::DType dtype = vm::DType::f64) {
  EvaluatorOptions o;
  o.engine = engine;
  o.protocol = "stream";
  o.dtype = dtype;
  o.settings.loss = true;
  return o;
}

constexpr const char* kSmall = "linear:features=4,train=12,valid=0,test=0";
constexpr const char* kOther = "affine:features=4,train=9,valid=0,test=0";

}  // namespace

TEST_CASE("a batch has the mean loss of its lifetimes, over all tasks, and the gradient of that") {
  const auto tasks = tasks_of({kSmall, kOther});
  const GradientEvaluator evaluator(core(kLearner), tasks, options());
  const ParamEvaluator judge(core(kLearner), tasks, options());
  const Vector params = judge.initial(5);
  const auto loss = [&](const Vector& at) {
    double sum = 0;
    for (std::uint32_t k = 3; k < 7; ++k) {
      for (const eval::Outcome& outcome : judge.outcomes(at, 9, k)) sum += outcome.loss;
    }
    return sum / 8;
  };
  const BatchGradient batch = evaluator.of(params, 9, 3, 4);
  CHECK(batch.loss == doctest::Approx(loss(params)).epsilon(1e-12));
  CHECK(batch.steps == 4 * (12 + 9));
  CHECK(batch.score > 0);
  REQUIRE(batch.gradient.size() == 8);
  for (std::size_t i = 0; i < params.size(); ++i) {
    constexpr double h = 1e-5;
    Vector up = params, down = params;
    up[i] += h, down[i] -= h;
    CHECK(batch.gradient[i] == doctest::Approx((loss(up) - loss(down)) / (2 * h)).epsilon(1e-6));
  }
}

TEST_CASE("a batch is the mean of batches of one, on every engine and in both number types") {
  for (const char* engine : {"auto", "dense", "lanes"}) {
    for (const vm::DType dtype : {vm::DType::f64, vm::DType::f32}) {
      const GradientEvaluator evaluator(core(kLearner), tasks_of({kSmall}), options(engine, dtype));
      const Vector params = evaluator.params().initial(5);
      constexpr int kCount = 19;  // more than go into the lanes of one machine
      const BatchGradient all = evaluator.of(params, 2, 10, kCount);
      Vector sum(params.size(), 0.0);
      double loss = 0;
      for (std::uint32_t k = 0; k < kCount; ++k) {
        const BatchGradient one = evaluator.of(params, 2, 10 + k, 1);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one.gradient[i];
        loss += one.loss;
      }
      CHECK(all.loss == loss / kCount);
      for (std::size_t i = 0; i < sum.size(); ++i) CHECK(all.gradient[i] == sum[i] / kCount);
    }
  }
}

TEST_CASE("threads that share an evaluator get what each would get alone") {
  const GradientEvaluator evaluator(core(kLearner), tasks_of({kSmall}), options("auto", vm::DType::f32));
  const Vector params = evaluator.params().initial(5);
  std::vector<BatchGradient> alone, together(8);
  for (std::uint32_t k = 0; k < 8; ++k) alone.push_back(evaluator.of(params, 2, k, 1 + static_cast<int>(k % 3)));
  std::vector<std::thread> threads;
  for (std::uint32_t k = 0; k < 8; ++k) {
    threads.emplace_back([&, k] { together[k] = evaluator.of(params, 2, k, 1 + static_cast<int>(k % 3)); });
  }
  for (std::thread& t : threads) t.join();
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(together[k].gradient == alone[k].gradient);
    CHECK(together[k].loss == alone[k].loss);
  }
}

TEST_CASE("going down the gradient learns how to learn") {
  const GradientEvaluator evaluator(core(kLearner), tasks_of({kSmall}), options());
  Vector params = evaluator.params().initial(5);
  const double before = evaluator.of(params, 77, 0, 32).loss;
  for (std::uint32_t step = 0; step < 60; ++step) {
    const BatchGradient batch = evaluator.of(params, 1, step * 8, 8);
    for (std::size_t i = 0; i < params.size(); ++i) params[i] -= 0.01 * batch.gradient[i];
  }
  CHECK(evaluator.of(params, 77, 0, 32).loss < 0.8 * before);
}

TEST_CASE("what has no gradient is refused") {
  CHECK_THROWS_WITH_AS(GradientEvaluator(core(kLearner), tasks_of({kSmall}), {}), doctest::Contains("stream protocol"),
                       InputError);
  CHECK_THROWS_AS(
      GradientEvaluator(core("state y : scalar\ndef Predict(x):\n  y = x[0]\n"), tasks_of({kSmall}), options()),
      InputError);
  const GradientEvaluator evaluator(core(kLearner), tasks_of({kSmall}), options());
  CHECK_THROWS_AS(evaluator.of(Vector(3), 1, 0, 1), std::invalid_argument);
  CHECK_THROWS_AS(evaluator.of(evaluator.params().initial(1), 1, 0, 0), std::invalid_argument);
}
