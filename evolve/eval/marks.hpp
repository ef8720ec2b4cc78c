#pragma once
#include <algorithm>

#include "evolve/eval/tally.hpp"

namespace mlz::eval {

/// Scores at chosen numbers of training examples, each over the last scored predictions up to there.
class Marks {
 public:
  Marks(const Settings& settings, tasks::Metric metric, Outcome& outcome)
      : settings_(settings), metric_(metric), outcome_(outcome) {
    outcome_.marks.assign(settings.marks.size(), kNoScore);
  }

  /// A scored prediction, judged.
  void add(double value) {
    if (settings_.marks.empty()) return;
    if (recent_.size() < window()) {
      recent_.push_back(value);
    } else {
      recent_[next_] = value;
      next_ = (next_ + 1) % window();
    }
  }
  /// After the predictions of a training example, whether they were scored or not.
  void example() {
    ++examples_;
    for (std::size_t m = 0; m < settings_.marks.size(); ++m)
      if (settings_.marks[m] == examples_) outcome_.marks[m] = score();
  }

 private:
  std::size_t window() const { return static_cast<std::size_t>(std::max<std::int64_t>(settings_.mark_window, 1)); }
  /// Added up from the oldest to the newest, so that nothing lingers of what has left the window.
  double score() const {
    Tally tally;
    for (std::size_t i = 0; i < recent_.size(); ++i) tally.add(recent_[(next_ + i) % recent_.size()]);
    return tally.score(metric_);
  }

  const Settings& settings_;
  tasks::Metric metric_;
  Outcome& outcome_;
  std::vector<double> recent_;  // judged predictions; once full, the oldest stands at next_
  std::size_t next_ = 0;
  std::int64_t examples_ = 0;
};

}  // namespace mlz::eval
