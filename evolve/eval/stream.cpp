#include <algorithm>
#include <cmath>

#include "evolve/eval/curve.hpp"
#include "evolve/eval/feed.hpp"
#include "evolve/eval/marks.hpp"
#include "evolve/eval/order.hpp"
#include "evolve/eval/protocols.hpp"
#include "evolve/eval/watch.hpp"

namespace mlz::eval {
namespace {

using Ids = std::span<const std::uint32_t>;

/// One lifetime on a stream of examples.
template <class T>
class Stream {
 public:
  Stream(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
         const Settings& settings)
      : machine_(machine),
        metric_(task.metric),
        problem_(problem),
        settings_(settings),
        epochs_(epochs_of(problem, settings)),
        feed_(machine, task),
        epoch_steps_(steps_for(problem.train->size())),
        total_steps_(total_steps()),
        valid_every_(valid_interval()),
        orders_(problem, settings.seed, settings.lifetime),
        curve_(settings, task.metric, total_steps_, outcome_),
        marks_(settings, task.metric, outcome_),
        watch_(settings.limits, [this](double seconds) { tick(seconds); }) {}

  Outcome run();

 private:
  std::int64_t steps_for(std::size_t examples) const {
    return (static_cast<std::int64_t>(examples) + feed_.batch() - 1) / feed_.batch();
  }
  std::int64_t total_steps() const {
    const std::int64_t all = epochs_ * epoch_steps_;
    return settings_.limits.steps > 0 ? std::min(all, settings_.limits.steps) : all;
  }
  /// The set looked at during training.
  const tasks::Examples& watched() const {
    return problem_.valid->size() > 0 ? *problem_.valid : *problem_.test;
  }
  std::int64_t valid_interval() const;
  void tick(double seconds);
  bool train(int epoch);
  bool train_step(std::size_t first, Ids all);
  void look(bool epoch_ended);
  double score_watched();
  double score_on_copy(const tasks::Examples& examples);
  double judge(int b) const;
  void final_scores();

  vm::Machine& machine_;
  tasks::Metric metric_;
  const tasks::Problem& problem_;
  const Settings& settings_;
  int epochs_;
  Outcome outcome_;
  Feed<T> feed_;
  std::int64_t epoch_steps_, total_steps_, valid_every_;
  EpochOrders orders_;
  Curve curve_;
  Marks marks_;
  Watch watch_;
  Tally loss_;
  std::int64_t watched_step_ = -1;  // when the watched set was last scored, and its score
  double watched_score_ = kNoScore;
};

/// Steps between looks at the validation set: as many looks as asked for, but fewer where they
/// would cost more than a quarter of the training examples; 0 for the ends of epochs only.
template <class T>
std::int64_t Stream<T>::valid_interval() const {
  if (watched().size() == 0 || settings_.valid_points <= 0) return 0;
  const auto examples = static_cast<double>(total_steps_) * feed_.batch();
  const double affordable = examples / (4.0 * static_cast<double>(watched().size()));
  const auto looks =
      static_cast<std::int64_t>(std::min<double>(settings_.valid_points, affordable));
  return looks > epochs_ ? std::max<std::int64_t>(total_steps_ / looks, 1) : 0;
}

template <class T>
void Stream<T>::tick(double seconds) {
  if (settings_.on_progress) {
    settings_.on_progress({outcome_.steps, total_steps_, seconds, curve_.recent()});
  }
}

/// 1 or 0 for a class, the (mean) squared error for numbers.
template <class T>
double Stream<T>::judge(int b) const {
  if (metric_ == tasks::Metric::rms_error) return feed_.squared_error(b);
  return feed_.answer(b) == feed_.label(b) ? 1 : 0;
}

/// The step that begins with example `first` of an epoch. False when a prediction that is not finite ends training.
template <class T>
bool Stream<T>::train_step(std::size_t first, Ids all) {
  const Ids ids = all.subspan(first, std::min(static_cast<std::size_t>(feed_.batch()), all.size() - first));
  feed_.load(*problem_.train, ids, all);
  feed_.before_predict();
  machine_.run(Function::predict);
  feed_.take_prediction();
  ++outcome_.steps;
  outcome_.examples += static_cast<std::int64_t>(ids.size());
  Tally tally;
  bool finite = true;
  for (int b = 0; b < static_cast<int>(ids.size()); ++b) {
    if (!feed_.finite(b)) {
      ++outcome_.non_finite;
      finite = false;
    }
    if (first + static_cast<std::size_t>(b) >= problem_.first_scored) {
      const double judged = judge(b);
      tally.add(judged);
      marks_.add(judged);
      if (settings_.loss) loss_.add(feed_.loss(b));
    }
    marks_.example();
  }
  if (!finite && !settings_.ignore_non_finite) return false;
  curve_.add(tally);
  feed_.before_learn();
  machine_.run(Function::learn);
  return true;
}

/// Scores the watched set where that is due, and adds curve points.
template <class T>
void Stream<T>::look(bool epoch_ended) {
  const bool last = outcome_.steps == total_steps_;
  const bool score =
      epoch_ended || last || (valid_every_ > 0 && outcome_.steps % valid_every_ == 0);
  if (score && watched().size() > 0) {
    watch_.aside([this] { curve_.point(score_watched()); });
  } else if (score || curve_.due()) {
    curve_.point(kNoScore);
  }
}

template <class T>
double Stream<T>::score_watched() {
  if (watched_step_ != outcome_.steps) {
    watched_score_ = score_on_copy(watched());
    watched_step_ = outcome_.steps;
  }
  return watched_score_;
}

template <class T>
bool Stream<T>::train(int epoch) {
  curve_.start_epoch(epoch + 1);
  const Ids all(orders_.of(epoch));
  const auto batch = static_cast<std::size_t>(feed_.batch());
  for (std::size_t first = 0; first < all.size(); first += batch) {
    if (!watch_.go_on()) {
      outcome_.why = watch_.why();
      return false;
    }
    if (!train_step(first, all)) {
      outcome_.why = Stop::non_finite;
      return false;
    }
    look(first + batch >= all.size());
  }
  return true;
}

template <class T>
double Stream<T>::score_on_copy(const tasks::Examples& examples) {
  Tally tally;
  const auto order = stored_order(examples.size());
  const Ids all(order);
  const auto batch = static_cast<std::size_t>(feed_.batch());
  on_a_copy(machine_, [&] {
    for (std::size_t first = 0; first < all.size() && !watch_.cancelled(); first += batch) {
      const Ids ids = all.subspan(first, std::min(batch, all.size() - first));
      feed_.load(examples, ids, all);
      feed_.before_predict();
      machine_.run(Function::predict);
      feed_.take_prediction();
      for (int b = 0; b < static_cast<int>(ids.size()); ++b) tally.add(judge(b));
    }
  });
  return tally.count == static_cast<std::int64_t>(examples.size()) ? tally.score(metric_)
                                                                   : kNoScore;
}

template <class T>
void Stream<T>::final_scores() {
  outcome_.train = curve_.epoch_score();
  if (loss_.count > 0) outcome_.loss = loss_.sum / static_cast<double>(loss_.count);
  const bool has_valid = problem_.valid->size() > 0;
  if (has_valid) outcome_.valid = score_watched();
  if (settings_.score_test && problem_.test->size() > 0) {
    outcome_.test = has_valid ? score_on_copy(*problem_.test) : score_watched();
  }
  const bool diverged = outcome_.why == Stop::non_finite;
  const double best = has_valid ? outcome_.valid : outcome_.train;
  outcome_.score = diverged ? 0 : fitness_of(metric_, best);
}

template <class T>
Outcome Stream<T>::run() {
  machine_.reset();
  machine_.run(Function::setup);
  if (settings_.after_setup) settings_.after_setup(machine_);
  tick(0);
  watch_.start();
  for (int epoch = 0; epoch < epochs_ && train(epoch); ++epoch) {
  }
  outcome_.seconds = watch_.seconds();
  final_scores();
  return std::move(outcome_);
}

}  // namespace

template <class T>
Outcome run_stream(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
                   const Settings& settings) {
  return Stream<T>(machine, task, problem, settings).run();
}

template Outcome run_stream<float>(vm::Machine&, const tasks::TaskInfo&, const tasks::Problem&,
                                   const Settings&);
template Outcome run_stream<double>(vm::Machine&, const tasks::TaskInfo&, const tasks::Problem&,
                                    const Settings&);

}  // namespace mlz::eval
