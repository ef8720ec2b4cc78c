#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "evolve/general/evaluator.hpp"
#include "evolve/general/mutations.hpp"
#include "evolve/general/program_key.hpp"
#include "evolve/general/settle.hpp"
#include "support.hpp"
#include "tests/support/random_program.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

CoreProgram library_program(const std::string& file, std::map<std::string, std::string> set = {}) {
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = std::move(set);
  const auto compiled = text::compile(text::read_source(file), options, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(compiled.has_value());
  return compiled->core;
}

std::string example(const char* name) { return MLZ_SOURCE_DIR "/examples/" + std::string(name); }

const std::vector<CoreProgram>& library_programs() {
  static const std::vector<CoreProgram> all{library_program("stdlib/mlp.mlz", {{"hidden", "8"}}),
                                            library_program("stdlib/linear.mlz"),
                                            library_program("stdlib/logistic.mlz"),
                                            library_program("stdlib/automl_nn.mlz"),
                                            library_program(example("02_network.mlz")),
                                            library_program(example("04_layers.mlz")),
                                            library_program(example("05_batches.mlz")),
                                            library_program(example("07_noise.mlz")),
                                            library_program(example("08_params.mlz")),
                                            library_program("stdlib/srwm.mlz"),
                                            library_program("stdlib/vsml.mlz"),
                                            library_program("stdlib/sfnn.mlz")};
  return all;
}

CoreProgram first_program(std::uint64_t seed) {
  if (seed % 2 == 0) return library_programs()[seed / 2 % library_programs().size()];
  tests::RandomProgramOptions options;
  options.core = seed % 4 == 1;
  return core_of(tests::random_program(seed, options));
}

GeneralSpace space_for(const CoreProgram& program) {
  GeneralSpace space;
  for (std::size_t f = 0; f < 3; ++f) {
    const int length = instructions_in(program.functions[f]);
    space.parts[f] = {parse_general_ops("all", "ops"), std::max(0, length - 3), length + 3};
  }
  space.most_temporaries = temporaries_of(program) + 4;
  return space;
}

using Table = std::map<std::string, std::string>;

/// What is known of registers, in an order of their names.
Table table_of(const CoreProgram& program) {
  Table out;
  for (const RegisterInfo& r : program.registers) {
    std::string turns;
    for (const std::string& turn : r.per_iteration) turns += "@" + turn;
    out[r.name] = r.shape.print() + turns + "/" + std::to_string(static_cast<int>(r.role)) + (r.is_state ? "s" : "") +
                  (r.is_param ? "p" : "");
  }
  return out;
}

/// A mutated program is one that its text gives again, binds, and stays within the limits.
void require_whole(const CoreProgram& program, const GeneralSpace& space) {
  const std::string text = print(program);
  INFO(text);
  Diagnostics problems;
  const auto again = text::compile(std::make_shared<SourceFile>(SourceFile{"<mutated>", text}), {}, problems);
  INFO(problems.text());
  REQUIRE(again.has_value());
  REQUIRE(print(again->core) == text);
  REQUIRE(again->core == program);
  REQUIRE(table_of(again->core) == table_of(program));
  vm::BindOptions bind;
  bind.sizes = {{"features", 5}, {"outputs", 3}, {"actions", 3}};
  const vm::BoundProgram bound = vm::bind(program, bind, problems);
  INFO(problems.text());
  REQUIRE(problems.ok());
  for (std::size_t f = 0; f < 3; ++f) {
    const int length = instructions_in(program.functions[f]);
    REQUIRE(length >= space.parts[f].least);
    REQUIRE(length <= space.parts[f].most);
  }
  REQUIRE(temporaries_of(program) <= space.most_temporaries);
}

/// Chains of mutations; every `check_every`th program is looked at.
void walk(std::uint64_t mutations, std::uint64_t check_every) {
  constexpr std::uint64_t kChain = 50;
  std::vector<std::uint64_t> changed(general_mutations().size()), tried(changed.size());
  for (std::uint64_t chain = 0; chain * kChain < mutations; ++chain) {
    CoreProgram program = first_program(chain);
    const GeneralSpace space = space_for(program);
    Draws draws(3, 0, 0, chain);
    for (std::uint64_t n = 0; n < kChain; ++n) {
      const std::size_t number = draws.below(static_cast<std::uint32_t>(changed.size()));
      const CoreProgram before = program;
      const bool did = mutate(general_mutations()[number], space, program, draws);
      ++tried[number];
      changed[number] += did;
      CAPTURE(general_mutations()[number].name);
      CAPTURE(chain);
      CAPTURE(n);
      REQUIRE(did != (program == before));
      if ((chain * kChain + n) % check_every == 0 || n + 1 == kChain) {
        INFO(print(before));
        require_whole(program, space);
      }
    }
  }
  for (std::size_t m = 0; m < changed.size(); ++m) {
    CAPTURE(general_mutations()[m].name);
    if (general_mutations()[m].name == std::string("identity"))
      CHECK(changed[m] == 0);
    else
      CHECK(changed[m] > tried[m] / 5);
  }
}

}  // namespace

TEST_CASE("mutated programs read back, bind and stay within limits") {
  const char* asked = std::getenv("MLZ_MUTATIONS");
  const std::uint64_t mutations = asked == nullptr ? 20'000 : std::strtoull(asked, nullptr, 10);
  walk(mutations, asked == nullptr ? 5 : 10);
}

TEST_CASE("held lines and functions stay, what is free around them changes") {
  const CoreProgram start = core_of(
      "const c = 0.5\n@hold\nconst kept = 2\nstate w : vector[features]\n@hold\ndef Setup():\n  w = normal(0, 0.1)\n"
      "def Predict():\n  @hold\n  h = w * x\n  a = sum(h)\n  b = a * c\n  s1 = b + kept\n"
      "def Learn():\n  @hold\n  for i in range(2):\n    w = w + 0.01\n  e = s0 - s1\n  g = e * x\n  w = w + g\n");
  GeneralSpace space = space_for(start);
  bool changed_c = false;
  for (std::uint64_t n = 0; n < 300; ++n) {
    CoreProgram program = start;
    Draws draws(9, 0, 0, n);
    for (int m = 0; m < 30; ++m) mutate(general_mutations()[draws.below(11)], space, program, draws);
    REQUIRE(program.functions[0] == start.functions[0]);
    const auto has = [](const std::vector<CoreLine>& lines, const CoreLine& wanted) {
      return std::find(lines.begin(), lines.end(), wanted) != lines.end();
    };
    REQUIRE(has(program.functions[1], start.functions[1][0]));
    REQUIRE(has(program.functions[2], start.functions[2][0]));
    REQUIRE(program.declarations[1] == start.declarations[1]);
    changed_c |= !(program.declarations[0] == start.declarations[0]);
  }
  CHECK(changed_c);
}

TEST_CASE("a program with nothing free says so") {
  const CoreProgram start = core_of(
      "@hold\ndef Predict():\n  s1 = dot(v0, v1)\n@hold\ndef Learn():\n  v1 = v1 + v0\n@hold\ndef Setup():\n  "
      "NoOp()\n");
  const GeneralSpace space = space_for(start);
  Draws draws(1, 0, 0, 0);
  for (int n = 0; n < 2000; ++n) {
    CoreProgram program = start;
    REQUIRE_FALSE(mutate(general_mutations()[draws.below(11)], space, program, draws));
    REQUIRE(program == start);
  }
}

TEST_CASE("what the task hands in, params and sizes are never written") {
  const CoreProgram start = core_of(
      "size n = 4\nparam P : vector[n] ~ normal(0, 1)\nparam lr : scalar = 0.1\nstate w = P\nstate y : "
      "vector[outputs]\n"
      "def Predict():\n  y = fill(0.5, outputs)\n  a = dot(w, P)\n  w = w * a\ndef Learn():\n  d = target - y\n  w = w "
      "* lr\n  b = sum(x)\n");
  GeneralSpace space = space_for(start);
  for (std::uint64_t n = 0; n < 200; ++n) {
    CoreProgram program = start;
    Draws draws(10, 0, 0, n);
    for (int m = 0; m < 40; ++m) mutate(general_mutations()[draws.below(11)], space, program, draws);
    for (const auto& lines : program.functions) {
      for (const CoreLine& line : lines) {
        for (const char* name : {"P", "lr", "target", "v0", "n", "x"}) REQUIRE(line.out.name != name);
      }
    }
  }
}

TEST_CASE("holes are filled with what fits, differently for every program") {
  const char* sketch =
      "state w : vector[features]\n@hold\ndef Predict():\n  s1 = ?(w, x)\n  ?3\ndef Learn():\n  s2 = s0 - ?\n  v2 = "
      "?\n  w = w ? v2\n  for i in range(2):\n    ?2\n";
  const CoreProgram start = core_of(sketch);
  REQUIRE(start.has_holes());
  GeneralSpace space = space_for(start);
  for (auto& part : space.parts) part.most = 10;
  space.most_temporaries = 20;
  std::set<std::string> seen;
  for (std::uint64_t n = 0; n < 200; ++n) {
    CoreProgram program = start;
    Draws draws(11, 0, 0, n);
    if (!fill_holes(space, program, draws)) continue;
    REQUIRE_FALSE(program.has_holes());
    REQUIRE(instructions_in(program.functions[1]) == 4);
    REQUIRE(instructions_in(program.functions[2]) == 5);
    require_whole(program, space);
    seen.insert(print(program));
  }
  CHECK(seen.size() > 150);
}

TEST_CASE("keys tell behaviour apart, not names, dead lines or the order of sums") {
  const auto key = [](const char* text) {
    const ProblemSet set{tasks::make_task("linear:features=4", {}), 0, {}};
    return key_of(*ProgramEvaluator(set, {}).bind(core_of(text)), 0);
  };
  const char* plain =
      "state w : vector[features]\ndef Predict():\n  y = dot(w, x)\ndef Learn():\n  d = target - y\n  w = w + d * x\n";
  const char* same =
      "const c = 2\nstate u : vector[features]\ndef Setup():\n  dead = normal(0, 1)\ndef Predict():\n  y = dot(u, x)\n"
      "def Learn():\n  e = target - y\n  z = e * c\n  u = x * e + u\n";
  CHECK(key(plain) == key(same));
  for (const char* other : {"state w : vector[features]\ndef Predict():\n  y = dot(w, x)\ndef Learn():\n  d = y - "
                            "target\n  w = w + d * x\n",
                            "param p : vector[features] ~ normal(0, 1)\nstate w = p\ndef Predict():\n  y = dot(w, "
                            "x)\ndef Learn():\n  d = target - y\n  w = w + d * x\n",
                            "param p : vector[features] ~ normal(0, 2)\nstate w = p\ndef Predict():\n  y = dot(w, "
                            "x)\ndef Learn():\n  d = target - y\n  w = w + d * x\n",
                            "state w : vector[features]\ndef Setup():\n  w = normal(0, 1)\ndef Predict():\n  y = "
                            "dot(w, x)\ndef Learn():\n  d = target - y\n  w = w + d * x\n"}) {
    CHECK_FALSE(key(plain) == key(other));
  }
}

TEST_CASE("first values of params tell programs apart unless all get other values") {
  const ProblemSet set{tasks::make_task("linear:features=4", {}), 0, {}};
  const auto key = [&](const char* value, bool given) {
    const std::string text = "param rate : scalar = " + std::string(value) +
                             "\nstate w : vector[features]\ndef Predict():\n  y = dot(w, x)\ndef Learn():\n"
                             "  d = target - y\n  d = rate * d\n  w = w + d * x\n";
    return key_of(*ProgramEvaluator(set, {}).bind(core_of(text)), 0, given);
  };
  CHECK_FALSE(key("0.1", false) == key("0.2", false));
  CHECK(key("0.1", true) == key("0.2", true));
}

TEST_CASE("a program of numbered registers scores the same in both forms") {
  const ProblemSet set = ProblemSet::make(tasks::make_task("linear:features=4,train=30,valid=20", {}), 5, 3);
  const ProgramEvaluator general(set, {eval::Protocol::automl, vm::DType::f64, "auto", Join::mean, 100});
  NumberedEvaluator numbered(set, Join::mean, 100);
  const Space space = every_op(8);
  LiveFinder finder(space.banks);
  for (std::uint64_t n = 0; n < 200; ++n) {
    Draws draws(8, 0, 0, n);
    const Genome genome = first_genome(space, true, draws);
    Genome live;
    finder.find(genome, live);
    const Genome* const program = &live;
    Score score;
    numbered.evaluate(std::span(&program, 1), std::span(&score, 1));
    const Score other = general.score(core_of(print(genome)));
    CAPTURE(print(genome));
    REQUIRE(other.fitness == score.fitness);
    REQUIRE(other.steps == score.steps);
  }
}
