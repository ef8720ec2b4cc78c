#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "tools/support/progress.hpp"

namespace mlz::tools {

/// The line on stderr that says how a search goes: on a terminal one line that changes, in a log a line every few
/// seconds.
class StatusLine {
 public:
  explicit StatusLine(ProgressDisplay::Mode mode) : mode_(mode) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Asks for the text only when it is time to show it.
  void update(const std::function<std::string()>& text);
  /// A line that stays; nothing when progress is off.
  void say(const std::string& line);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  ProgressDisplay::Mode mode_;
  bool shown_ = false;
  Clock::time_point last_line_ = Clock::now();
};

}  // namespace mlz::tools
