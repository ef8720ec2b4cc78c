#pragma once
#include <chrono>
#include <string>

#include "evolve/search.hpp"
#include "tools/evolve/status_line.hpp"

namespace mlz::tools {

/// Shows on stderr how a search goes: on a terminal one line that changes, in a log a line every few seconds.
class SearchDisplay {
 public:
  SearchDisplay(ProgressDisplay::Mode mode, const evolve::Config& config) : line_(mode), config_(config) {}

  void update(const evolve::SearchState& state, double best);
  void experiment(const evolve::Champion& champion);
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  StatusLine line_;
  const evolve::Config& config_;
  Clock::time_point last_seen_ = Clock::now();
  std::uint64_t evaluations_before_ = 0;
  double rate_ = 0;

  void measure(const evolve::SearchState& state);
  std::string status(const evolve::SearchState& state, double best) const;
  std::string time_left(const evolve::SearchState& state) const;
};

}  // namespace mlz::tools
