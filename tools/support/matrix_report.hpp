#pragma once
#include "tools/support/matrix_file.hpp"
#include "tools/support/report.hpp"

namespace mlz::tools {

/// One learner on one task.
struct MatrixCell {
  std::size_t learner = 0, task = 0;  ///< their places in the matrix
  std::string reason;                 ///< why there are no runs; empty when there are
  RunFacts facts;
  std::vector<RunResult> runs;
};

/// What a cell shows of a run: the score of the test set where there is one, else that of the stream as it was learnt;
/// under automl and control the fitness. Names it, too.
struct Measure {
  std::string name;
  double (*value)(const eval::Outcome&);
};
Measure measure_of(const MatrixCell& cell);

/// Tables of mean and deviation: a row per learner, a column per task, and for each task with marks a table of these.
/// What did not fit, and what failed, is said below.
std::string matrix_table(const Matrix& matrix, const std::vector<MatrixCell>& cells);
/// The same and the scores of every run.
std::string matrix_json(const Matrix& matrix, const std::vector<MatrixCell>& cells, int indent);
/// A plot for each task, one above the other: the mean of all runs of a learner.
std::string matrix_svg(const Matrix& matrix, const std::vector<MatrixCell>& cells);

}  // namespace mlz::tools
