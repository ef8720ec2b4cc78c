#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evolve/eval/lockstep.hpp"
#include "evolve/eval/protocols.hpp"
#include "evolve/eval/refuse.hpp"

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

/// One lifetime in a world, in one lane.
template <class T>
class ActingLife {
 public:
  ActingLife(vm::Machine& machine, int lane, const LaneLifetime& lifetime, const Settings& settings, ControlRecord* record)
      : machine_(machine),
        lane_(lane),
        control_(*lifetime.problem->control),
        settings_(settings),
        record_(record),
        world_(control_.world.make()),
        episode_(*world_, control_.world.max_steps),
        observation_(control_.world.observations),
        action_(control_.world.actions),
        y_(control_.world.actions),
        choice_(control_.world.continuous ? control_.world.actions : 1),
        x_id_(id(Role::x)),
        x_changes_(writes(machine.program(), Function::predict, x_id_)) {}

  Outcome outcome;

  bool next();
  void show();
  bool take();
  void teach();
  void finish();
  Progress progress() const {
    const auto most = static_cast<std::int64_t>(control_.episodes) * control_.world.max_steps;
    return {outcome.steps, most, 0, last_return_};
  }

 private:
  vm::RegisterId id(Role role) const { return machine_.program().with_role(role); }
  void write(vm::RegisterId id, std::span<const T> values) {
    if (id != vm::kNoRegister) machine_.write(id, lane_, values);
  }
  void write_feedback();
  bool choose();
  void count(double reward, bool done);
  void begin_episode();
  void end_episode();

  vm::Machine& machine_;
  int lane_;
  const tasks::Control& control_;
  const Settings& settings_;
  ControlRecord* record_;
  std::unique_ptr<tasks::World> world_;
  tasks::Episode episode_;
  DrawSequence draws_{DrawKey{}};
  std::vector<double> observation_;
  std::vector<T> x_, action_, y_;
  std::vector<double> choice_;  ///< the action as the world takes it
  vm::RegisterId x_id_;
  bool x_changes_;  // Predict writes x
  T reward_ = 0, done_ = 0;
  std::size_t number_ = 0;      // of episodes begun
  bool under_way_ = false;      // an episode is
  bool scored_ = false;         // and is not done yet
  std::int64_t time_ = 0;       // steps of the episode
  double total_ = 0, last_return_ = kNoScore;
};

template <class T>
bool ActingLife<T>::next() {
  if (under_way_) return true;
  if (number_ == control_.episodes) return false;
  begin_episode();
  return true;
}

template <class T>
void ActingLife<T>::begin_episode() {
  const std::size_t k = number_++;
  if (control_.draws) draws_ = DrawSequence(control_.draws(k));
  if (control_.first_states.empty()) {
    episode_.begin(draws_);
  } else {
    episode_.begin(control_.first_states.at(k));
  }
  if (record_) record_->episodes.emplace_back();
  under_way_ = scored_ = true;
  time_ = 0;
  total_ = 0;
}

/// What the last step brought.
template <class T>
void ActingLife<T>::write_feedback() {
  write(id(Role::reward), {&reward_, 1});
  write(id(Role::action), action_);
  write(id(Role::done), {&done_, 1});
}

template <class T>
void ActingLife<T>::show() {
  world_->observe(observation_);
  x_.assign(observation_.begin(), observation_.end());
  write(x_id_, x_);
  write_feedback();
  const vm::RegisterId target = id(Role::target);
  if (target == vm::kNoRegister) return;
  write(target, std::vector<T>(static_cast<std::size_t>(machine_.program().registers[target].size()), T(0)));
}

/// Turns y into an action; false when it is not finite, which ends the lifetime.
template <class T>
bool ActingLife<T>::choose() {
  if (const auto y = id(Role::y); y != vm::kNoRegister) machine_.read(y, lane_, std::span<T>(y_));
  const bool finite = std::all_of(y_.begin(), y_.end(), [](T v) { return std::isfinite(v); });
  if (!finite) {
    ++outcome.non_finite;
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

/// Acts on the prediction; false when the lifetime ends with it.
template <class T>
bool ActingLife<T>::take() {
  ++outcome.steps;
  ++outcome.examples;
  if (!choose()) return false;
  const tasks::Episode::Step after = episode_.step(choice_, draws_);
  reward_ = static_cast<T>(after.reward);
  done_ = after.done() ? T(1) : T(0);
  if (record_) {
    auto& actions = record_->episodes.back().actions;
    actions.insert(actions.end(), choice_.begin(), choice_.end());
  }
  count(after.reward, after.done());
  return true;
}

/// Counts a step of the episode, and goes on to what follows it.
template <class T>
void ActingLife<T>::count(double reward, bool done) {
  if (scored_) total_ += reward;
  const bool full = ++time_ == control_.world.max_steps;
  if (done) scored_ = false;
  if (full || (done && !control_.idle_to_limit)) return end_episode();
  if (done) episode_.begin(draws_);
}

template <class T>
void ActingLife<T>::end_episode() {
  under_way_ = false;
  last_return_ = total_;
  outcome.returns.push_back(total_);
  if (record_) {
    const auto state = world_->state();
    record_->episodes.back().final_state.assign(state.begin(), state.end());
  }
  if (settings_.curve_points <= 0) return;
  outcome.curve.push_back({outcome.steps, outcome.examples, static_cast<int>(number_), total_, kNoScore});
  if (settings_.on_point) settings_.on_point(outcome.curve.back());
}

template <class T>
void ActingLife<T>::teach() {
  if (x_changes_) write(x_id_, x_);
  write_feedback();
}

template <class T>
void ActingLife<T>::finish() {
  const auto& returns = outcome.returns;
  outcome.score = outcome.why == Stop::non_finite ? 0 : control_score(control_, returns);
  if (returns.empty()) return;
  outcome.train =
      std::accumulate(returns.begin(), returns.end(), 0.0) / static_cast<double>(returns.size());
  outcome.test = returns.back();
}

/// Lifetimes in worlds.
template <class T>
class Actors final : public Lockstep<ActingLife<T>> {
  using Base = Lockstep<ActingLife<T>>;

 public:
  Actors(vm::Machine& machine, std::span<const LaneLifetime> lifetimes, const Settings& settings)
      : Base(machine, settings) {
    for (const LaneLifetime& lifetime : lifetimes) {
      const auto lane = static_cast<int>(this->lives_.size());
      ControlRecord* const record = lane == 0 ? settings.control_record : nullptr;
      this->lives_.push_back(std::make_unique<ActingLife<T>>(machine, lane, lifetime, settings, record));
    }
  }

 private:
  void after_step() override {}
  void finish(const typename Base::Lives& ended) override {
    for (ActingLife<T>* life : ended) life->finish();
  }
};

/// Throws InputError unless a register has so many entries or is not there.
void check_size(const vm::BoundProgram& program, const tasks::TaskInfo& task, Role role,
                std::int64_t entries, const char* of) {
  const vm::RegisterId id = program.with_role(role);
  if (id == vm::kNoRegister || program.registers[id].size() == entries) return;
  refuse(program, id,
         fmt::format("{} is {}, but task {} needs {} {} ({})", role_text(program, role), shape_text(program.registers[id]),
                     task.name, entries, entries == 1 ? "entry" : "entries", of),
         role == Role::y ? "make y a vector of `outputs` entries" : "");
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
    refuse(program, vm::kNoRegister,
           fmt::format("the control protocol shows one step of one world at a time, but the program takes {}", program.batch),
           "use --set batch=1");
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
std::vector<Outcome> run_control(vm::Machine& machine, std::span<const LaneLifetime> lifetimes, const Settings& settings) {
  if (settings.epochs >= 0) {
    throw InputError(
        "a world has episodes instead of epochs; write cartpole:episodes=4 in the place of "
        "--epochs 4");
  }
  return Actors<T>(machine, lifetimes, settings).run();
}

template std::vector<Outcome> run_control<float>(vm::Machine&, std::span<const LaneLifetime>, const Settings&);
template std::vector<Outcome> run_control<double>(vm::Machine&, std::span<const LaneLifetime>, const Settings&);

}  // namespace mlz::eval
