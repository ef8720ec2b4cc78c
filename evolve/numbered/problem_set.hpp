#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "tasks/task.hpp"
#include "vm/batch_evaluator.hpp"

namespace mlz::evolve {

/// The problems a program is tried on: 0 .. count-1 of a task for one seed.
struct ProblemSet {
  std::shared_ptr<const tasks::Task> task;
  std::uint64_t seed = 0;
  std::vector<tasks::Problem> problems;
  /// Not 0: only so many training and validation examples of each problem count, in one epoch, and what is measured is
  /// the error of predictions also where classes are to be told apart: it tells programs apart rather than good from bad.
  std::size_t probe_examples = 0;

  static ProblemSet make(std::shared_ptr<const tasks::Task> task, std::uint64_t seed, std::uint32_t count);
  const tasks::TaskInfo& info() const { return task->info(); }
};

/// The examples of a set in the form the batch evaluator takes.
vm::TaskBatch batch_of(const ProblemSet& set, double max_abs_error);

}  // namespace mlz::evolve
