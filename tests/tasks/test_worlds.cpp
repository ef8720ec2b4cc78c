#include <cmath>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

std::shared_ptr<const Control> control_of(const std::string& task, std::uint64_t seed = 1,
                                          std::uint32_t index = 0) {
  const Problem problem = make_task(task, DataPaths{})->problem(seed, index);
  REQUIRE(problem.control);
  return problem.control;
}

std::vector<double> first_state(const Control& control, std::uint64_t episode) {
  const auto world = control.world.make();
  DrawSequence draws(control.draws(episode));
  world->reset(draws);
  return {world->state().begin(), world->state().end()};
}

/// Mean reward of pulling one arm of a two-armed machine `count` times.
double mean_reward(const Control& control, double arm, int count) {
  const auto world = control.world.make();
  DrawSequence draws(control.draws(0));
  world->reset(draws);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += world->step(std::span(&arm, 1), draws).reward;
  return sum / count;
}

}  // namespace

TEST_CASE("every world makes its default form, and its sizes fit its observations and actions") {
  for (const char* name :
       {"cartpole", "acrobot", "mountain_car", "pendulum", "bandit", "swapping_bandit"}) {
    CAPTURE(name);
    const auto task = make_task(name, DataPaths{});
    const auto& info = task->info();
    CHECK(info.name == name);
    CHECK(info.protocol == "control");
    CHECK(info.metric == Metric::episode_return);
    const Problem problem = task->problem(1, 0);
    REQUIRE(problem.control);
    CHECK(problem.train->size() + problem.valid->size() + problem.test->size() == 0);
    const WorldInfo& world = problem.control->world;
    CHECK(info.sizes.at("features") == static_cast<std::int64_t>(world.observations));
    CHECK(info.sizes.at("actions") == static_cast<std::int64_t>(world.actions));
    CHECK(info.sizes.at("outputs") == info.sizes.at("actions"));
    CHECK(info.sizes.at("steps") == world.max_steps);
    CHECK(world.lowest < world.highest);
  }
  CHECK(make_task("cartpole:steps=20,mode=published,episodes=8", DataPaths{})->info().name ==
        "cartpole:steps=20,mode=published");
}

TEST_CASE(
    "first states depend on seed, lifetime and episode alone, and lie where Gymnasium draws them") {
  const auto a = control_of("cartpole");
  CHECK(first_state(*a, 3) == first_state(*control_of("cartpole"), 3));
  CHECK(first_state(*a, 3) != first_state(*a, 4));
  CHECK(first_state(*a, 3) != first_state(*control_of("cartpole", 2), 3));
  CHECK(first_state(*a, 3) != first_state(*control_of("cartpole", 1, 1), 3));
  const auto car = control_of("mountain_car"), rod = control_of("pendulum");
  bool steep = false;
  for (std::uint64_t k = 0; k < 200; ++k) {
    for (const double v : first_state(*a, k)) CHECK(std::abs(v) <= 0.05);
    const auto at = first_state(*car, k);
    CHECK((at[0] >= -0.6 && at[0] <= -0.4 && at[1] == 0));
    const auto rests = first_state(*rod, k);
    CHECK(std::abs(rests[1]) <= 1);
    steep |= std::abs(rests[0]) > 3;
  }
  CHECK(steep);
}

TEST_CASE("an episode is cut off at its limit unless the world ends with that step") {
  const auto world = mountain_car().make();
  DrawSequence draws{DrawKey{}};
  Episode episode(*world, 3);
  const double stay = 1, right = 2;
  episode.begin(draws);
  CHECK(!episode.step(std::span(&stay, 1), draws).done());
  CHECK(!episode.step(std::span(&stay, 1), draws).done());
  const auto last = episode.step(std::span(&stay, 1), draws);
  CHECK((last.truncated && !last.terminated && last.done()));
  episode.begin(std::vector<double>{0.49, 0.05});
  CHECK(episode.step(std::span(&right, 1), draws).terminated);
  CHECK_THROWS_AS(episode.begin(std::vector<double>{0.5}), InputError);
}

TEST_CASE("a bandit pays as often as it says, and the good arm moves on") {
  const auto still = control_of("bandit:good=0.8,bad=0.2");
  const double good = first_state(*still, 0)[0];
  CHECK(mean_reward(*still, good, 4000) == doctest::Approx(0.8).epsilon(0.05));
  CHECK(mean_reward(*still, 1 - good, 4000) == doctest::Approx(0.2).epsilon(0.1));

  const auto swapping = control_of("swapping_bandit:good=1,bad=0,period=3,steps=12");
  const auto world = swapping->world.make();
  DrawSequence draws(swapping->draws(0));
  world->reset(draws);
  const double arm = world->state()[0];
  std::string pays;
  for (int i = 0; i < 12; ++i)
    pays += world->step(std::span(&arm, 1), draws).reward == 1 ? '1' : '0';
  CHECK(pays == "111000111000");
  CHECK(mean_reward(*control_of("swapping_bandit:good=1,bad=0,period=0,chance=0.5"), 0, 4000) ==
        doctest::Approx(0.5).epsilon(0.1));

  const auto fixed = control_of("swapping_bandit:arms=3,first=2,good=1,bad=0");
  for (std::uint64_t episode = 0; episode < 20; ++episode) CHECK(first_state(*fixed, episode)[0] == 2);
}

TEST_CASE("options of worlds have ranges") {
  CHECK(contains(error_of([] { make_task("cartpole:episodes=0", DataPaths{}); }), "episodes"));
  CHECK(contains(error_of([] { make_task("cartpole:mode=fast", DataPaths{}); }), "published"));
  CHECK(contains(error_of([] { make_task("bandit:good=1.5", DataPaths{}); }), "good"));
  CHECK(contains(error_of([] { make_task("bandit:period=5", DataPaths{}); }), "period"));
  CHECK(contains(error_of([] { make_task("bandit:first=2", DataPaths{}); }), "names no arm"));
}

TEST_CASE("weights of episodes rise from nothing and add up to 1") {
  Control control;
  for (const std::size_t n : {1u, 2u, 8u}) {
    control.episodes = n;
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += control.weight(k);
    CHECK(sum == doctest::Approx(1));
  }
  CHECK(control.weight(0) == 0);
  CHECK(control.weight(7) == doctest::Approx(7.0 / 28));
  control.rising_weights = false;
  CHECK(control.weight(0) == doctest::Approx(1.0 / 8));
}
