#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/support/run_options.hpp"

namespace mlz::tools {

/// A line "learner NAME = PROGRAM OPTIONS".
struct MatrixLearner {
  std::string name;
  RunOptions options;  ///< those that belong to a learner
};

/// A line "task NAME = TASK".
struct MatrixTask {
  std::string name, text;
};

/// Learners and tasks, and how to run each of the ones on each of the others.
struct Matrix {
  std::vector<MatrixLearner> learners;
  std::vector<MatrixTask> tasks;
  int runs = 1;
  std::uint64_t seed = 1;
  std::vector<std::int64_t> at;  ///< empty: the tasks' own
  std::int64_t window = 100;
};

/// Reads a file of lines: "learner NAME = PROGRAM OPTIONS", "task NAME = TASK", "runs N", "seed N", "at N,N,...",
/// "window N", comments from '#' on at the beginning of a line, empty lines. What the command line gives of runs, seed,
/// at and window goes before what the file says. Throws InputError with file and line.
Matrix read_matrix(const RunOptions& options);

}  // namespace mlz::tools
