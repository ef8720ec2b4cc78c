#include <doctest/doctest.h>

#include <bit>

#include "evolve/general/mutations.hpp"
#include "evolve/simplify/edits.hpp"
#include "evolve/simplify/simplify.hpp"
#include "lang/text/readable.hpp"
#include "support.hpp"
#include "tests/support/random_program.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

ProgramEvaluator on(const char* task, eval::Protocol protocol, vm::DType dtype, std::uint32_t problems = 2) {
  return {ProblemSet::make(tasks::make_task(task, {}), 7, problems), {protocol, dtype, "auto", Join::mean, 100}};
}

ProgramEvaluator linear() { return on("linear:features=4,train=30,valid=20", eval::Protocol::automl, vm::DType::f64); }

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

CoreProgram library_program(const char* file) {
  Diagnostics diagnostics;
  return text::compile(text::read_source(file), {}, diagnostics).value().core;
}

/// The readable form of a program without dead lines: whether it needed no way out, and has the same score.
bool reads_well(const CoreProgram& program, const ProgramEvaluator& set) {
  const Simplified s = simplify(program, std::span(&set, 1), {});
  const CoreProgram back = core_of(s.text);
  const Score score = set.score(back);
  INFO(print(program));
  INFO(s.text);
  REQUIRE(bits(score.fitness) == bits(s.before.front().fitness));
  REQUIRE(bits(score.fitness) == bits(s.after.front().fitness));
  REQUIRE(score.steps == s.before.front().steps);
  REQUIRE(instruction_count(s.core) <= instruction_count(program));
  return s.text == text::readable(s.core);
}

}  // namespace

TEST_CASE("the readable form of hand designs") {
  const ProgramEvaluator set = linear();
  const auto text = [&](const char* file) { return simplify(library_program(file), std::span(&set, 1), {}).text; };
  CHECK(text("stdlib/automl_linear.mlz")
            .find("def Predict(x):\n  y = dot(w, x)\n\ndef Learn(x, target):\n"
                  "  w = w + 0.001 * (target - y) * x\n") != std::string::npos);
  const std::string nn = text("stdlib/automl_nn.mlz");
  CHECK(nn.find("  h2 = A @ x + w1\n") != std::string::npos);
  CHECK(nn.find("  y = dot(h3, h1) + k\n") != std::string::npos);
}

TEST_CASE("dead lines are gone wherever they mention registers first") {
  const ProgramEvaluator set = linear();
  const CoreProgram program = core_of(
      "def Setup():\n  s3 = s2 + s2\n  v2 = normal(0, 1, features)\n  v3 = normal(0, 1, features)\n"
      "def Predict():\n  s4 = dot(v3, v0)\n  s1 = s4 + s2\ndef Learn():\n  s2 = s0 * s4\n  v2 = v3 + v2\n");
  const std::string text = simplify(program, std::span(&set, 1), {}).text;
  INFO(text);
  const CoreProgram smaller = core_of(text);
  CHECK(instruction_count(smaller) < instruction_count(program));
  CHECK(text.find("s3") == std::string::npos);
  CHECK(text.find("h2") == std::string::npos);  // one vector is left
  CHECK(bits(set.score(smaller).fitness) == bits(set.score(program).fitness));
}

TEST_CASE("dead lines, decided branches and what only they used are gone") {
  const ProgramEvaluator set = linear();
  const CoreProgram program = core_of(
      "size unused = 3\nconst fast = 0\nconst c = 0.25\nstate w : vector[features]\nstate idle : vector[unused]\n"
      "def Setup():\n  dead = normal(0, 1)\ndef Predict():\n  y = dot(w, x)\n  z = y * dead\n"
      "def Learn():\n  if fast:\n    w = w * c\n  else:\n    e = target - y\n    f = e * 0.01\n    g = f * x\n    w = "
      "w + g\n"
      "  for i in range(3):\n    idle = idle + 1\n");
  const Simplified s = simplify(program, std::span(&set, 1), {});
  CHECK(s.text ==
        "state w : vector[features]\n\ndef Predict(x):\n  y = dot(w, x)\n\ndef Learn(x, target):\n"
        "  w = w + (target - y) * 0.01 * x\n");
}

TEST_CASE("random programs of numbered registers behave the same in readable form") {
  const ProgramEvaluator set = linear();
  const Space space = every_op(8);
  int well = 0;
  for (std::uint64_t n = 0; n < 300; ++n) {
    Draws draws(12, 0, 0, n);
    well += reads_well(core_of(print(first_genome(space, true, draws))), set);
  }
  CHECK(well > 285);
}

TEST_CASE("random programs of any form behave the same in readable form") {
  const ProgramEvaluator f64 = on("linear:features=4,train=10,valid=10", eval::Protocol::stream, vm::DType::f64);
  const ProgramEvaluator f32 = on("linear:features=4,train=10,valid=10", eval::Protocol::stream, vm::DType::f32);
  int well = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    tests::RandomProgramOptions options;
    options.core = seed % 2 == 0;
    well += reads_well(core_of(tests::random_program(seed, options)), seed % 4 < 2 ? f64 : f32);
  }
  CHECK(well > 150);
}

TEST_CASE("mutated programs behave the same in readable form") {
  const ProgramEvaluator set = on("digits:size=8,train=40,valid=30,test=1", eval::Protocol::stream, vm::DType::f32, 1);
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = {{"hidden", "6"}};
  const CoreProgram start = text::compile(text::read_source("stdlib/mlp.mlz"), options, diagnostics).value().core;
  GeneralSpace space;
  for (auto& part : space.parts) part = {parse_general_ops("all", "ops"), 0, 100};
  space.most_temporaries = 100;
  int well = 0;
  for (std::uint64_t n = 0; n < 60; ++n) {
    CoreProgram program = start;
    Draws draws(13, 0, 0, n);
    for (int m = 0; m < 40; ++m) mutate(general_mutations()[draws.below(11)], space, program, draws);
    well += reads_well(program, set);
  }
  CHECK(well > 50);
}

TEST_CASE("ablation and tuning never lower a score, and leave nothing that could go") {
  const std::array<ProgramEvaluator, 2> sets{
      linear(), on("linear:features=4,train=200,valid=50", eval::Protocol::automl, vm::DType::f64)};
  const Space space = every_op(6);
  for (std::uint64_t n = 0; n < 30; ++n) {
    Draws draws(14, 0, 0, n);
    const CoreProgram program = core_of(print(first_genome(space, true, draws)));
    const Simplified s = simplify(program, sets, {true, 20, n});
    const CoreProgram back = core_of(s.text);
    CAPTURE(print(program));
    CAPTURE(s.text);
    for (std::size_t k = 0; k < sets.size(); ++k) {
      REQUIRE(s.after[k].fitness >= s.before[k].fitness);
      REQUIRE(bits(sets[k].score(back).fitness) == bits(s.after[k].fitness));
    }
    const CoreProgram plain = simplify(program, sets, {true, 0, n}).core;
    const std::vector<double> reached{sets[0].score(plain).fitness, sets[1].score(plain).fitness};
    for (std::size_t line = 0; line < instruction_count(plain); ++line) {
      const auto smaller = without(plain, [line](std::size_t other) { return other == line; });
      if (!smaller) continue;
      REQUIRE((sets[0].score(*smaller).fitness < reached[0] || sets[1].score(*smaller).fitness < reached[1]));
    }
  }
}

TEST_CASE("tuning finds a better learning rate") {
  const ProgramEvaluator set = linear();
  const Simplified s = simplify(library_program("stdlib/automl_linear.mlz"), std::span(&set, 1), {false, 200, 1});
  CHECK(s.after.front().fitness > s.before.front().fitness + 0.2);
}
