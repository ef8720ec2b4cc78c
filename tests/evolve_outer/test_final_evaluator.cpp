#include <doctest/doctest.h>

#include <stdexcept>

#include "evolve/outer/final_evaluator.hpp"
#include "evolve/outer/fme.hpp"
#include "lang/text/compile.hpp"

using namespace mlz;
using namespace mlz::outer;

namespace {

using Tasks = std::vector<std::shared_ptr<const tasks::Task>>;

CoreProgram core_of(std::shared_ptr<SourceFile> source, const std::map<std::string, std::string>& set = {}) {
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = set;
  const auto compiled = text::compile(source, options, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return compiled->core;
}

CoreProgram core_of_text(const std::string& program) {
  return core_of(std::make_shared<SourceFile>(SourceFile{"<test>", program}));
}

CoreProgram fme(const std::map<std::string, std::string>& set = {}) {
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = set;
  const auto compiled = text::compile(text::read_source("stdlib/fme.mlz"), options, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return compiled->core;
}

Tasks task(const char* name) { return {tasks::make_task(name, tasks::DataPaths{})}; }

EvaluatorOptions options_of(vm::DType dtype) {
  EvaluatorOptions options;
  options.dtype = dtype;
  options.engine = "dense";
  return options;
}

/// The states of fme.mlz at the end of a lifetime, by another way: all registers observed, read by name.
Vector by_hand(const CoreProgram& program, const Tasks& on, const Vector& params, vm::DType dtype) {
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = on[0]->info().sizes;
  bind.observe = vm::Observe::all;
  const vm::BoundProgram bound = vm::bind(program, bind, diagnostics);
  REQUIRE(diagnostics.ok());
  vm::MachineOptions machine_options;
  machine_options.dtype = dtype;
  machine_options.seed = 11;
  machine_options.lifetimes = {4};
  std::size_t first = 0;
  for (const auto& param : bound.params) {
    const auto size = static_cast<std::size_t>(bound.registers[param.id].size());
    const auto begin = params.begin() + static_cast<std::ptrdiff_t>(first);
    machine_options.params.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(size));
    first += size;
  }
  const auto machine = vm::make_machine("dense", bound, machine_options);
  eval::Settings settings;
  settings.protocol = eval::Protocol::control;
  eval::run_lifetime(*machine, on[0]->info(), on[0]->problem(11, 4), settings);
  Vector out;
  for (const char* name : {"W[0]", "W[1]", "W[2]"}) {
    const vm::RegisterId id = bound.by_name.at(name);
    Vector values(static_cast<std::size_t>(bound.registers[id].size()));
    machine->read(id, 0, std::span<double>(values));
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

}  // namespace

TEST_CASE("a child is the solution as it modified itself, bit for bit") {
  const Tasks on = task("swapping_bandit:steps=40,period=10");
  for (const vm::DType dtype : {vm::DType::f32, vm::DType::f64}) {
    const CoreProgram program = fme({{"d", "8"}});
    const FinalEvaluator evaluator(program, on, options_of(dtype));
    const ParamEvaluator scores(program, on, options_of(dtype));
    const Vector params = scores.initial(5);
    Fme loop(params, {}, evaluator.handed_on(), {});
    const Lived lived = evaluator.live(loop.ask()[0], 11, 4);
    CHECK(lived.judged.steps == 40);
    CHECK(lived.judged.score == scores.score(params, 11, 4));
    CHECK(lived.final == by_hand(program, on, params, dtype));
    CHECK(lived.final != params);
    loop.tell_lived(Vector{-lived.judged.score}, std::vector<Vector>{lived.final});
    CHECK(loop.pool().solutions().back().numbers == lived.final);
    CHECK(evaluator.live(params, 11, 4).final == lived.final);
    CHECK(evaluator.live(params, 11, 5).final != lived.final);
    CHECK(evaluator.live(lived.final, 11, 4).final != lived.final);
  }
}

TEST_CASE("without self-modification a run leaves what it began with") {
  const Tasks on = task("bandit:steps=30");
  const FinalEvaluator evaluator(fme({{"modify", "0"}}), on, options_of(vm::DType::f64));
  const Vector params = ParamEvaluator(fme(), on).initial(5);
  CHECK(evaluator.live(params, 1, 0).final == params);
}

TEST_CASE("only numbers that a state begins as are handed on") {
  const CoreProgram program = core_of_text(
      "param a : scalar = 1\nparam b : vector[2] = 3\nstate B = b\n"
      "def Predict(x):\n  y = a * B\ndef Learn(x):\n  B = B + 1\n");
  const FinalEvaluator evaluator(program, task("bandit:steps=7"), options_of(vm::DType::f64));
  CHECK(evaluator.handed_on() == std::vector<char>{0, 1, 1});
  CHECK(evaluator.live(Vector{5, 6, 7}, 1, 0).final == Vector{5, 13, 14});
  CHECK_THROWS_AS(evaluator.live(Vector{5, 6}, 1, 0), std::invalid_argument);
}

TEST_CASE("a lifetime that fails has steps but leaves nothing") {
  const std::string head = "param b : vector[2] = 3\nstate B = b\nstate t : scalar\n";
  const FinalEvaluator fails(core_of_text(head + "def Predict(x):\n  y = sqrt(B)\ndef Learn(x):\n  B = B - 1\n"),
                             task("bandit:steps=20"), options_of(vm::DType::f64));
  const Lived failed = fails.live(Vector{3, 3}, 1, 0);
  CHECK(failed.final.empty());
  CHECK(failed.judged.steps == 5);
  CHECK(failed.judged.score == 0);
  const FinalEvaluator grows(core_of_text(head + "def Predict(x):\n  y = softmax(x)[0] * bernoulli(0.5, 2)\n"
                                                 "def Learn(x):\n  B = B * 1e200\n"),
                             task("bandit:steps=20"), options_of(vm::DType::f64));
  const Lived grown = grows.live(Vector{3, 3}, 1, 0);
  CHECK(grown.final.empty());
  CHECK(grown.judged.steps == 20);
}

TEST_CASE("programs that cannot hand anything on are refused") {
  const auto options = options_of(vm::DType::f64);
  const std::string rest = "def Predict(x):\n  y = b * b\n";
  CHECK_THROWS_WITH_AS(FinalEvaluator(core_of_text("param b : vector[2] = 3\n" + rest), task("bandit"), options),
                       doctest::Contains("no state begins as a param"), InputError);
  CHECK_THROWS_WITH_AS(
      FinalEvaluator(core_of_text("param b : vector[2]\nstate B = b\nstate C = b\n" + rest), task("bandit"), options),
      doctest::Contains("begin as `b`"), InputError);
  Tasks two = task("bandit");
  two.push_back(two[0]);
  CHECK_THROWS_WITH_AS(FinalEvaluator(fme(), two, options), doctest::Contains("one task"), InputError);
}
