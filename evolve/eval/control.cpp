#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evolve/eval/protocols.hpp"
#include "evolve/eval/watch.hpp"

namespace mlz::eval {
namespace {

/// The highest of some numbers, the first of equal ones; NaN never wins.
template <class T>
std::size_t argmax(std::span<const T> y) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < y.size(); ++i) {
    if (y[i] > y[best] || std::isnan(y[best])) best = std::isnan(y[i]) ? best : i;
  }
  return best;
}

/// One lifetime in a world.
template <class T>
class Acting {
 public:
  Acting(vm::Machine& machine, const tasks::Control& control, const Settings& settings)
      : machine_(machine),
        control_(control),
        settings_(settings),
        world_(control.world.make()),
        episode_(*world_, control.world.max_steps),
        observation_(control.world.observations),
        action_(control.world.actions),
        y_(control.world.actions),
        choice_(control.world.continuous ? control.world.actions : 1),
        watch_(settings.limits, [this](double seconds) { tick(seconds); }) {}

  Outcome run();

 private:
  std::int64_t steps_at_most() const {
    return static_cast<std::int64_t>(control_.episodes) * control_.world.max_steps;
  }
  void tick(double seconds) {
    if (settings_.on_progress)
      settings_.on_progress({outcome_.steps, steps_at_most(), seconds, last_return_});
  }
  void write(Role role, std::span<const T> values) {
    const vm::RegisterId id = machine_.program().with_role(role);
    if (id != vm::kNoRegister) machine_.write(id, 0, values);
  }
  void write(Role role, T value) { write(role, std::span<const T>(&value, 1)); }
  void show();
  bool choose();
  bool act(tasks::Episode::Step& after);
  bool live(std::size_t k);
  void begin(std::size_t k);
  void finish(std::size_t k, double total);
  void final_scores();

  vm::Machine& machine_;
  const tasks::Control& control_;
  const Settings& settings_;
  std::unique_ptr<tasks::World> world_;
  tasks::Episode episode_;
  DrawSequence draws_{DrawKey{}};
  std::vector<double> observation_;
  std::vector<T> x_, action_, y_;
  std::vector<double> choice_;  ///< the action as the world takes it
  T reward_ = 0, done_ = 0;
  double last_return_ = kNoScore;
  Outcome outcome_;
  Watch watch_;
};

/// x and what the last step brought.
template <class T>
void Acting<T>::show() {
  x_.assign(observation_.begin(), observation_.end());
  write(Role::x, x_);
  write(Role::reward, reward_);
  write(Role::action, action_);
  write(Role::done, done_);
}

/// Turns y into an action; false when it is not finite, which ends the lifetime.
template <class T>
bool Acting<T>::choose() {
  const vm::RegisterId id = machine_.program().with_role(Role::y);
  if (id != vm::kNoRegister) machine_.read(id, 0, std::span<T>(y_));
  const bool finite = std::all_of(y_.begin(), y_.end(), [](T v) { return std::isfinite(v); });
  if (!finite) {
    ++outcome_.non_finite;
    if (!settings_.ignore_non_finite) return false;
  }
  if (control_.world.continuous) {
    std::transform(y_.begin(), y_.end(), choice_.begin(),
                   [](T v) { return std::isfinite(v) ? static_cast<double>(v) : 0.0; });
    std::copy(choice_.begin(), choice_.end(), action_.begin());
    return true;
  }
  const std::size_t best = argmax<T>(y_);
  choice_[0] = static_cast<double>(best);
  std::fill(action_.begin(), action_.end(), T(0));
  action_[best] = T(1);
  return true;
}

/// One step; false when the lifetime ends here.
template <class T>
bool Acting<T>::act(tasks::Episode::Step& after) {
  if (!watch_.go_on()) {
    outcome_.why = watch_.why();
    return false;
  }
  world_->observe(observation_);
  show();
  if (const auto target = machine_.program().with_role(Role::target); target != vm::kNoRegister) {
    const std::vector<T> zeros(
        static_cast<std::size_t>(machine_.program().registers[target].size()), T(0));
    machine_.write(target, 0, std::span<const T>(zeros));
  }
  machine_.run(Function::predict);
  ++outcome_.steps;
  ++outcome_.examples;
  if (!choose()) {
    outcome_.why = Stop::non_finite;
    return false;
  }
  after = episode_.step(choice_, draws_);
  reward_ = static_cast<T>(after.reward);
  done_ = after.done() ? T(1) : T(0);
  show();
  machine_.run(Function::learn);
  return true;
}

template <class T>
void Acting<T>::begin(std::size_t k) {
  if (control_.draws) draws_ = DrawSequence(control_.draws(k));
  if (control_.first_states.empty()) return episode_.begin(draws_);
  episode_.begin(control_.first_states.at(k));
}

/// Episode k; false when the lifetime ends inside.
template <class T>
bool Acting<T>::live(std::size_t k) {
  begin(k);
  if (settings_.control_record) settings_.control_record->episodes.emplace_back();
  double total = 0;
  bool scored = true;
  for (std::int64_t t = 1; t <= control_.world.max_steps; ++t) {
    tasks::Episode::Step after;
    if (!act(after)) return false;
    if (scored) total += after.reward;
    if (settings_.control_record) {
      auto& record = settings_.control_record->episodes.back();
      record.actions.insert(record.actions.end(), choice_.begin(), choice_.end());
    }
    if (!after.done()) continue;
    scored = false;
    if (!control_.idle_to_limit) break;
    if (t < control_.world.max_steps) episode_.begin(draws_);
  }
  finish(k, total);
  return true;
}

template <class T>
void Acting<T>::finish(std::size_t k, double total) {
  last_return_ = total;
  outcome_.returns.push_back(total);
  if (settings_.control_record) {
    const auto state = world_->state();
    settings_.control_record->episodes.back().final_state.assign(state.begin(), state.end());
  }
  if (settings_.curve_points <= 0) return;
  outcome_.curve.push_back(
      {outcome_.steps, outcome_.examples, static_cast<int>(k) + 1, total, kNoScore});
  if (settings_.on_point) settings_.on_point(outcome_.curve.back());
}

template <class T>
void Acting<T>::final_scores() {
  const auto& returns = outcome_.returns;
  outcome_.score = outcome_.why == Stop::non_finite ? 0 : control_score(control_, returns);
  if (returns.empty()) return;
  outcome_.train =
      std::accumulate(returns.begin(), returns.end(), 0.0) / static_cast<double>(returns.size());
  outcome_.test = returns.back();
}

template <class T>
Outcome Acting<T>::run() {
  machine_.reset();
  machine_.run(Function::setup);
  if (settings_.after_setup) settings_.after_setup(machine_);
  tick(0);
  watch_.start();
  for (std::size_t k = 0; k < control_.episodes && live(k); ++k) {
  }
  outcome_.seconds = watch_.seconds();
  final_scores();
  return std::move(outcome_);
}

/// Throws InputError unless a register has so many entries or is not there.
void check_size(const vm::BoundProgram& program, const tasks::TaskInfo& task, Role role,
                std::int64_t entries, const char* of) {
  const vm::RegisterId id = program.with_role(role);
  if (id == vm::kNoRegister || program.registers[id].size() == entries) return;
  throw InputError(fmt::format("`{}` has {} entries, but task {} needs {} ({}){}",
                               program.registers[id].name, program.registers[id].size(), task.name,
                               entries, of,
                               role == Role::y ? "; make y a vector of `outputs` entries" : ""));
}

}  // namespace

void check_control(const vm::BoundProgram& program, const tasks::TaskInfo& task) {
  if (!task.sizes.contains("actions")) {
    throw InputError(fmt::format(
        "the control protocol needs a world to act in, and task {} has examples; use --protocol "
        "stream, or a task such as cartpole",
        task.name));
  }
  if (program.batch > 1) {
    throw InputError(fmt::format(
        "the control protocol shows one step of one world at a time, but the program takes {}; "
        "use --set batch=1",
        program.batch));
  }
  check_size(program, task, Role::x, task.sizes.at("features"), "the observation");
  check_size(program, task, Role::y, task.sizes.at("actions"), "one per action");
  check_size(program, task, Role::action, task.sizes.at("actions"), "one per action");
}

double control_score(const tasks::Control& control, std::span<const double> returns) {
  double sum = 0, weights = 0;
  const double range = control.world.highest - control.world.lowest;
  for (std::size_t k = 0; k < returns.size(); ++k) {
    const double weight = control.weight(k);
    weights += weight;
    sum += weight * (returns[k] - control.world.lowest) / range;
  }
  return weights > 0 ? sum / (returns.size() == control.episodes ? 1 : weights) : 0;
}

double product_score(std::span<const double> scores) {
  return std::accumulate(scores.begin(), scores.end(), 1.0, std::multiplies<>());
}

template <class T>
Outcome run_control(vm::Machine& machine, const tasks::Problem& problem, const Settings& settings) {
  if (settings.epochs >= 0) {
    throw InputError(
        "a world has episodes instead of epochs; write cartpole:episodes=4 in the place of "
        "--epochs 4");
  }
  return Acting<T>(machine, *problem.control, settings).run();
}

template Outcome run_control<float>(vm::Machine&, const tasks::Problem&, const Settings&);
template Outcome run_control<double>(vm::Machine&, const tasks::Problem&, const Settings&);

}  // namespace mlz::eval
