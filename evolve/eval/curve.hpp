#pragma once
#include "evolve/eval/tally.hpp"

namespace mlz::eval {

/// Collects the training score and turns it into curve points at regular steps.
class Curve {
 public:
  Curve(const Settings& settings, tasks::Metric metric, std::int64_t total_steps, Outcome& outcome)
      : settings_(settings), metric_(metric), outcome_(outcome) {
    if (settings.curve_points > 0)
      every_ = std::max<std::int64_t>(total_steps / settings.curve_points, 1);
  }

  void start_epoch(int epoch) {
    epoch_ = epoch;
    epoch_tally_ = {};
  }
  /// Adds the predictions of one training step.
  void add(const Tally& step) {
    since_point_.add(step);
    epoch_tally_.add(step);
  }
  bool due() const { return every_ > 0 && outcome_.steps % every_ == 0; }
  /// Adds a point here; `valid` is kNoScore when no set was scored. A training score over less than
  /// half the usual stretch would only be noise: it waits for the next point.
  void point(double valid) {
    if (every_ == 0) return;
    CurvePoint next{outcome_.steps, outcome_.examples, epoch_, kNoScore, valid};
    if (outcome_.steps - last_train_ >= (every_ + 1) / 2) {
      next.train = since_point_.score(metric_);
      since_point_ = {};
      last_train_ = outcome_.steps;
    }
    if (std::isnan(next.train) && std::isnan(valid)) return;
    outcome_.curve.push_back(next);
    if (settings_.on_point) settings_.on_point(next);
  }
  double recent() const { return since_point_.score(metric_); }
  double epoch_score() const { return epoch_tally_.score(metric_); }

 private:
  const Settings& settings_;
  tasks::Metric metric_;
  Outcome& outcome_;
  std::int64_t every_ = 0, last_train_ = 0;
  int epoch_ = 1;
  Tally since_point_, epoch_tally_;
};

}  // namespace mlz::eval
