#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "evolve/eval/watch.hpp"

namespace mlz::eval {

/// Leads the lives of several lanes step by step together, from their birth. A life that ends leaves at once, and its
/// lane is not looked at any more.
///
/// A `Life` has: `bool next()`, whether it has another step, and makes it the current one; `void show()` before Predict;
/// `bool take()` after it, false when the prediction ends the life; `void teach()` before Learn; `Outcome outcome`;
/// `Progress progress() const`.
template <class Life>
class Lockstep {
 public:
  Lockstep(vm::Machine& machine, const Settings& settings)
      : machine_(machine), settings_(settings), watch_(settings.limits, [this](double seconds) { tick(seconds); }) {}
  virtual ~Lockstep() = default;
  Lockstep(const Lockstep&) = delete;
  Lockstep& operator=(const Lockstep&) = delete;

  std::vector<Outcome> run() {
    machine_.reset();
    machine_.run(Function::setup);
    for (int lane = 0; settings_.after_setup && lane < static_cast<int>(lives_.size()); ++lane) {
      settings_.after_setup(machine_, lane);
    }
    for (const auto& life : lives_) living_.push_back(life.get());
    tick(0);
    watch_.start();
    while (step()) {
    }
    std::vector<Outcome> outcomes;
    for (const auto& life : lives_) outcomes.push_back(std::move(life->outcome));
    return outcomes;
  }

 protected:
  using Lives = std::vector<Life*>;
  vm::Machine& machine_;
  const Settings& settings_;
  std::vector<std::unique_ptr<Life>> lives_;  ///< of lane 0, 1, ...
  Lives living_;
  Watch watch_;

 private:
  /// After a step of the living.
  virtual void after_step() = 0;
  /// The last word about lives that end now: machine and living_ are as they leave them.
  virtual void finish(const Lives& ended) = 0;

  void tick(double seconds) {
    if (!settings_.on_progress || lives_.empty()) return;
    Progress progress = (living_.empty() ? lives_.front().get() : living_.front())->progress();
    progress.seconds = seconds;
    settings_.on_progress(progress);
  }

  /// Ends the lives for which `over` is true.
  template <class Over>
  void end(Stop why, Over over) {
    Lives ended;
    for (Life* life : living_) {
      if (over(*life)) ended.push_back(life);
    }
    if (ended.empty()) return;
    std::erase_if(living_, [&](Life* life) { return std::find(ended.begin(), ended.end(), life) != ended.end(); });
    const double share = watch_.seconds() / static_cast<double>(lives_.size());
    for (Life* life : ended) {
      life->outcome.why = why;
      life->outcome.seconds = share;
    }
    watch_.aside([&] { finish(ended); });
  }

  /// One step of all; false when none has another one.
  bool step() {
    end(Stop::finished, [](Life& life) { return !life.next(); });
    if (living_.empty()) return false;
    if (!watch_.go_on()) {
      end(watch_.why(), [](Life&) { return true; });
      return false;
    }
    for (Life* life : living_) life->show();
    machine_.run(Function::predict);
    end(Stop::non_finite, [](Life& life) { return !life.take(); });
    if (living_.empty()) return false;
    for (Life* life : living_) life->teach();
    machine_.run(Function::learn);
    after_step();
    return true;
  }
};

}  // namespace mlz::eval
