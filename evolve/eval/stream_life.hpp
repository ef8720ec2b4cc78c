#pragma once
#include "evolve/eval/curve.hpp"
#include "evolve/eval/feed.hpp"
#include "evolve/eval/marks.hpp"
#include "evolve/eval/order.hpp"

namespace mlz::eval {

/// One lifetime on a stream of examples, in one lane: which example is next, and what predictions are worth.
template <class T>
class StreamLife {
 public:
  using Ids = std::span<const std::uint32_t>;

  StreamLife(vm::Machine& machine, int lane, const tasks::TaskInfo& task, const LaneLifetime& lifetime,
             const Settings& settings)
      : metric_(task.metric),
        problem_(*lifetime.problem),
        settings_(settings),
        epochs_(epochs_of(problem_, settings)),
        feed_(machine, task, lane),
        total_steps_(total_steps()),
        valid_every_(valid_interval()),
        orders_(problem_, lifetime.seed, lifetime.index),
        curve_(settings, task.metric, total_steps_, outcome),
        marks_(settings, task.metric, outcome) {}

  Outcome outcome;

  bool next();
  void show() {
    feed_.load(*problem_.train, current(), all_);
    feed_.before_predict();
  }
  bool take();
  void teach() { feed_.before_learn(); }
  Progress progress() const { return {outcome.steps, total_steps_, 0, curve_.recent()}; }

  /// The set looked at during training.
  const tasks::Examples& watched() const { return problem_.valid->size() > 0 ? *problem_.valid : *problem_.test; }
  /// After a step: whether the watched set is to be scored for the curve now; else adds the point that is due.
  bool wants_look();
  /// Whether the score of the watched set is that of the last look.
  bool looked() const { return watched_step_ == outcome.steps; }
  void set_watched_score(double score) {
    watched_score_ = score;
    watched_step_ = outcome.steps;
  }
  void add_point() { curve_.point(watched_score_); }
  bool wants_final_look() const {
    const bool for_test = settings_.score_test && problem_.test->size() > 0;
    return !looked() && (problem_.valid->size() > 0 || for_test);
  }
  /// The test set, where it is still to be scored when the watched one has been.
  const tasks::Examples* unscored_test() const {
    const bool other = problem_.valid->size() > 0 && problem_.test->size() > 0;
    return settings_.score_test && other ? problem_.test.get() : nullptr;
  }
  /// All scores of the outcome; `test` is that of unscored_test().
  void finish(double test);

  /// Shows the examples of a set from `first` on, as many as a step takes; false when there are none.
  bool show_test(const tasks::Examples& set, Ids all, std::size_t first);
  /// Adds their predictions to a tally.
  void take_test(Ids all, std::size_t first, Tally& tally);
  double score(const tasks::Examples& set, const Tally& tally) const {
    return tally.count == static_cast<std::int64_t>(set.size()) ? tally.score(metric_) : kNoScore;
  }
  std::size_t batch() const { return static_cast<std::size_t>(feed_.batch()); }

 private:
  std::int64_t total_steps() const {
    const auto examples = static_cast<std::int64_t>(problem_.train->size());
    const std::int64_t all = epochs_ * ((examples + feed_.batch() - 1) / feed_.batch());
    return settings_.limits.steps > 0 ? std::min(all, settings_.limits.steps) : all;
  }
  std::int64_t valid_interval() const;
  Ids current() const { return all_.subspan(first_, std::min(batch(), all_.size() - first_)); }
  double judge(int b) const;

  tasks::Metric metric_;
  const tasks::Problem& problem_;
  const Settings& settings_;
  int epochs_;
  Feed<T> feed_;
  std::int64_t total_steps_, valid_every_;
  EpochOrders orders_;
  Curve curve_;
  Marks marks_;
  Tally loss_;
  int epoch_ = -1;        // under way, from 0
  Ids all_;               // its examples
  std::size_t first_ = 0;  // the first of the current step, once there is one
  bool begun_ = false;     // there is a current step
  std::int64_t watched_step_ = -1;  // when the watched set was last scored, and its score
  double watched_score_ = kNoScore;
};

}  // namespace mlz::eval
