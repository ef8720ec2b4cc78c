#include "evolve/numbered/lane_data.hpp"

#include "evolve/eval/order.hpp"

namespace mlz::evolve {
namespace {

using Pick = std::shared_ptr<const tasks::Examples> tasks::Problem::*;

LaneExamples interleave(const ProblemSet& set, std::size_t first, std::size_t lanes, std::size_t features, Pick pick) {
  LaneExamples out;
  out.count = (set.problems[first].*pick)->size();
  out.features.resize(out.count * features * lanes);
  out.labels.resize(out.count * lanes);
  std::vector<double> x(features);
  for (std::size_t l = 0; l < lanes; ++l) {
    const tasks::Examples& examples = *(set.problems[first + l].*pick);
    if (examples.size() != out.count) {
      throw InputError(set.info().name + ": the problems of a set must have equal numbers of examples");
    }
    for (std::size_t i = 0; i < out.count; ++i) {
      examples.features(i, std::span<double>(x));
      for (std::size_t k = 0; k < features; ++k) out.features[(i * features + k) * lanes + l] = x[k];
      out.labels[i * lanes + l] = examples.label(i);
    }
  }
  return out;
}

void take_orders(const ProblemSet& set, std::size_t first, LaneData& data) {
  if (data.epochs == 1 && set.problems[first].order.empty()) return;
  data.order.resize(static_cast<std::size_t>(data.epochs) * data.lanes);
  for (std::size_t l = 0; l < data.lanes; ++l) {
    eval::EpochOrders orders(set.problems[first + l], set.seed, static_cast<std::uint32_t>(first + l));
    for (int e = 0; e < data.epochs; ++e) data.order[static_cast<std::size_t>(e) * data.lanes + l] = orders.of(e);
  }
}

}  // namespace

ProblemSet ProblemSet::make(std::shared_ptr<const tasks::Task> task, std::uint64_t seed, std::uint32_t count) {
  ProblemSet set{std::move(task), seed, {}};
  for (std::uint32_t i = 0; i < count; ++i) set.problems.push_back(set.task->problem(seed, i));
  return set;
}

LaneData LaneData::make(const ProblemSet& set, std::size_t first, std::size_t lanes) {
  LaneData data;
  data.lanes = lanes;
  data.features = static_cast<std::size_t>(set.info().sizes.at("features"));
  data.epochs = set.problems[first].epochs;
  data.accuracy = set.info().metric == tasks::Metric::accuracy;
  data.train = interleave(set, first, lanes, data.features, &tasks::Problem::train);
  data.valid = interleave(set, first, lanes, data.features, &tasks::Problem::valid);
  data.seed = set.seed;
  for (std::size_t l = 0; l < lanes; ++l) data.lifetimes.push_back(static_cast<std::uint32_t>(first + l));
  take_orders(set, first, data);
  return data;
}

}  // namespace mlz::evolve
