#pragma once
#include "evolve/eval/tally.hpp"

namespace mlz::eval {

/// Collects the training score and turns it into curve points at regular steps.
class Curve {
 public:
  Curve(const Settings& settings, tasks::Metric metric, std::int64_t total_steps, Outcome& outcome)
      : settings_(settings), metric_(metric), outcome_(outcome) {
    if (settings.curve_points > 0) every_ = std::max<std::int64_t>(total_steps / settings.curve_points, 1);
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
  /// Ends a stretch of the curve here; `valid` is kNoScore when no set was scored.
  void point(double valid) {
    if (settings_.curve_points <= 0) return;
    if (since_point_.count == 0 && std::isnan(valid)) return;
    outcome_.curve.push_back({outcome_.steps, outcome_.examples, epoch_, since_point_.score(metric_), valid});
    since_point_ = {};
    if (settings_.on_point) settings_.on_point(outcome_.curve.back());
  }
  double recent() const { return since_point_.score(metric_); }
  double epoch_score() const { return epoch_tally_.score(metric_); }

 private:
  const Settings& settings_;
  tasks::Metric metric_;
  Outcome& outcome_;
  std::int64_t every_ = 0;
  int epoch_ = 1;
  Tally since_point_, epoch_tally_;
};

}  // namespace mlz::eval
