#include "tools/golden/world_cases.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/learner.hpp"

/// Recorded trajectories of the worlds of control tasks.
namespace mlz::golden {
namespace {

using nlohmann::json;

/// A recorded trajectory, stepped with our world.
class Replay {
 public:
  explicit Replay(const json& recorded)
      : expected_(recorded.at("expected")),
        actions_(recorded.at("inputs").at("action")),
        info_(world_of(recorded.at("config").at("env"))),
        world_(info_.make()),
        episode_(*world_, recorded.at("config").at("time_limit")),
        observation_(info_.observations) {
    if (!info_.continuous) {
      for (const json& action : actions_) {
        const double index = number(action);
        if (!(index >= 0 && index < static_cast<double>(info_.actions)))
          throw InputError("an action is out of range");
      }
    }
    if (actions_.empty() || expected_.at("state").size() != actions_.size() + 1)
      throw InputError("a state is needed before the first action and after each one");
  }

  /// Steps on from each recorded state.
  void one_step(Comparison& compare) {
    for (std::size_t t = 0; t < actions_.size(); ++t) {
      episode_at(t, state_at(t));
      look(t, compare);
      step(t, compare);
    }
  }
  /// Steps from the first state to the end.
  void free_running(const json& initial, Comparison& compare) {
    episode_.begin(numbers(initial));
    for (std::size_t t = 0; t < actions_.size(); ++t) {
      look(t, compare);
      step(t, compare);
    }
    look(actions_.size(), compare);
  }

 private:
  std::vector<double> state_at(std::size_t t) const { return numbers(expected_.at("state").at(t)); }
  /// Brings the world into a state at time t.
  void episode_at(std::size_t t, const std::vector<double>& state) {
    if (t == 0) return episode_.begin(state);
    const auto numbers_of_world = world_->state();
    if (numbers_of_world.size() != state.size())
      throw InputError("a state has another number of entries");
    std::copy(state.begin(), state.end(), numbers_of_world.begin());
  }
  void look(std::size_t t, Comparison& compare) {
    world_->observe(observation_);
    compare.recorded(fmt::format("obs[{}]", t), expected_.at("obs").at(t), observation_);
  }
  void step(std::size_t t, Comparison& compare) {
    const auto action = numbers(actions_[t]);
    const auto after = episode_.step(action, draws_);
    const std::span<double> state = world_->state();
    compare.numbers(fmt::format("state[{}]", t + 1), state_at(t + 1), state);
    compare.recorded(fmt::format("reward[{}]", t), expected_.at("reward").at(t),
                     std::span(&after.reward, 1));
    compare.exactly(fmt::format("terminated[{}]", t), number(expected_.at("terminated").at(t)),
                    after.terminated);
    compare.exactly(fmt::format("truncated[{}]", t), number(expected_.at("truncated").at(t)),
                    after.truncated);
  }

  const json& expected_;
  const json& actions_;
  tasks::WorldInfo info_;
  std::unique_ptr<tasks::World> world_;
  tasks::Episode episode_;
  DrawSequence draws_{DrawKey{}};
  std::vector<double> observation_;
};

}  // namespace

tasks::WorldInfo world_of(const std::string& environment) {
  static const std::map<std::string, tasks::WorldInfo (*)()> worlds{
      {"CartPole-v1", tasks::cartpole},
      {"Acrobot-v1", tasks::acrobot},
      {"MountainCar-v0", tasks::mountain_car},
      {"Pendulum-v1", tasks::pendulum}};
  const auto found = worlds.find(environment);
  if (found == worlds.end()) throw InputError(fmt::format("there is no world \"{}\"", environment));
  return found->second();
}

std::optional<std::string> check_trajectory(const json& recorded, const Options&) {
  Comparison one_step(recorded.at("one_step_tolerance"));
  Replay(recorded).one_step(one_step);
  if (one_step.difference()) return "one step: " + *one_step.difference();
  const json& tolerance = recorded.at("trajectory_tolerance");
  if (tolerance.is_null()) return std::nullopt;
  Comparison free_running(tolerance);
  Replay(recorded).free_running(recorded.at("inputs").at("initial_state"), free_running);
  if (free_running.difference()) return "free running: " + *free_running.difference();
  return std::nullopt;
}

}  // namespace mlz::golden
