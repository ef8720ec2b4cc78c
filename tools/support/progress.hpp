#pragma once
#include <chrono>
#include <string>

#include "evolve/eval/lifetime.hpp"

namespace mlz::tools {

/// Shows on stderr how runs go: on a terminal a status line with bar, rate and time left; in a log
/// a plain line every few seconds. Points of the learning curve become lines of their own, about a
/// dozen in a run.
class ProgressDisplay {
 public:
  enum class Mode { off, terminal, log };
  /// `watched` names the set whose score the points carry.
  ProgressDisplay(Mode mode, std::string metric, std::string watched, int runs);
  ~ProgressDisplay() { clear(); }
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// terminal when stderr is one, else log.
  static Mode mode_for_stderr();

  void start_run(int number, std::uint64_t seed);  ///< number counts from 1
  void update(const eval::Progress& progress);
  void point(const eval::CurvePoint& point);
  void clear();  ///< takes the status line away

 private:
  using Clock = std::chrono::steady_clock;
  void line(const std::string& text);
  std::string status(const eval::Progress& p) const;

  Mode mode_;
  std::string metric_, watched_;
  int runs_, run_ = 1;
  std::int64_t steps_ = 0, next_line_ = 0;
  bool shown_ = false;  // a status line stands on the terminal
  Clock::time_point last_log_ = Clock::now();
};

std::string rate_text(double per_second);   ///< "950", "12.3k", "4.5M"
std::string duration_text(double seconds);  ///< "0:42", "1:05:00"

}  // namespace mlz::tools
