#pragma once
#include <chrono>
#include <string>

#include "evolve/search.hpp"
#include "tools/evolve/status_line.hpp"

namespace mlz::tools {

/// Shows on stderr how a search for params goes: on a terminal one line that changes, in a log a line every few
/// seconds; held-out scores get a line each.
class TuneDisplay {
 public:
  TuneDisplay(ProgressDisplay::Mode mode, const evolve::Config& config) : line_(mode), config_(config) {}

  void update(const evolve::SearchState& state, double best);
  void log(const std::string& line);  ///< a line of log.jsonl
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  StatusLine line_;
  const evolve::Config& config_;
  bool started_ = false;
  Clock::time_point begun_;
  std::uint64_t evaluations_first_ = 0, generations_first_ = 0;
  double mean_ = 0;

  std::string status(const evolve::SearchState& state, double best) const;
};

}  // namespace mlz::tools
