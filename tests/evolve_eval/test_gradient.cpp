#include <cmath>

#include "evolve/eval/gradient.hpp"
#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;

namespace {

vm::BoundProgram bound_for(const World& world, const std::string& text) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>(SourceFile{"learner.mlz", text});
  const auto compiled = text::compile(file, {}, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  vm::BindOptions bind;
  bind.sizes = world.info.sizes;
  auto made = vm::bind(compiled->core, bind, diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return made;
}

GradientOptions f64(const std::string& engine = "reference") {
  GradientOptions options;
  options.engine = engine;
  options.dtype = vm::DType::f64;
  return options;
}

using Params = std::vector<std::vector<double>>;

LifetimeGradient gradient(const World& world, const vm::BoundProgram& program, const Params& params,
                          const GradientOptions& options) {
  const vm::Adjoint adjoint = vm::differentiate(program, adjoint_options(options));
  LifetimeGradients gradients(program, adjoint, world.info, 1, options);
  const std::uint32_t lifetime = 0;
  return gradients.of({&world.problem, 1}, {&lifetime, 1}, std::make_shared<const vm::ParamValues>(params),
                      world.settings)[0];
}

Outcome outcome(const World& world, const vm::BoundProgram& program, const Params& params) {
  vm::MachineOptions options;
  options.params = params;
  options.seed = world.settings.seed;
  Settings settings = world.settings;
  settings.loss = true;
  return run_lifetime(*vm::make_machine("reference", program, options), world.info, world.problem, settings);
}

/// Loss, score and steps are those of the lifetime, and the gradient is that of its loss.
void check(const World& world, const std::string& text) {
  const vm::BoundProgram program = bound_for(world, text);
  const Params params = vm::initial_params(program, 3);
  const LifetimeGradient found = gradient(world, program, params, f64());
  const Outcome plain = outcome(world, program, params);
  CHECK(found.loss == doctest::Approx(plain.loss).epsilon(1e-13));
  CHECK(found.steps == plain.steps);
  CHECK(found.score == doctest::Approx(fitness_of(world.info.metric, plain.train)));
  for (std::size_t p = 0; p < params.size(); ++p) {
    for (std::size_t k = 0; k < params[p].size(); ++k) {
      constexpr double h = 1e-4;
      Params up = params, down = params;
      up[p][k] += h, down[p][k] -= h;
      const double expected = (outcome(world, program, up).loss - outcome(world, program, down).loss) / (2 * h);
      INFO("param ", p, " entry ", k);
      CHECK(found.params[p][k] == doctest::Approx(expected).epsilon(1e-6).scale(1));
    }
  }
}

constexpr const char* kNumber = R"(
param rate : scalar = 0.1
param w0 : scalar = 0.5
state w = w0
state y : scalar
def Predict(x):
  y = w * x[0]
def Learn(x, target):
  w = w + rate * (target - y) * x[0]
)";

constexpr const char* kClasses = R"(
param W0 : matrix[outputs, features] ~ normal(0, 1)
param rate : scalar = 0.3
state W = W0
state y : vector[outputs]
def Predict(x):
  y = W @ x
def Learn(x, target):
  W = W + rate * outer(target - softmax(y), x)
)";

World numbers_world() {
  World world(tasks::Metric::rms_error);
  world.problem.train = rows({1, 2, -1, 0.5, 0.7}, {2, 3.5, -2.5, 1, 1.2});
  return world;
}

World classes_world() {
  World world(tasks::Metric::accuracy, 3, 2);
  world.problem.train =
      std::make_shared<Rows>(std::vector<std::vector<double>>{{1, 0.5}, {-0.4, 1}, {0.2, -1}, {1, 1}, {0.3, 0.1}},
                             std::vector<double>{0, 1, 2, 0, 1});
  return world;
}

}  // namespace

TEST_CASE("squared errors of numbers, over several epochs") {
  World world = numbers_world();
  check(world, kNumber);
  world.settings.epochs = 3;
  check(world, kNumber);
  world.settings.limits.steps = 8;
  check(world, kNumber);
}

TEST_CASE("cross entropy of classes") {
  World world = classes_world();
  check(world, kClasses);
  world.problem.first_scored = 4;
  check(world, kClasses);
}

TEST_CASE("the probability of one of two classes") {
  World world(tasks::Metric::accuracy, 2);
  world.problem.train = rows({1, 2, -1, 0.5}, {1, 1, 0, 0});
  check(world, R"(
param rate : scalar = 0.4
param w0 : scalar = 0.5
state w = w0
state y : scalar
def Predict(x):
  y = sigmoid(w * x[0])
def Learn(x, target):
  w = w + rate * (target - y) * x[0]
)");
}

TEST_CASE("batches, the last of which is filled up") {
  World world = classes_world();
  world.settings.epochs = 2;
  check(world, R"(
size batch = 3
param W0 : matrix[outputs, features] ~ normal(0, 1)
param rate : scalar = 0.3
state W = W0
state y : matrix[batch, outputs]
def Predict(x):
  y = x @ W.T
def Learn(x, target):
  W = W + rate * (target - softmax(y)).T @ x
)");
}

TEST_CASE("few kept states, other engines and f32 give the same gradient") {
  World world = classes_world();
  world.settings.epochs = 4;
  const vm::BoundProgram program = bound_for(world, kClasses);
  const Params params = vm::initial_params(program, 3);
  const Params expected = gradient(world, program, params, f64()).params;
  for (const char* engine : {"reference", "dense", "lanes"}) {
    for (const std::int64_t remat : {1, 3, 100}) {
      GradientOptions options = f64(engine);
      options.blas = false;
      options.remat = remat;
      CHECK(gradient(world, program, params, options).params == expected);
    }
    GradientOptions options = f64(engine);
    options.max_bytes = 20 * 48;  // W has six numbers: less than all twenty states and what they are replayed from
    CHECK(gradient(world, program, params, options).loss > 0);
  }
  GradientOptions narrow;
  const Params found = gradient(world, program, params, narrow).params;
  for (std::size_t p = 0; p < found.size(); ++p) {
    for (std::size_t k = 0; k < found[p].size(); ++k)
      CHECK(found[p][k] == doctest::Approx(expected[p][k]).epsilon(1e-4));
  }
}

TEST_CASE("states that do not fit are refused with their size") {
  World world = classes_world();
  world.settings.epochs = 40;
  const vm::BoundProgram program = bound_for(world, kClasses);
  GradientOptions options = f64();
  options.max_bytes = 100;
  CHECK_THROWS_WITH_AS(gradient(world, program, vm::initial_params(program, 3), options),
                       doctest::Contains("more than the allowed 100"), InputError);
}

TEST_CASE("gradients of inputs and of the first state") {
  World world = numbers_world();
  const vm::BoundProgram program = bound_for(world, kNumber);
  GradientOptions options = f64();
  options.inputs = options.initial_state = true;
  const LifetimeGradient found = gradient(world, program, {{0.1}, {0.5}}, options);
  CHECK(found.initial_state.at("w") == found.params[1]);
  REQUIRE(found.inputs.size() == 5);
  for (std::size_t t = 0; t < 5; ++t) {
    constexpr double h = 1e-5;
    double loss[2];
    for (const int side : {0, 1}) {
      std::vector<double> x{1, 2, -1, 0.5, 0.7};
      x[t] += side == 0 ? h : -h;
      World moved = world;
      moved.problem.train = rows(x, {2, 3.5, -2.5, 1, 1.2});
      loss[side] = outcome(moved, program, {{0.1}, {0.5}}).loss;
    }
    CHECK(found.inputs[t][0] == doctest::Approx((loss[0] - loss[1]) / (2 * h)).epsilon(1e-7));
  }
}

TEST_CASE("programs without a gradient are refused, saying why") {
  const World world = numbers_world();
  const auto message = [&](const std::string& text) {
    const vm::BoundProgram program = bound_for(world, text);
    try {
      vm::differentiate(program);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("state y : scalar\ndef Predict(x):\n  y = x[0]\n").find("has no params") != std::string::npos);
  CHECK(message("param p : scalar = 1\nstate y : scalar\ndef Predict(x):\n  y = x[0] * floor(p)\n").find("no param") !=
        std::string::npos);
}

TEST_CASE("a gradient that is not finite is reported with line and step") {
  const World world = numbers_world();
  const auto message = [&](const std::string& text) {
    const vm::BoundProgram program = bound_for(world, text);
    try {
      gradient(world, program, vm::initial_params(program, 0), f64());
    } catch (const NonFiniteGradient& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string back = message("param p : scalar = 0\nstate y : scalar\ndef Predict(x):\n  y = sqrt(p) * x[0]\n");
  INFO(back);
  CHECK(back.find("step 5 back") != std::string::npos);
  CHECK(back.find("learner.mlz:4") != std::string::npos);
  CHECK(back.find("sqrt(p)") != std::string::npos);
  const std::string forward = message("param p : scalar = 0\nstate y : scalar\ndef Predict(x):\n  y = log(p) * x[0]\n");
  INFO(forward);
  CHECK(forward.find("learner.mlz:4") != std::string::npos);
  CHECK(forward.find("log(p)") != std::string::npos);
}

TEST_CASE("a loss without scored predictions is refused") {
  World world = numbers_world();
  world.problem.first_scored = 5;
  const vm::BoundProgram program = bound_for(world, kNumber);
  CHECK_THROWS_WITH_AS(gradient(world, program, {}, f64()), doctest::Contains("no prediction"), InputError);
}
