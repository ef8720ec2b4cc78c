#include "tools/support/matrix_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/support/plot.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

using Row = std::vector<std::string>;

double test_score(const eval::Outcome& o) { return o.test; }
double train_score(const eval::Outcome& o) { return o.train; }
double fitness(const eval::Outcome& o) { return o.score; }

/// Scores of the runs that came to an end with one.
std::vector<double> scores(const MatrixCell& cell, const std::function<double(const eval::Outcome&)>& value) {
  std::vector<double> out;
  for (const RunResult& run : cell.runs)
    if (!run.outcome.failed() && !std::isnan(value(run.outcome))) out.push_back(value(run.outcome));
  return out;
}

/// At mark m; empty where there are no marks, as in worlds.
std::vector<double> at_mark(const MatrixCell& cell, std::size_t m) {
  return scores(cell, [m](const eval::Outcome& o) { return m < o.marks.size() ? o.marks[m] : eval::kNoScore; });
}

std::size_t failures(const MatrixCell& cell) {
  return static_cast<std::size_t>(
      std::ranges::count_if(cell.runs, [](const RunResult& run) { return run.outcome.failed(); }));
}

/// "0.755 +- 0.013", and how many runs it is of where these are not all.
std::string spread_text(const std::vector<double>& values, std::size_t all) {
  const Spread of = spread(values);
  if (values.empty()) return "-";
  std::string out = fmt::format("{:.4f}", of.mean);
  if (values.size() > 1) out += fmt::format(" +- {:.4f}", of.deviation);
  return values.size() == all ? out : fmt::format("{} (n {})", out, values.size());
}

/// Columns to the left but for the first, two blanks apart.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> width;
  for (const Row& row : rows) {
    width.resize(std::max(width.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], width[i]);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

/// Notes below a table, numbered as they come.
class Notes {
 public:
  std::string mark(const std::string& text) {
    notes_.push_back(text);
    return fmt::format("[{}]", notes_.size());
  }
  std::string text() const {
    std::string out;
    for (std::size_t i = 0; i < notes_.size(); ++i) out += fmt::format("[{}] {}\n", i + 1, notes_[i]);
    return out.empty() ? out : "\n" + out;
  }

 private:
  std::vector<std::string> notes_;
};

std::string failure_text(const MatrixCell& cell) {
  const auto failed = std::ranges::find_if(cell.runs, [](const RunResult& run) { return run.outcome.failed(); });
  return fmt::format("{} of {} runs failed and do not count, the first (seed {}) after {} steps: {}", failures(cell),
                     cell.runs.size(), failed->seed, failed->outcome.steps, eval::stop_text(failed->outcome.why));
}

class Tables {
 public:
  Tables(const Matrix& matrix, const std::vector<MatrixCell>& cells) : matrix_(matrix), cells_(cells) {}

  std::string text() {
    std::string out =
        fmt::format("mean +- deviation of {} run{} (seeds {} to {})\n\n", matrix_.runs, matrix_.runs == 1 ? "" : "s",
                    matrix_.seed, matrix_.seed + static_cast<std::uint64_t>(matrix_.runs) - 1);
    out += scores_table();
    for (std::size_t task = 0; task < matrix_.tasks.size(); ++task) out += marks_table(task);
    return out + notes_.text();
  }

 private:
  const MatrixCell* cell(std::size_t learner, std::size_t task) const {
    const auto found =
        std::ranges::find_if(cells_, [&](const MatrixCell& c) { return c.learner == learner && c.task == task; });
    return found == cells_.end() ? nullptr : &*found;
  }
  /// The first cell of a task that has runs.
  const MatrixCell* sample(std::size_t task) const {
    for (std::size_t learner = 0; learner < matrix_.learners.size(); ++learner)
      if (const MatrixCell* c = cell(learner, task); c && !c->runs.empty()) return c;
    return nullptr;
  }

  std::string cell_text(std::size_t learner, std::size_t task) {
    const MatrixCell* c = cell(learner, task);
    if (!c) return "-";
    const std::string names = fmt::format("{} on {}: ", matrix_.learners[learner].name, matrix_.tasks[task].name);
    if (c->runs.empty()) return "does not fit " + notes_.mark(names + c->reason.substr(0, c->reason.find('\n')));
    const std::string out = spread_text(scores(*c, measure_of(*c).value), static_cast<std::size_t>(matrix_.runs));
    return failures(*c) == 0 ? out : out + " " + notes_.mark(names + failure_text(*c));
  }

  std::string scores_table() {
    std::vector<Row> rows{{""}};
    for (std::size_t task = 0; task < matrix_.tasks.size(); ++task) {
      const MatrixCell* of = sample(task);
      rows[0].push_back(of ? fmt::format("{} ({})", matrix_.tasks[task].name, measure_of(*of).name)
                           : matrix_.tasks[task].name);
    }
    for (std::size_t learner = 0; learner < matrix_.learners.size(); ++learner) {
      Row row{matrix_.learners[learner].name};
      for (std::size_t task = 0; task < matrix_.tasks.size(); ++task) row.push_back(cell_text(learner, task));
      rows.push_back(row);
    }
    return aligned(rows);
  }

  /// Places of the marks that some run of a task has reached.
  std::vector<std::size_t> reached(std::size_t task) const {
    std::vector<std::size_t> out;
    const MatrixCell* of = sample(task);
    for (std::size_t m = 0; of && m < of->facts.marks.size(); ++m) {
      const bool any =
          std::ranges::any_of(cells_, [&](const MatrixCell& c) { return c.task == task && !at_mark(c, m).empty(); });
      if (any) out.push_back(m);
    }
    return out;
  }

  std::string marks_table(std::size_t task) const {
    const auto marks = reached(task);
    if (marks.empty()) return {};
    const RunFacts& facts = sample(task)->facts;
    std::vector<Row> rows{{""}};
    for (const std::size_t m : marks) rows[0].push_back(fmt::format("at {}", facts.marks[m]));
    for (std::size_t learner = 0; learner < matrix_.learners.size(); ++learner) {
      const MatrixCell* c = cell(learner, task);
      if (!c || c->runs.empty()) continue;
      Row row{matrix_.learners[learner].name};
      for (const std::size_t m : marks)
        row.push_back(spread_text(at_mark(*c, m), static_cast<std::size_t>(matrix_.runs)));
      rows.push_back(row);
    }
    return fmt::format("\n{}: {} at numbers of examples, over the last {} predictions\n\n{}", matrix_.tasks[task].name,
                       metric_name(facts.metric), matrix_.window, aligned(rows));
  }

  const Matrix& matrix_;
  const std::vector<MatrixCell>& cells_;
  Notes notes_;
};

nlohmann::ordered_json spread_json(const std::vector<double>& values) {
  const auto number = [](double v) { return std::isfinite(v) ? nlohmann::json(v) : nlohmann::json(nullptr); };
  const Spread of = spread(values);
  return {{"mean", number(of.mean)}, {"std", number(of.deviation)}, {"n", values.size()}, {"scores", values}};
}

nlohmann::ordered_json cell_json(const Matrix& matrix, const MatrixCell& cell) {
  nlohmann::ordered_json out;
  out["learner"] = matrix.learners[cell.learner].name;
  out["task"] = matrix.tasks[cell.task].name;
  out["fits"] = !cell.runs.empty();
  if (cell.runs.empty()) {
    out["reason"] = cell.reason;
    return out;
  }
  out["measure"] = measure_of(cell).name;
  out["metric"] = metric_name(cell.facts.metric);
  out.update(spread_json(scores(cell, measure_of(cell).value)));
  out["failed"] = failures(cell);
  for (std::size_t m = 0; m < cell.facts.marks.size(); ++m) {
    nlohmann::ordered_json at{{"examples", cell.facts.marks[m]}};
    at.update(spread_json(at_mark(cell, m)));
    out["at"].push_back(at);
  }
  out["program_hash"] = cell.facts.program_hash;
  out["protocol"] = cell.facts.protocol;
  out["engine"] = cell.facts.engine;
  out["dtype"] = cell.facts.dtype;
  out["command"] = cell.facts.command;
  return out;
}

/// The mean of several curves, at every number of examples that one of them has.
Series mean_curve(const std::string& name, const std::vector<RunResult>& runs) {
  std::map<std::int64_t, std::vector<double>> at;
  for (const RunResult& run : runs)
    for (const eval::CurvePoint& p : run.outcome.curve)
      if (!std::isnan(p.train)) at[p.examples].push_back(p.train);
  Series out{name, {}, false};
  for (const auto& [examples, values] : at) out.points.emplace_back(static_cast<double>(examples), spread(values).mean);
  return out;
}

}  // namespace

Measure measure_of(const MatrixCell& cell) {
  if (cell.facts.protocol != "stream") return {"fitness", fitness};
  const bool tested = std::ranges::any_of(cell.runs, [](const RunResult& r) { return !std::isnan(r.outcome.test); });
  return tested ? Measure{"test", test_score} : Measure{"train", train_score};
}

std::string matrix_table(const Matrix& matrix, const std::vector<MatrixCell>& cells) {
  return Tables(matrix, cells).text();
}

std::string matrix_json(const Matrix& matrix, const std::vector<MatrixCell>& cells, int indent) {
  nlohmann::ordered_json out;
  out["version"] = version_text();
  out["runs"] = matrix.runs;
  out["seed"] = matrix.seed;
  out["window"] = matrix.window;
  for (const MatrixTask& task : matrix.tasks) out["tasks"].push_back({{"name", task.name}, {"task", task.text}});
  for (const MatrixLearner& learner : matrix.learners)
    out["learners"].push_back(
        {{"name", learner.name}, {"program", learner.options.program}, {"set", learner.options.set}});
  out["cells"] = nlohmann::ordered_json::array();
  for (const MatrixCell& cell : cells) out["cells"].push_back(cell_json(matrix, cell));
  return out.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string matrix_svg(const Matrix& matrix, const std::vector<MatrixCell>& cells) {
  std::vector<Plot> plots;
  for (std::size_t task = 0; task < matrix.tasks.size(); ++task) {
    Plot plot;
    plot.title = matrix.tasks[task].name;
    for (const MatrixCell& cell : cells) {
      if (cell.task != task || cell.runs.empty()) continue;
      plot.subtitle = fmt::format("{}, mean of {}", cell.facts.protocol, matrix.runs);
      plot.x_label = cell.facts.protocol == "control" ? "steps" : "training examples";
      plot.y_label = metric_name(cell.facts.metric);
      plot.log_y = cell.facts.metric == tasks::Metric::rms_error;
      plot.series.push_back(mean_curve(matrix.learners[cell.learner].name, cell.runs));
    }
    if (!plot.series.empty()) plots.push_back(plot);
  }
  return to_svg(plots);
}

}  // namespace mlz::tools
