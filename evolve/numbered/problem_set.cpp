#include "evolve/numbered/problem_set.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evolve/eval/order.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

void take(const tasks::Examples& from, std::size_t most, std::size_t features, std::vector<double>& x,
          std::vector<double>& labels) {
  const std::size_t count = most == 0 ? from.size() : std::min(most, from.size());
  x.resize(count * features);
  labels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    from.features(i, std::span(x).subspan(i * features, features));
    labels[i] = from.label(i);
  }
}

vm::BatchTask batch_task(const ProblemSet& set, std::size_t index, std::size_t features) {
  const tasks::Problem& problem = set.problems[index];
  vm::BatchTask out;
  take(*problem.train, set.probe_examples, features, out.train_features, out.train_labels);
  take(*problem.valid, set.probe_examples, features, out.valid_features, out.valid_labels);
  out.lifetime = static_cast<std::uint32_t>(index);
  if ((problem.epochs == 1 && problem.order.empty()) || set.probe_examples > 0) return out;
  eval::EpochOrders orders(problem, set.seed, out.lifetime);
  for (int epoch = 0; epoch < problem.epochs; ++epoch) out.orders.push_back(orders.of(epoch));
  return out;
}

/// Problems run side by side, example by example.
void check_equal_sizes(const ProblemSet& set) {
  const tasks::Problem& first = set.problems.front();
  for (std::size_t i = 1; i < set.problems.size(); ++i) {
    const tasks::Problem& other = set.problems[i];
    if (other.train->size() == first.train->size() && other.valid->size() == first.valid->size()) continue;
    throw InputError(fmt::format(
        "task {}: problem 0 has {} training and {} validation examples, problem {} has {} and {}; programs of numbered "
        "registers learn problems of equal size side by side. Ask for fewer examples, so that every problem has them: "
        "train=, valid=, test=",
        set.info().name, first.train->size(), first.valid->size(), i, other.train->size(), other.valid->size()));
  }
}

}  // namespace

ProblemSet ProblemSet::make(std::shared_ptr<const tasks::Task> task, std::uint64_t seed, std::uint32_t count) {
  ProblemSet set{std::move(task), seed, {}};
  for (std::uint32_t i = 0; i < count; ++i) set.problems.push_back(set.task->problem(seed, i));
  return set;
}

vm::TaskBatch batch_of(const ProblemSet& set, double max_abs_error) {
  check_equal_sizes(set);
  const auto features = static_cast<std::size_t>(set.info().sizes.at("features"));
  vm::TaskBatch batch;
  batch.features = static_cast<int>(features);
  batch.metric = set.info().metric != tasks::Metric::accuracy ? vm::BatchMetric::rms_error
                 : set.probe_examples > 0                     ? vm::BatchMetric::squashed_rms_error
                                                              : vm::BatchMetric::accuracy;
  batch.max_abs_error = max_abs_error;
  batch.seed = set.seed;
  for (std::size_t i = 0; i < set.problems.size(); ++i) batch.tasks.push_back(batch_task(set, i, features));
  return batch;
}

}  // namespace mlz::evolve
