#pragma once
#include <chrono>
#include <cstdint>
#include <functional>

#include "evolve/eval/lifetime.hpp"

namespace mlz::eval {

/// Watches the limits of a lifetime and calls back several times a second. The clock is read only
/// every so many steps, so that a step of a few nanoseconds does not pay for it.
class Watch {
 public:
  Watch(const Limits& limits, std::function<void(double seconds)> on_tick)
      : limits_(limits), on_tick_(std::move(on_tick)) {}

  /// To be called before every training step: whether it may run.
  bool go_on() {
    if (cancelled()) return stop(Stop::cancelled);
    if (limits_.steps > 0 && steps_ >= limits_.steps) return stop(Stop::steps);
    if (--until_clock_ <= 0 && !look_at_clock()) return false;
    ++steps_;
    return true;
  }
  bool cancelled() const {
    return limits_.cancel && limits_.cancel->load(std::memory_order_relaxed);
  }
  Stop why() const { return why_; }

  void start() { started_ = last_look_ = Clock::now(); }
  double seconds() const { return seconds_before_ + since(started_); }
  /// Runs `f` with the training clock held.
  template <class F>
  void aside(F&& f) {
    const double before = seconds();
    f();
    seconds_before_ = before;
    start();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double since(Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  }
  bool stop(Stop why) {
    why_ = why;
    return false;
  }
  bool look_at_clock();

  Limits limits_;
  std::function<void(double)> on_tick_;
  std::int64_t steps_ = 0, stride_ = 1, until_clock_ = 1;
  Clock::time_point started_ = Clock::now(), last_look_ = started_;
  double seconds_before_ = 0, last_tick_ = 0;
  Stop why_ = Stop::finished;
};

}  // namespace mlz::eval
