#include "evolve/eval/stream_life.hpp"

#include <algorithm>

namespace mlz::eval {

/// Steps between looks at the validation set: as many looks as asked for, but fewer where they
/// would cost more than a quarter of the training examples; 0 for the ends of epochs only.
template <class T>
std::int64_t StreamLife<T>::valid_interval() const {
  if (watched().size() == 0 || settings_.valid_points <= 0) return 0;
  const auto examples = static_cast<double>(total_steps_) * feed_.batch();
  const double affordable = examples / (4.0 * static_cast<double>(watched().size()));
  const auto looks =
      static_cast<std::int64_t>(std::min<double>(settings_.valid_points, affordable));
  return looks > epochs_ ? std::max<std::int64_t>(total_steps_ / looks, 1) : 0;
}

template <class T>
bool StreamLife<T>::next() {
  if (begun_) first_ += batch();
  begun_ = true;
  while (first_ >= all_.size()) {
    if (epoch_ + 1 >= epochs_) return false;
    all_ = orders_.of(++epoch_);
    first_ = 0;
    curve_.start_epoch(epoch_ + 1);
  }
  return true;
}

/// 1 or 0 for a class, the (mean) squared error for numbers.
template <class T>
double StreamLife<T>::judge(int b) const {
  if (metric_ == tasks::Metric::rms_error) return feed_.squared_error(b);
  return feed_.answer(b) == feed_.label(b) ? 1 : 0;
}

template <class T>
bool StreamLife<T>::take() {
  const Ids ids = current();
  feed_.take_prediction();
  ++outcome.steps;
  outcome.examples += static_cast<std::int64_t>(ids.size());
  Tally tally;
  bool finite = true;
  for (int b = 0; b < static_cast<int>(ids.size()); ++b) {
    if (!feed_.finite(b)) {
      ++outcome.non_finite;
      finite = false;
    }
    if (first_ + static_cast<std::size_t>(b) >= problem_.first_scored) {
      const double judged = judge(b);
      tally.add(judged);
      marks_.add(judged);
      if (settings_.loss) loss_.add(feed_.loss(b));
    }
    marks_.example();
  }
  if (!finite && !settings_.ignore_non_finite) return false;
  curve_.add(tally);
  return true;
}

template <class T>
bool StreamLife<T>::wants_look() {
  const bool epoch_ended = first_ + batch() >= all_.size();
  const bool last = outcome.steps == total_steps_;
  const bool score =
      epoch_ended || last || (valid_every_ > 0 && outcome.steps % valid_every_ == 0);
  if (score && watched().size() > 0) return true;
  if (score || curve_.due()) curve_.point(kNoScore);
  return false;
}

template <class T>
void StreamLife<T>::finish(double test) {
  outcome.train = curve_.epoch_score();
  if (loss_.count > 0) outcome.loss = loss_.sum / static_cast<double>(loss_.count);
  const bool has_valid = problem_.valid->size() > 0;
  if (has_valid) outcome.valid = watched_score_;
  if (settings_.score_test && problem_.test->size() > 0) outcome.test = has_valid ? test : watched_score_;
  const bool diverged = outcome.why == Stop::non_finite;
  const double best = has_valid ? outcome.valid : outcome.train;
  outcome.score = diverged ? 0 : fitness_of(metric_, best);
}

template <class T>
bool StreamLife<T>::show_test(const tasks::Examples& set, Ids all, std::size_t first) {
  if (first >= all.size()) return false;
  feed_.load(set, all.subspan(first, std::min(batch(), all.size() - first)), all);
  feed_.before_predict();
  return true;
}

template <class T>
void StreamLife<T>::take_test(Ids all, std::size_t first, Tally& tally) {
  feed_.take_prediction();
  const auto count = static_cast<int>(std::min(batch(), all.size() - first));
  for (int b = 0; b < count; ++b) tally.add(judge(b));
}

template class StreamLife<float>;
template class StreamLife<double>;

}  // namespace mlz::eval
