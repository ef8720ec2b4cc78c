#pragma once
#include <chrono>
#include <string>

#include "evolve/search.hpp"
#include "tools/support/progress.hpp"

namespace mlz::tools {

/// Shows on stderr how a search for params goes: on a terminal one line that changes, in a log a line every few
/// seconds; held-out scores get a line each.
class TuneDisplay {
 public:
  TuneDisplay(ProgressDisplay::Mode mode, const evolve::Config& config) : mode_(mode), config_(config) {}
  ~TuneDisplay() { clear(); }
  TuneDisplay(const TuneDisplay&) = delete;
  TuneDisplay& operator=(const TuneDisplay&) = delete;

  void update(const evolve::SearchState& state, double best);
  void log(const std::string& line);  ///< a line of log.jsonl
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  ProgressDisplay::Mode mode_;
  const evolve::Config& config_;
  bool shown_ = false, started_ = false;
  Clock::time_point begun_, last_line_ = Clock::now();
  std::uint64_t evaluations_first_ = 0;
  double mean_ = 0;

  std::string status(const evolve::SearchState& state, double best) const;
};

}  // namespace mlz::tools
