#pragma once
#include <string>
#include <vector>

#include "evolve/eval/lifetime.hpp"

namespace mlz::tools {

/// What is known of a set of runs besides their outcomes.
struct RunFacts {
  std::string program, program_hash, task, source, protocol, engine, dtype, command;
  tasks::Metric metric = tasks::Metric::accuracy;
  std::string watched;  ///< the set in the points of the curve: "valid" or "test"
  std::vector<std::int64_t> marks = {};  ///< numbers of examples with a score; see eval::Settings::marks
  std::int64_t window = 100;             ///< of these scores
};

struct RunResult {
  std::uint64_t seed = 0;
  eval::Outcome outcome;
};

/// Mean and deviation (n - 1) of those numbers that are not NaN; NaN where there are too few.
struct Spread {
  double mean = eval::kNoScore, deviation = eval::kNoScore;
};
Spread spread(const std::vector<double>& values);

const char* metric_name(tasks::Metric metric);  ///< "accuracy", "rms error"

/// The final table: a row per run, mean and deviation of several, and a line to paste that repeats
/// them.
std::string report_table(const RunFacts& facts, const std::vector<RunResult>& runs);
/// One JSON object on one line. Scores are fractions; null where there is none.
std::string report_json(const RunFacts& facts, const std::vector<RunResult>& runs);
/// Curves of all runs as comma-separated values with a header line.
std::string curve_csv(const RunFacts& facts, const std::vector<RunResult>& runs);
std::string curve_svg(const RunFacts& facts, const std::vector<RunResult>& runs);

}  // namespace mlz::tools
