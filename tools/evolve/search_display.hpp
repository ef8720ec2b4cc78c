#pragma once
#include <chrono>
#include <string>

#include "evolve/search.hpp"
#include "tools/support/progress.hpp"

namespace mlz::tools {

/// Shows on stderr how a search goes: on a terminal one line that changes, in a log a line every few seconds.
class SearchDisplay {
 public:
  SearchDisplay(ProgressDisplay::Mode mode, const evolve::Config& config) : mode_(mode), config_(config) {}
  ~SearchDisplay() { clear(); }
  SearchDisplay(const SearchDisplay&) = delete;
  SearchDisplay& operator=(const SearchDisplay&) = delete;

  void update(const evolve::SearchState& state, double best);
  void experiment(const evolve::Champion& champion);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  ProgressDisplay::Mode mode_;
  const evolve::Config& config_;
  bool shown_ = false, started_ = false;
  Clock::time_point last_line_ = Clock::now(), last_seen_ = last_line_, begun_ = last_line_;
  std::uint64_t evaluations_before_ = 0, evaluations_first_ = 0;
  double rate_ = 0;

  void measure(const evolve::SearchState& state);
  std::string status(const evolve::SearchState& state, double best) const;
  std::string time_left(const evolve::SearchState& state) const;
};

}  // namespace mlz::tools
