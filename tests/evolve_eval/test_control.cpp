#include <cmath>

#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using test::scalar;

namespace {

/// Ends by itself after some steps; the observation is how many were taken in this episode, the
/// reward the index of the action plus one, or the first number of a continuous action.
class Counting : public tasks::World {
 public:
  Counting(double end, bool continuous) : end_(end), continuous_(continuous) {}
  void reset(DrawSequence&) override { steps_ = 0; }
  std::span<double> state() override { return {&steps_, 1}; }
  void observe(std::span<double> out) const override { out[0] = steps_; }
  tasks::Feedback step(std::span<const double> action, DrawSequence&) override {
    ++steps_;
    return {continuous_ ? action[0] : action[0] + 1, steps_ == end_};
  }

 private:
  double end_, steps_ = 0;
  bool continuous_;
};

struct Lifetime {
  std::shared_ptr<tasks::Control> control = std::make_shared<tasks::Control>();
  ControlRecord record;
  test::World world{tasks::Metric::episode_return};

  explicit Lifetime(double end = 3, bool continuous = false) {
    control->world.name = "counting";
    control->world.observations = 1;
    control->world.actions = continuous ? 1 : 3;
    control->world.continuous = continuous;
    control->world.max_steps = 5;
    control->world.lowest = 0;
    control->world.highest = 10;
    control->episodes = 2;
    control->world.make = [=] { return std::make_unique<Counting>(end, continuous); };
    const auto actions = static_cast<std::int64_t>(control->world.actions);
    world.info.sizes = {{"features", 1}, {"outputs", actions}, {"actions", actions}};
    world.problem.control = control;
    world.settings.protocol = Protocol::control;
  }
  Outcome run(vm::Machine& machine) {
    world.settings.control_record = &record;
    return world.run(machine);
  }
  Outcome run(const std::string& text) { return run(*world.machine(text)); }
};

/// Keeps what it was shown as the digits of numbers, the latest last.
const char* const kWitness =
    "state y : vector[outputs]\n"
    "state seen : scalar\nstate rewards : scalar\nstate later : scalar\nstate ends : scalar\nstate "
    "shown : scalar\n"
    "state acted : scalar\n"
    "def Predict(x):\n  seen = seen * 10 + sum(x)\n  rewards = rewards * 10 + reward\n  ends = "
    "ends * 10 + done\n"
    "  shown = shown * 10 + sum(action)\n  y[1] = 1\n  y[2] = 1\n"
    "def Learn(x):\n  later = later * 10 + reward\n  acted = acted * 10 + argmax(action)\n";

}  // namespace

TEST_CASE(
    "Predict sees what the last step brought, Learn what this one did, with nothing reset between "
    "episodes") {
  Lifetime lifetime(2);
  const auto machine = lifetime.world.machine(kWitness);
  const Outcome outcome = lifetime.run(*machine);
  CHECK(scalar(*machine, "seen") == doctest::Approx(101));
  CHECK(scalar(*machine, "rewards") == doctest::Approx(222));
  CHECK(scalar(*machine, "later") == doctest::Approx(2222));
  CHECK(scalar(*machine, "ends") == doctest::Approx(10));
  CHECK(scalar(*machine, "shown") == doctest::Approx(111));
  CHECK(scalar(*machine, "acted") == doctest::Approx(1111));
  CHECK(outcome.steps == 4);
  CHECK(outcome.returns == std::vector<double>{4, 4});
  CHECK(lifetime.record.episodes[1].actions == std::vector<double>{1, 1});
  CHECK(lifetime.record.episodes[1].final_state == std::vector<double>{2});
}

TEST_CASE("an episode ends when the world does, or at the limit") {
  CHECK(Lifetime(3).run("state y : vector[outputs]\n").steps == 6);
  CHECK(Lifetime(7).run("state y : vector[outputs]\n").steps == 10);
}

TEST_CASE("the published mode idles to the limit, and scores an episode up to its first end") {
  Lifetime lifetime(3);
  lifetime.control->idle_to_limit = true;
  const auto machine = lifetime.world.machine(kWitness);
  const Outcome outcome = lifetime.run(*machine);
  CHECK(outcome.steps == 10);
  CHECK(outcome.returns == std::vector<double>{6, 6});
  CHECK(scalar(*machine, "seen") == doctest::Approx(120101201.0));
}

TEST_CASE("the score is the weighted normalised return") {
  Lifetime lifetime(3);
  lifetime.control->episodes = 3;
  // Action 0 in the first episode, 2 afterwards.
  const Outcome outcome = lifetime.run(
      "state y : vector[outputs]\nstate t : scalar\ndef Predict(x):\n  t += 1\n  y[2] = "
      "heaviside(t - 4)\n");
  CHECK(outcome.returns == std::vector<double>{3, 9, 9});
  CHECK(outcome.score == doctest::Approx(0.9));
  CHECK(outcome.train == doctest::Approx(7));
  CHECK(outcome.test == doctest::Approx(9));
  CHECK(outcome.curve.size() == 3);
  CHECK(outcome.curve[1].train == doctest::Approx(9));
  lifetime.control->rising_weights = false;
  CHECK(control_score(*lifetime.control, outcome.returns) == doctest::Approx(0.7));
  CHECK(control_score(*lifetime.control, std::vector<double>{3, 9}) == doctest::Approx(0.6));
  CHECK(control_score(*lifetime.control, {}) == 0);
  CHECK(product_score(std::vector<double>{0.5, 0.5, -1}) == doctest::Approx(-0.25));
}

TEST_CASE("a continuous world takes y itself") {
  Lifetime lifetime(2, true);
  const Outcome outcome = lifetime.run("def Predict(x):\n  y = 1.5 + sum(x)\n");
  CHECK(outcome.returns == std::vector<double>{4, 4});
  CHECK(lifetime.record.episodes[0].actions == std::vector<double>{1.5, 2.5});
}

TEST_CASE("a y that is not finite ends the lifetime, or is passed over") {
  const char* const program =
      "state y : vector[outputs]\ndef Predict(x):\n  y[0] = log(0 - sum(x) - 1)\n  y[1] = -1 / "
      "sum(x)\n";
  Lifetime lifetime(2);
  const Outcome outcome = lifetime.run(program);
  CHECK(outcome.why == Stop::non_finite);
  CHECK(outcome.failed());
  CHECK(outcome.score == 0);
  Lifetime lenient(2);
  lenient.world.settings.ignore_non_finite = true;
  const Outcome passed = lenient.run(program);
  CHECK(passed.why == Stop::finished);
  CHECK(passed.non_finite == 4);
  CHECK(lenient.record.episodes[0].actions == std::vector<double>{2, 2});
}

TEST_CASE("limits of steps hold, and whole episodes count") {
  Lifetime lifetime(3);
  lifetime.world.settings.limits.steps = 4;
  const Outcome outcome = lifetime.run("state y : vector[outputs]\n");
  CHECK(outcome.steps == 4);
  CHECK(outcome.why == Stop::steps);
  CHECK(outcome.returns.size() == 1);
}

TEST_CASE("programs and protocols that do not fit a world are told so") {
  Lifetime lifetime;
  const auto& world = lifetime.world;
  const auto fit = [&](const char* text, Protocol protocol) {
    check_fit(world.machine(text)->program(), world.info, protocol);
  };
  CHECK_NOTHROW(fit("state y : vector[outputs]\n", Protocol::control));
  CHECK_NOTHROW(fit("size batch = 1\nstate y : matrix[batch, outputs]\n", Protocol::control));
  CHECK_THROWS_WITH_AS(fit("def Predict(x):\n  y = sum(x)\n", Protocol::control),
                       doctest::Contains("make y a vector"), InputError);
  CHECK_THROWS_WITH_AS(fit("size batch = 2\nstate y : matrix[batch, outputs]\n", Protocol::control),
                       doctest::Contains("--set batch=1"), InputError);
  CHECK_THROWS_WITH_AS(fit("state y : vector[outputs]\n", Protocol::stream),
                       doctest::Contains("--protocol control"), InputError);
  CHECK_THROWS_WITH_AS(fit("state y : vector[outputs]\n", Protocol::automl),
                       doctest::Contains("--protocol control"), InputError);
  lifetime.world.settings.epochs = 3;
  CHECK_THROWS_WITH_AS(lifetime.run("state y : vector[outputs]\n"), doctest::Contains("episodes"),
                       InputError);
  const test::World examples(tasks::Metric::accuracy, 2);
  CHECK_THROWS_WITH_AS(check_fit(examples.machine("def Predict(x):\n  y = sum(x)\n")->program(),
                                 examples.info, Protocol::control),
                       doctest::Contains("--protocol stream"), InputError);
}
