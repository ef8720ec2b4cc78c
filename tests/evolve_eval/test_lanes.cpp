#include <bit>
#include <cmath>

#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;

namespace {

struct Place {
  const char* engine;
  vm::DType dtype;
};
constexpr Place kPlaces[] = {{"reference", vm::DType::f64},
                             {"lanes", vm::DType::f64},
                             {"lanes", vm::DType::f32},
                             {"dense", vm::DType::f64},
                             {"dense", vm::DType::f32}};

bool same_bits(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void check_curves(const Outcome& a, const Outcome& b) {
  REQUIRE(a.curve.size() == b.curve.size());
  for (std::size_t i = 0; i < a.curve.size(); ++i) {
    CHECK(a.curve[i].step == b.curve[i].step);
    CHECK(a.curve[i].examples == b.curve[i].examples);
    CHECK(a.curve[i].epoch == b.curve[i].epoch);
    CHECK(same_bits(a.curve[i].train, b.curve[i].train));
    CHECK(same_bits(a.curve[i].valid, b.curve[i].valid));
  }
}

/// All but time.
void check_same(const Outcome& a, const Outcome& b) {
  CHECK(same_bits(a.score, b.score));
  CHECK(same_bits(a.train, b.train));
  CHECK(same_bits(a.valid, b.valid));
  CHECK(same_bits(a.test, b.test));
  CHECK(same_bits(a.loss, b.loss));
  CHECK(a.returns == b.returns);
  REQUIRE(a.marks.size() == b.marks.size());
  for (std::size_t i = 0; i < a.marks.size(); ++i) CHECK(same_bits(a.marks[i], b.marks[i]));
  CHECK(a.steps == b.steps);
  CHECK(a.examples == b.examples);
  CHECK(a.non_finite == b.non_finite);
  CHECK(a.why == b.why);
  check_curves(a, b);
}

/// Lifetimes that differ in problem, seed, index and params.
struct Lives {
  tasks::TaskInfo info;
  std::vector<tasks::Problem> problems;
  std::vector<vm::Birth> births;
  Settings settings;

  void add(tasks::Problem problem, std::vector<double> param) {
    const auto k = static_cast<std::uint32_t>(problems.size());
    problems.push_back(std::move(problem));
    births.push_back({100 + k, 3 * k, std::make_shared<vm::ParamValues>(vm::ParamValues{std::move(param)})});
  }
  LaneLifetime lifetime(std::size_t k) const { return {&problems[k], births[k].seed, births[k].lifetime}; }

  vm::BoundProgram bound(const std::string& text) const {
    Diagnostics diagnostics;
    const auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{"<test>", text}), {}, diagnostics);
    REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
    vm::BindOptions bind;
    bind.sizes = info.sizes;
    vm::BoundProgram program = vm::bind(compiled->core, bind, diagnostics);
    REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
    return program;
  }

  Outcome alone(const vm::BoundProgram& program, const Place& place, std::size_t k) const {
    vm::MachineOptions options;
    options.dtype = place.dtype;
    options.births = {births[k]};
    const auto machine = vm::make_machine(place.engine, program, options);
    const LaneLifetime one = lifetime(k);
    return run_lifetimes(*machine, info, {&one, 1}, settings)[0];
  }

  /// On a machine that has led other lives before, with two lanes that idle.
  std::vector<Outcome> together(const vm::BoundProgram& program, const Place& place) const {
    vm::MachineOptions options;
    options.dtype = place.dtype;
    options.lanes = static_cast<int>(births.size()) + 2;
    const auto machine = vm::make_machine(place.engine, program, options);
    std::vector<LaneLifetime> lifetimes;
    for (std::size_t k = 0; k < problems.size(); ++k) lifetimes.push_back(lifetime(k));
    run_lifetimes(*machine, info, lifetimes, settings);
    auto all = births;
    all.resize(static_cast<std::size_t>(options.lanes), births[0]);
    machine->set_births(all);
    return run_lifetimes(*machine, info, lifetimes, settings);
  }

  void check(const std::string& text) const {
    const vm::BoundProgram program = bound(text);
    for (const Place& place : kPlaces) {
      CAPTURE(place.engine);
      const auto outcomes = together(program, place);
      REQUIRE(outcomes.size() == problems.size());
      for (std::size_t k = 0; k < outcomes.size(); ++k) {
        CAPTURE(k);
        check_same(outcomes[k], alone(program, place, k));
      }
    }
  }
};

/// Examples of `features` numbers, drawn.
std::shared_ptr<const tasks::Examples> some(std::size_t count, std::uint64_t seed, std::size_t features, int classes) {
  DrawSequence draws({seed, kTaskStream, 0, 0, 0});
  std::vector<std::vector<double>> x(count);
  std::vector<double> labels;
  for (auto& row : x) {
    for (std::size_t i = 0; i < features; ++i) row.push_back(draws.uniform(-1, 1));
    labels.push_back(classes > 0 ? static_cast<double>(draws.below(static_cast<std::uint64_t>(classes))) : draws.uniform());
  }
  return std::make_shared<Rows>(std::move(x), std::move(labels));
}

tasks::Problem problem(std::size_t train, std::size_t valid, std::size_t test, std::uint64_t seed) {
  tasks::Problem p;
  p.train = some(train, seed, 3, 2);
  p.valid = some(valid, seed + 1, 3, 2);
  p.test = some(test, seed + 2, 3, 2);
  p.epochs = 2;
  return p;
}

/// A program of two classes whose draws, params and memory all show in its predictions.
const char* const kNoisy = R"(
param rate : vector[2]     # of learning; beyond which step predictions are no numbers
state W : matrix[outputs, features]
state t : scalar
def Setup():
  W = normal(0, 1)
def Predict(x):
  t = t + 1
  y = W @ x + uniform(-0.1, 0.1, outputs) + log(1 - heaviside(t - rate[1]))
def Learn(x, target):
  W = W + rate[0] * outer(target - softmax(y) + normal(0, 0.1, outputs), x)
)";

Lives streams() {
  Lives lives;
  lives.info.name = "made_up";
  lives.info.classes = 2;
  lives.settings.marks = {2, 9, 10000};
  lives.settings.mark_window = 4;
  lives.info.sizes = {{"features", 3}, {"outputs", 2}};
  lives.settings.loss = true;
  lives.settings.curve_points = 5;
  lives.add(problem(9, 4, 3, 10), {0.1, 1000});
  lives.add(problem(9, 4, 3, 20), {0.5, 12});  // no number in the second epoch
  lives.add(problem(5, 0, 6, 30), {0.3, 1000});
  lives.add(problem(12, 2, 0, 40), {0.2, 1000});
  lives.add(problem(9, 0, 0, 50), {0.3, 2});
  lives.add(problem(0, 3, 3, 60), {0.3, 1000});
  return lives;
}

Lives worlds(const std::string& name) {
  const auto task = tasks::make_task(name, tasks::DataPaths{});
  Lives lives;
  lives.info = task->info();
  lives.settings.protocol = Protocol::control;
  for (std::uint32_t k = 0; k < 5; ++k) lives.add(task->problem(7, k), {0.3 + k, k == 3 ? 21.0 : 1000.0});
  return lives;
}

/// Chooses by what it saw, was rewarded with and did.
const char* const kActor = R"(
param rate : vector[2]
state W : matrix[actions, features]
state t : scalar
state b : vector[actions]
def Setup():
  W = normal(0, 1)
def Predict(x):
  t = t + 1
  y = W @ x + b + uniform(-0.5, 0.5, actions) + log(1 - heaviside(t - rate[1]))
def Learn(x):
  b = 0.9 * b + rate[0] * (reward * action - done) * x[0]
)";

}  // namespace

TEST_CASE("lifetimes in lanes are those of lone machines: examples") {
  Lives lives = streams();
  lives.check(kNoisy);
  lives.settings.ignore_non_finite = true;
  lives.check(kNoisy);
}

TEST_CASE("lifetimes in lanes are those of lone machines: batches, limits and examples that do not count") {
  Lives lives = streams();
  lives.settings.limits.steps = 7;
  lives.settings.epochs = 3;
  for (tasks::Problem& p : lives.problems) p.first_scored = 3;
  lives.check(kNoisy);
  lives.settings.limits.steps = 0;
  lives.settings.score_test = false;
  lives.check(R"(
size batch = 4
param rate : vector[2]
state W : matrix[features, outputs]
def Setup():
  W = normal(0, 1)
def Predict(x):
  y = x @ W
def Learn(x, target):
  W = W + rate[0] * x.T @ (target - softmax(y))
)");
}

TEST_CASE("lifetimes in lanes are those of lone machines: worlds") {
  for (const char* world : {"cartpole:episodes=3,steps=30", "cartpole:episodes=2,steps=25,mode=published",
                            "acrobot:episodes=2,steps=15", "pendulum:episodes=2,steps=12",
                            "swapping_bandit:episodes=2,steps=20"}) {
    CAPTURE(world);
    worlds(world).check(kActor);
  }
}

TEST_CASE("births that do not fit are refused, and change nothing") {
  const Lives lives = streams();
  const vm::BoundProgram program = lives.bound(kNoisy);
  for (const char* engine : {"reference", "lanes", "dense"}) {
    vm::MachineOptions options;
    options.lanes = 2;
    options.births = {lives.births[0], lives.births[1]};
    const auto machine = vm::make_machine(engine, program, options);
    CHECK_THROWS_AS(machine->set_births(std::span(lives.births).first(1)), InputError);
    const auto wrong = std::make_shared<vm::ParamValues>(vm::ParamValues{{1, 2, 3}});
    const std::vector<vm::Birth> births{lives.births[0], {1, 0, wrong}};
    CHECK_THROWS_AS(machine->set_births(births), InputError);
    const std::vector<LaneLifetime> two{lives.lifetime(0), lives.lifetime(1)};
    check_same(run_lifetimes(*machine, lives.info, two, lives.settings)[1],
               lives.alone(program, {engine, vm::DType::f64}, 1));
    const std::vector<LaneLifetime> three(3, lives.lifetime(0));
    CHECK_THROWS_AS(run_lifetimes(*machine, lives.info, three, lives.settings), std::logic_error);
  }
}
