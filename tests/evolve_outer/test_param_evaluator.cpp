#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

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

namespace {

/// Population of `count` vectors drawn around the first params.
std::vector<Vector> population(const ParamEvaluator& evaluator, std::size_t count) {
  std::vector<Vector> all;
  for (std::uint64_t k = 0; k < count; ++k) all.push_back(evaluator.initial(k));
  return all;
}

void check_same(const Judged& a, const Judged& b) {
  CHECK(a.score == b.score);
  CHECK((a.loss == b.loss || (std::isnan(a.loss) && std::isnan(b.loss))));
  CHECK(a.steps == b.steps);
}

/// Judges trials in the order given, in that reversed, in pieces of three, and one by one, on machines of some widths.
void check_pure(const CoreProgram& program, const std::vector<std::shared_ptr<const tasks::Task>>& tasks,
                const std::string& engine) {
  EvaluatorOptions options;
  options.engine = engine;
  const ParamEvaluator evaluator(program, tasks, options);
  const auto vectors = population(evaluator, 5);
  std::vector<Trial> trials;
  for (std::uint32_t k = 0; k < 10; ++k) trials.push_back({vectors[k / 2], 11 * (k % 2) + k / 4});
  const auto together = evaluator.judge(trials, 3);
  std::vector<Trial> back(trials.rbegin(), trials.rend());
  auto reversed = evaluator.judge(back, 3);
  std::reverse(reversed.begin(), reversed.end());
  for (std::size_t k = 0; k < trials.size(); ++k) {
    CAPTURE(k);
    check_same(together[k], reversed[k]);
    check_same(together[k], evaluator.judge(trials[k].params, 3, trials[k].index));
  }
  CHECK((together[0].score != together[2].score || together[0].loss != together[2].loss));
  for (const int lanes : {1, 3, 20}) {
    options.lanes = lanes;
    options.engine = engine == "auto" ? "lanes" : engine;
    const ParamEvaluator other(program, tasks, options);
    CHECK(other.batch() == static_cast<std::size_t>(lanes));
    const auto judged = other.judge(trials, 3);
    for (std::size_t k = 0; k < trials.size(); ++k) check_same(judged[k], together[k]);
  }
}

const char* const kLearner = R"(
param rate : scalar ~ uniform(0.001, 0.1)
param W0 : matrix[outputs, features] ~ normal(0, 0.1)
state W = W0
def Predict(x):
  y = W @ x
def Learn(x, target):
  W = W + rate * outer(target - softmax(y), x)
)";

}  // namespace

TEST_CASE("what params are worth does not depend on what is judged beside them") {
  const auto digits = worlds({"digits:size=8,train=30,valid=10"});
  const auto poles = worlds({"cartpole:episodes=2,steps=30", "mountain_car:episodes=2,steps=25"});
  const CoreProgram actor = core_of("sfnn.mlz", {{"nodes", "8"}, {"M", "2"}});
  for (const char* engine : {"lanes", "dense"}) {
    CAPTURE(engine);
    check_pure(core_of_text(kLearner), digits, engine);
    check_pure(actor, poles, engine);
  }
  check_pure(core_of_text(kLearner), digits, "auto");
}

TEST_CASE("losses: a mean over tasks, bounded, and none in worlds") {
  const auto two = worlds({"digits:size=8,train=30,valid=10", "digits:size=8,train=40,valid=10"});
  const ParamEvaluator evaluator(core_of_text(kLearner), two);
  CHECK(evaluator.has_loss());
  const Vector params = evaluator.initial(1);
  const auto outcomes = evaluator.outcomes(params, 2, 0);
  CHECK(evaluator.judge(params, 2, 0).loss == doctest::Approx((outcomes[0].loss + outcomes[1].loss) / 2));
  Vector wild = params;
  for (double& v : wild) v = 1e300;
  const Judged failed = evaluator.judge(wild, 2, 0);
  CHECK(failed.score == 0);
  CHECK(failed.loss == worst_loss(two[0]->info(), {}));
  const ParamEvaluator world(core_of("sfnn.mlz"), worlds({"cartpole:episodes=1,steps=5"}));
  CHECK_FALSE(world.has_loss());
  CHECK(std::isnan(world.judge(world.initial(1), 2, 0).loss));
}
