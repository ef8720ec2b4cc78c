#include "tools/support/matrix_program.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/support/files.hpp"
#include "tools/support/matrix_report.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/program_setup.hpp"
#include "tools/support/run_program.hpp"

namespace mlz::tools {
namespace {

/// A task, or why there is none.
struct MadeTask {
  std::shared_ptr<const tasks::Task> task;
  std::string reason;
};

std::vector<MadeTask> make_tasks(const Matrix& matrix, const tasks::DataPaths& paths) {
  std::vector<MadeTask> out;
  for (const MatrixTask& row : matrix.tasks) {
    try {
      out.push_back({tasks::make_task(row.text, paths), ""});
    } catch (const InputError& error) {
      out.push_back({nullptr, error.what()});
      fmt::print(stderr, "task {}: {}\n", row.name, error.what());
    }
  }
  return out;
}

std::vector<text::Compiled> compile_learners(const Matrix& matrix) {
  std::vector<text::Compiled> out;
  for (const MatrixLearner& row : matrix.learners) {
    try {
      out.push_back(compile_program(row.options));
    } catch (const InputError& error) {
      throw InputError(fmt::format("learner {}: {}", row.name, error.what()));
    }
  }
  return out;
}

/// The options of one cell: those of the learner, the task's text, and those of all.
RunOptions cell_options(const RunOptions& all, const Matrix& matrix, const MatrixCell& cell) {
  RunOptions out = matrix.learners[cell.learner].options;
  out.task = matrix.tasks[cell.task].text;
  out.data = all.data;
  out.runs = matrix.runs;
  out.seed = matrix.seed;
  out.at = matrix.at;
  out.window = matrix.window;
  out.quiet = all.quiet;
  return out;
}

void fill(MatrixCell& cell, const RunOptions& options, const text::Compiled& compiled, const MadeTask& made) {
  cell.reason = made.reason;
  if (!made.task) return;
  try {
    RunSet set = run_all(options, set_up(options, compiled.core, made.task), compiled.core);
    cell.facts = std::move(set.facts);
    cell.runs = std::move(set.results);
    if (cell.runs.empty()) cell.reason = "interrupted";
  } catch (const InputError& error) {
    cell.reason = error.what();
  }
}

int exit_code(const std::vector<MatrixCell>& cells) {
  const auto failed = [](const MatrixCell& cell) {
    return std::ranges::any_of(cell.runs, [](const RunResult& run) { return run.outcome.failed(); });
  };
  return interrupted() || std::ranges::any_of(cells, failed) ? kRunFailed : kSuccess;
}

}  // namespace

int run_matrix(const RunOptions& options) {
  check_writable(options.plot, "--plot");
  check_writable(options.results, "--results");
  const Matrix matrix = read_matrix(options);
  const auto learners = compile_learners(matrix);
  const auto tasks = make_tasks(matrix, tasks::DataPaths::standard(options.data));
  catch_interrupts();
  std::vector<MatrixCell> cells;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    for (std::size_t learner = 0; learner < learners.size() && !interrupted(); ++learner) {
      MatrixCell& cell = cells.emplace_back(MatrixCell{learner, task, {}, {}, {}});
      if (!options.quiet) fmt::print(stderr, "{} on {}\n", matrix.learners[learner].name, matrix.tasks[task].name);
      fill(cell, cell_options(options, matrix, cell), learners[learner], tasks[task]);
    }
  }
  fmt::print("{}", matrix_table(matrix, cells));
  if (!options.results.empty()) write_file(options.results, matrix_json(matrix, cells, 2) + "\n");
  if (!options.plot.empty()) write_file(options.plot, matrix_svg(matrix, cells));
  if (options.json) fmt::print("{}\n", matrix_json(matrix, cells, -1));
  const bool nothing = std::ranges::all_of(cells, [](const MatrixCell& cell) { return cell.runs.empty(); });
  if (nothing && !interrupted()) throw InputError(fmt::format("{}: no learner fits any of the tasks", options.matrix));
  return exit_code(cells);
}

}  // namespace mlz::tools
