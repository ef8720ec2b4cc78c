#include <doctest/doctest.h>

#include "evolve/outer/cma.hpp"
#include "evolve/outer/param_evaluator.hpp"
#include "lang/text/compile.hpp"

using namespace mlz;
using namespace mlz::outer;

namespace {

CoreProgram core_of(const std::string& name, const std::map<std::string, std::string>& set = {}) {
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = set;
  const auto compiled = text::compile(text::read_source("stdlib/" + name), options, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return compiled->core;
}

CoreProgram core_of_text(const std::string& program) {
  Diagnostics diagnostics;
  const auto compiled =
      text::compile(std::make_shared<SourceFile>(SourceFile{"<test>", program}), {}, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return compiled->core;
}

std::vector<std::shared_ptr<const tasks::Task>> worlds(std::initializer_list<const char*> names) {
  std::vector<std::shared_ptr<const tasks::Task>> result;
  for (const char* name : names) result.push_back(tasks::make_task(name, tasks::DataPaths{}));
  return result;
}

}  // namespace

TEST_CASE("SFNN has 565 params in every world, and its fitness is the product of the scores") {
  const auto three = worlds({"cartpole:episodes=2,steps=20", "acrobot:episodes=2,steps=20",
                             "mountain_car:episodes=2,steps=20"});
  const CoreProgram sfnn = core_of("sfnn.mlz");
  const ParamEvaluator evaluator(sfnn, three);
  CHECK(evaluator.size() == 565);
  const Vector params = evaluator.initial(3);
  const auto outcomes = evaluator.outcomes(params, 5, 7);
  REQUIRE(outcomes.size() == 3);
  const double product = outcomes[0].score * outcomes[1].score * outcomes[2].score;
  CHECK(evaluator.score(params, 5, 7) == product);
  EvaluatorOptions mean;
  mean.combine = Combine::mean;
  CHECK(ParamEvaluator(sfnn, three, mean).score(params, 5, 7) ==
        doctest::Approx((outcomes[0].score + outcomes[1].score + outcomes[2].score) / 3));
  CHECK_THROWS_AS(evaluator.score(Vector(564, 0.0), 5, 7), std::invalid_argument);
}

TEST_CASE("params that depend on the task cannot be shared") {
  CHECK_THROWS_WITH_AS(ParamEvaluator(core_of("srwm.mlz"), worlds({"cartpole", "acrobot"})),
                       doctest::Contains("`Wi`"), InputError);
  CHECK_THROWS_AS(ParamEvaluator(core_of("mlp.mlz"), worlds({"cartpole"})), InputError);
  CHECK_THROWS_AS(ParamEvaluator(core_of("sfnn.mlz"), {}), InputError);
}

TEST_CASE("an outer loop finds params that balance the pole") {
  const CoreProgram linear =
      core_of_text("param W : matrix[outputs, features]\ndef Predict(x):\n  y = W @ x\n");
  const ParamEvaluator evaluator(linear, worlds({"cartpole:episodes=1,steps=200"}));
  Cma cma(Vector(evaluator.size(), 0.0), {.candidates = 8, .seed = 1});
  const auto judged = [&](std::span<const double> params, std::uint32_t index) {
    return evaluator.score(params, 1, index);
  };
  for (std::uint32_t g = 0; g < 15; ++g) {
    Vector losses;
    for (const Vector& params : cma.ask()) losses.push_back(-judged(params, g));
    cma.tell(losses);
  }
  const double best = (200.0 - 8) / (500 - 8);
  CHECK(judged(Vector(evaluator.size(), 0.0), 100) < 0.2 * best);
  CHECK(judged(cma.mean(), 100) > 0.9 * best);
}
