#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::evolve {

/// The problems a program is tried on: 0 .. count-1 of a task for one seed.
struct ProblemSet {
  std::shared_ptr<const tasks::Task> task;
  std::uint64_t seed = 0;
  std::vector<tasks::Problem> problems;

  static ProblemSet make(std::shared_ptr<const tasks::Task> task, std::uint64_t seed, std::uint32_t count);
  const tasks::TaskInfo& info() const { return task->info(); }
};

/// Examples of several problems side by side: entry [example][feature][lane].
struct LaneExamples {
  std::size_t count = 0;
  std::vector<double> features, labels;
};

/// Some problems of a set as lanes that are stepped together. All must have as many examples and epochs.
struct LaneData {
  std::size_t lanes = 0, features = 0;
  int epochs = 1;
  bool accuracy = false;
  LaneExamples train, valid;
  std::vector<std::vector<std::uint32_t>> order;  ///< [epoch * lanes + lane]; empty: stored order
  std::uint64_t seed = 0;
  std::vector<std::uint32_t> lifetimes;

  static LaneData make(const ProblemSet& set, std::size_t first, std::size_t lanes);
};

}  // namespace mlz::evolve
