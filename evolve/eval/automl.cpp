#include <cmath>

#include "evolve/eval/curve.hpp"
#include "evolve/eval/feed.hpp"
#include "evolve/eval/order.hpp"
#include "evolve/eval/protocols.hpp"
#include "evolve/eval/watch.hpp"
#include "vm/maths.hpp"

namespace mlz::eval {
namespace {

template <class T>
T logistic(T y) {
  return vm::apply<OpId::sigmoid, T>(y, y, y);
}

/// One lifetime under the rules of AutoML-Zero.
template <class T>
class Automl {
 public:
  Automl(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
         const Settings& settings)
      : machine_(machine),
        metric_(task.metric),
        problem_(problem),
        settings_(settings),
        epochs_(epochs_of(problem, settings)),
        total_steps_(epochs_ * static_cast<std::int64_t>(problem.train->size())),
        feed_(machine, task),
        orders_(problem, settings.seed, settings.lifetime),
        curve_(settings, task.metric, total_steps_, outcome_),
        watch_(settings.limits, [this](double seconds) { tick(seconds); }) {}

  Outcome run();

 private:
  bool accuracy() const { return metric_ == tasks::Metric::accuracy; }
  void tick(double seconds);
  void show(const tasks::Examples& examples, std::uint32_t id);
  bool train(int epoch);
  bool train_step(std::uint32_t id);
  void validate(int epoch);
  bool validate_example(std::uint32_t id, Tally& tally);
  void take_best(int epoch, double fitness, double valid);
  double score_on_copy(const tasks::Examples& examples);
  void score_untrained();
  Tally judge(double label, double y) const;
  void finish_record();

  vm::Machine& machine_;
  tasks::Metric metric_;
  const tasks::Problem& problem_;
  const Settings& settings_;
  int epochs_;
  std::int64_t total_steps_;
  Outcome outcome_;
  Feed<T> feed_;
  EpochOrders orders_;
  Curve curve_;
  Watch watch_;
  AutomlRecord* record_ = nullptr;  // during epoch 1
};

template <class T>
void Automl<T>::tick(double seconds) {
  if (settings_.on_progress) {
    settings_.on_progress({outcome_.steps, total_steps_, seconds, curve_.recent()});
  }
}

template <class T>
void Automl<T>::show(const tasks::Examples& examples, std::uint32_t id) {
  feed_.load(examples, std::span(&id, 1), {});
  feed_.before_predict();
  machine_.run(Function::predict);
  feed_.take_prediction();
}

/// Counts a raw prediction; for accuracy NaN is class 0.
template <class T>
Tally Automl<T>::judge(double label, double y) const {
  const double error = label - y;
  if (!accuracy()) return {1, error * error};
  return {1, (label > 0.5) == (logistic(static_cast<T>(y)) > T(0.5)) ? 1.0 : 0.0};
}

/// False when the error limit ends training.
template <class T>
bool Automl<T>::train_step(std::uint32_t id) {
  show(*problem_.train, id);
  ++outcome_.steps;
  ++outcome_.examples;
  if (!feed_.finite(0)) ++outcome_.non_finite;
  T y = feed_.prediction(0)[0];
  const Tally tally = judge(feed_.label(0), static_cast<double>(y));
  if (accuracy()) {
    y = logistic(y);
    feed_.set_prediction(y);
  }
  const double error = std::abs(feed_.label(0) - static_cast<double>(y));
  if (!(error <= settings_.max_abs_error)) return false;
  if (record_) record_->train_abs_errors.push_back(error);
  feed_.before_learn();
  machine_.run(Function::learn);
  curve_.add(tally);
  return true;
}

/// False when the epoch stopped early.
template <class T>
bool Automl<T>::train(int epoch) {
  curve_.start_epoch(epoch + 1);
  for (const std::uint32_t id : orders_.of(epoch)) {
    if (!watch_.go_on()) {
      outcome_.why = watch_.why();
      return false;
    }
    if (!train_step(id)) {
      outcome_.why = Stop::error_limit;
      return false;
    }
    if (curve_.due()) curve_.point(kNoScore);
  }
  return true;
}

/// Adds one validation example; false when it ends the validation.
template <class T>
bool Automl<T>::validate_example(std::uint32_t id, Tally& tally) {
  show(*problem_.valid, id);
  const auto y = static_cast<double>(feed_.prediction(0)[0]);
  if (record_) record_->valid_predictions.push_back(y);
  const Tally one = judge(feed_.label(0), y);
  tally.add(one);
  const double error = accuracy() ? 1 - one.sum : std::abs(feed_.label(0) - y);
  return error <= settings_.max_abs_error;
}

template <class T>
void Automl<T>::validate(int epoch) {
  Tally tally;
  bool stopped = false;
  const auto size = static_cast<std::uint32_t>(problem_.valid->size());
  for (std::uint32_t id = 0; id < size && !stopped; ++id) {
    if (watch_.cancelled()) {
      outcome_.why = Stop::cancelled;
      return;
    }
    stopped = !validate_example(id, tally);
  }
  if (record_) record_->outcome = stopped ? "stopped_in_validation" : "ok";
  const double valid = stopped ? kNoScore : tally.score(metric_);
  curve_.point(valid);
  take_best(epoch, fitness_of(metric_, valid), valid);
}

template <class T>
void Automl<T>::take_best(int epoch, double fitness, double valid) {
  if (epoch > 0 && !(fitness > outcome_.score)) return;
  outcome_.score = fitness;
  outcome_.valid = valid;
  outcome_.train = curve_.epoch_score();
  if (settings_.score_test && problem_.test->size() > 0) {
    on_a_copy(machine_, [this] { outcome_.test = score_on_copy(*problem_.test); });
  }
}

template <class T>
double Automl<T>::score_on_copy(const tasks::Examples& examples) {
  Tally tally;
  for (std::uint32_t id = 0; id < examples.size(); ++id) {
    if (watch_.cancelled()) return kNoScore;
    show(examples, id);
    tally.add(judge(feed_.label(0), static_cast<double>(feed_.prediction(0)[0])));
  }
  return tally.score(metric_);
}

/// Scores of a lifetime without epochs, which has no validation of its own.
template <class T>
void Automl<T>::score_untrained() {
  on_a_copy(machine_, [this] { outcome_.valid = score_on_copy(*problem_.valid); });
  if (settings_.score_test)
    on_a_copy(machine_, [this] { outcome_.test = score_on_copy(*problem_.test); });
  outcome_.score = fitness_of(metric_, outcome_.valid);
}

template <class T>
void Automl<T>::finish_record() {
  AutomlRecord* const record = settings_.record;
  if (record == nullptr) return;
  record->y = static_cast<double>(feed_.prediction(0)[0]);
  record->target = static_cast<double>(feed_.target()[0]);
  record->x.assign(feed_.features().begin(), feed_.features().end());
}

template <class T>
Outcome Automl<T>::run() {
  if (settings_.record) *settings_.record = AutomlRecord{"stopped_in_training", {}, {}, 0, 0, {}};
  machine_.reset();
  machine_.run(Function::setup);
  if (settings_.after_setup) settings_.after_setup(machine_, 0);
  feed_.take_prediction();
  tick(0);
  watch_.start();
  bool going = true;
  for (int epoch = 0; epoch < epochs_ && going && total_steps_ > 0; ++epoch) {
    record_ = epoch == 0 ? settings_.record : nullptr;
    going = train(epoch);
    if (outcome_.why == Stop::error_limit || outcome_.why == Stop::cancelled) break;
    watch_.aside([&] { validate(epoch); });
    going = going && outcome_.why == Stop::finished;
  }
  outcome_.seconds = watch_.seconds();
  if (epochs_ == 0) score_untrained();
  if (std::isnan(outcome_.train)) outcome_.train = curve_.epoch_score();
  finish_record();
  return std::move(outcome_);
}

}  // namespace

template <class T>
Outcome run_automl(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
                   const Settings& settings) {
  return Automl<T>(machine, task, problem, settings).run();
}

template Outcome run_automl<float>(vm::Machine&, const tasks::TaskInfo&, const tasks::Problem&,
                                   const Settings&);
template Outcome run_automl<double>(vm::Machine&, const tasks::TaskInfo&, const tasks::Problem&,
                                    const Settings&);

}  // namespace mlz::eval
