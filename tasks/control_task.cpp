#include "tasks/control_task.hpp"

#include "tasks/draw_keys.hpp"
#include "tasks/examples.hpp"

namespace mlz::tasks {
namespace {

class ControlTask final : public Task {
 public:
  ControlTask(WorldInfo world, const Options& options) {
    world.max_steps = options.whole("steps");
    info_.name = options.full_name(world.name);
    info_.sizes = {{"features", static_cast<std::int64_t>(world.observations)},
                   {"outputs", static_cast<std::int64_t>(world.actions)},
                   {"actions", static_cast<std::int64_t>(world.actions)},
                   {"steps", world.max_steps}};
    info_.metric = Metric::episode_return;
    info_.protocol = "control";
    info_.source = "simulated";
    control_.world = std::move(world);
    control_.episodes = options.count("episodes");
    control_.idle_to_limit = options.text("mode") == "published";
    control_.rising_weights = options.text("weights") == "rising";
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    static const auto none =
        std::make_shared<DenseExamples>(std::vector<double>{}, 1, std::vector<double>{});
    auto control = std::make_shared<Control>(control_);
    control->draws = [seed, index](std::uint64_t episode) {
      return task_key(seed, index, Purpose::episode, episode);
    };
    Problem problem{none, none, none, 1, {}, {}};
    problem.control = std::move(control);
    return problem;
  }

 private:
  TaskInfo info_;
  Control control_;
};

}  // namespace

std::shared_ptr<const Task> make_control_task(WorldInfo world, const Options& options) {
  return std::make_shared<ControlTask>(std::move(world), options);
}

std::vector<TaskOption> control_options(const char* episodes, const char* steps) {
  return {{"episodes", episodes,
           "episodes in a lifetime; the program keeps its state from one to the next",
           OptionKind::whole, 1, 1e6},
          {"steps", steps, "an episode ends after so many", OptionKind::whole, 1, 1e7},
          {"mode",
           "simple",
           "simple: an episode ends when the world does; published: the world then starts anew, "
           "unscored, until `steps`",
           OptionKind::choice,
           0,
           0,
           {"simple", "published"}},
          {"weights",
           "rising",
           "of the episodes in the score: rising from 0, or equal",
           OptionKind::choice,
           0,
           0,
           {"rising", "equal"}}};
}

}  // namespace mlz::tasks
