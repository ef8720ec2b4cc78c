#include <doctest/doctest.h>

#include <cstring>

#include "evolve/eval/lifetime.hpp"
#include "evolve/numbered/zero.hpp"
#include "support.hpp"
#include "tasks/task.hpp"
#include "vm/machine.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

std::uint64_t bits(double v) { return std::bit_cast<std::uint64_t>(v); }

/// The fitness of each problem by the reference engine.
std::vector<double> by_reference(const Genome& genome, const ProblemSet& set, std::uint64_t& steps) {
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = set.info().sizes;
  const vm::BoundProgram bound = vm::bind(core_of(print(genome)), bind, diagnostics);
  REQUIRE(diagnostics.ok());
  std::vector<double> out;
  steps = 0;
  for (std::uint32_t i = 0; i < set.problems.size(); ++i) {
    const auto machine = vm::make_machine("reference", bound, {vm::DType::f64, 1, set.seed, {i}, {}, {}});
    eval::Settings settings;
    settings.protocol = eval::Protocol::automl;
    settings.seed = set.seed;
    settings.lifetime = i;
    const eval::Outcome outcome = eval::run_lifetime(*machine, set.info(), set.problems[i], settings);
    out.push_back(outcome.score);
    steps += static_cast<std::uint64_t>(outcome.steps);
  }
  return out;
}

void compare(const char* task, int programs, int length) {
  const ProblemSet set = ProblemSet::make(tasks::make_task(task, {}), 5, 3);
  const Space space = every_op(length);
  NumberedEvaluator evaluator(set, Join::mean, 100);
  LiveFinder finder(space.banks);
  int scored = 0;
  for (int n = 0; n < programs; ++n) {
    Draws draws(7, 0, 0, static_cast<std::uint64_t>(n));
    const Genome genome = first_genome(space, true, draws);
    Genome live;
    finder.find(genome, live);
    const Genome* const program = &live;
    Score score;
    evaluator.evaluate(std::span(&program, 1), std::span(&score, 1));
    std::uint64_t steps = 0;
    const auto expected = by_reference(genome, set, steps);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(print(genome));
      REQUIRE(bits(evaluator.each(0)[i]) == bits(expected[i]));
    }
    REQUIRE(score.steps == steps);
    scored += score.fitness > 0;
  }
  CHECK(scored > programs / 10);
}

}  // namespace

TEST_CASE("the evaluator has the bits of the reference engine") {
  compare("linear:features=4,train=20,valid=10", 300, 8);
  compare("linear:features=3,train=20,valid=10,epochs=3", 100, 8);
  compare("nn:features=8,train=15,valid=10", 100, 12);
  compare("digits:size=8,train=20,valid=10,test=1,classes=3/5,epochs=2", 60, 5);
}

TEST_CASE("what is live is what bind says") {
  const Space space = every_op(12);
  LiveFinder finder(space.banks);
  for (std::uint64_t n = 0; n < 300; ++n) {
    Draws draws(3, 0, 0, n);
    const Genome genome = first_genome(space, true, draws);
    Genome live;
    finder.find(genome, live);
    Diagnostics diagnostics;
    vm::BindOptions bind;
    bind.sizes = {{"features", 4}, {"outputs", 1}};
    const vm::BoundProgram bound = vm::bind(core_of(print(genome)), bind, diagnostics);
    for (std::size_t f = 0; f < 3; ++f) {
      CHECK(static_cast<std::size_t>(std::count_if(bound.code[f].begin(), bound.code[f].end(),
                                                   [](const auto& i) { return i.live; })) == live.length[f]);
    }
    Genome again;
    finder.find(live, again);
    CHECK(again == live);
  }
}

TEST_CASE("text reads back to an equal genome") {
  const Space space = every_op(20);
  for (std::uint64_t n = 0; n < 200; ++n) {
    Draws draws(11, 0, 0, n);
    Genome genome = first_genome(space, true, draws);
    for (int m = 0; m < 50; ++m) numbered_mutations()[draws.below(8)].apply(space, genome, draws);
    const std::string text = print(genome);
    const Genome back = read_genome(text, "<test>", space.banks);
    REQUIRE(back == genome);
    REQUIRE(print(back) == text);
  }
}

TEST_CASE("equal live programs have equal keys, others do not") {
  const Banks banks{{4, 3, 1}};
  LiveFinder finder(banks);
  const auto key = [&](const char* text, std::uint64_t salt = 0) {
    Genome live;
    finder.find(read_genome(text, "<test>", banks), live);
    return key_of(live, salt);
  };
  const char* plain = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s0 - s1\n  v2 = s3 * v0\n  v1 = v1 + v2\n";
  const char* same = "def Setup():\n  s2 = 0.5\ndef Predict():\n  v2 = v0 - v0\n  s1 = dot(v1, v0)\n"
                     "def Learn():\n  s3 = s0 - s1\n  v2 = s3 * v0\n  NoOp()\n  v1 = v2 + v1\n  s2 = s3 * s3\n";
  const char* other = "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s3 = s1 - s0\n  v2 = s3 * v0\n  v1 = v1 + v2\n";
  CHECK(key(plain) == key(same));
  CHECK_FALSE(key(plain) == key(other));
  CHECK_FALSE(key(plain) == key(plain, 1));
}

namespace {

/// Looks through random programs for those that are sure to predict zero, runs them, and gives how many there were.
int zero_predictors(const char* task, const Space& space, int programs) {
  const ProblemSet set = ProblemSet::make(tasks::make_task(task, {}), 5, 3);
  const auto features = static_cast<std::size_t>(set.info().sizes.at("features"));
  NumberedEvaluator evaluator(set, Join::mean, 100);
  LiveFinder finder(space.banks);
  SetupValues setup(space.banks, features);
  ZeroFinder zero(space.banks, bounds_of(set), features);
  const Genome nothing;
  const Genome* const none = &nothing;
  Score expected, score;
  evaluator.evaluate(std::span(&none, 1), std::span(&expected, 1));
  int found = 0;
  for (int n = 0; n < programs; ++n) {
    Draws draws(17, 0, 0, static_cast<std::uint64_t>(n));
    Genome genome = first_genome(space, true, draws), live;
    finder.find(genome, live);
    if (!setup.run(live) || !zero.predicts_zero(live, finder.needs().after_setup, setup)) continue;
    ++found;
    CAPTURE(print(live));
    const Genome* const one = &live;
    evaluator.evaluate(std::span(&one, 1), std::span(&score, 1));
    REQUIRE(score.fitness == expected.fitness);
    REQUIRE(score.steps == expected.steps);
    REQUIRE(score.fate == Fate::scored);
  }
  return found;
}

}  // namespace

TEST_CASE("programs that are sure to predict zero score like the empty one") {
  Space demo = every_op(8);
  for (auto& part : demo.parts) part.ops = parse_op_list("56,27,2,3,18,23", "ops");
  CHECK(zero_predictors("linear:features=4,train=60,valid=20", demo, 20000) > 2000);
  CHECK(zero_predictors("projected:data=digits,features=4,train=40,valid=40,test=4", demo, 5000) > 500);
  // Quotients, logarithms and the like make infinities of zeros.
  Space most = every_op(8);
  most.parts[0].ops = parse_op_list("1-58", "ops");
  CHECK(zero_predictors("linear:features=4,train=60,valid=20", most, 20000) > 500);
  CHECK(zero_predictors("projected:data=digits,features=4,train=40,valid=40,test=4", most, 5000) > 100);
}

TEST_CASE("a prediction that is zero only as long as numbers are finite is not sure") {
  const Banks banks{{4, 3, 1}};
  LiveFinder finder(banks);
  SetupValues setup(banks, 4);
  const auto zero = [&](const char* text, const DataBounds& bounds = {10, 10, false}) {
    Genome live;
    finder.find(read_genome(text, "<test>", banks), live);
    REQUIRE(setup.run(live));
    return ZeroFinder(banks, bounds, 4).predicts_zero(live, finder.needs().after_setup, setup);
  };
  CHECK(zero("def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s2 = s0 * s0\n"));
  CHECK(zero("def Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = s0 + s0\n"));
  CHECK_FALSE(zero("def Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = s2 + s0\n"));  // grows with every step
  CHECK_FALSE(zero("def Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = 1 / s0\n"));
  CHECK_FALSE(zero("def Predict():\n  s1 = s2 - s2\ndef Learn():\n  s2 = exp(s0)\n"));
  CHECK_FALSE(zero("def Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = s0 * s0\n", {10, 1e200, false}));
  CHECK_FALSE(zero("def Predict():\n  s1 = dot(v0, v1)\n", {std::numeric_limits<double>::infinity(), 10, false}));
  CHECK_FALSE(zero("def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = s2 * s3\ndef Learn():\n  s3 = s0 * s0\n"));
  // What Learn sees of a prediction of zero is one half where classes are learned.
  const char* learns = "def Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = s1 + s1\n  s3 = s1 + s1\n";
  CHECK(zero(learns));
  CHECK_FALSE(zero(learns, {10, 10, true}));
}

TEST_CASE("programs of other forms are refused by line") {
  const Banks banks{{4, 3, 1}};
  const auto message = [&](const char* text) {
    try {
      read_genome(text, "<test>", banks);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("def Predict():\n  s1 = s9\n").find("`s1 = s9`") != std::string::npos);
  CHECK(message("def Predict():\n  s1 = s9 + s2\n").find("only 4 scalars") != std::string::npos);
  CHECK(message("def Predict():\n  s1 = tanh(s2)\n").find("not an operation of AutoML-Zero") != std::string::npos);
  CHECK(message("state h : vector[3]\ndef Predict():\n  s1 = sum(h)\n").find("declares `h`") != std::string::npos);
  CHECK(message("def Predict():\n  s1 = s2 + 1\n").find("line 2") != std::string::npos);
}
