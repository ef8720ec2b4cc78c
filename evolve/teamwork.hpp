#pragma once
#include <array>
#include <chrono>
#include <cstddef>

namespace mlz::evolve {

/// Whether workers that meet after every window should share windows at all. Where processors are busy with other work, a
/// worker may have to wait for its turn in the midst of a window, and all wait for it: then one of them is faster alone.
/// As long as they wait little they work together. Else both ways are tried for a moment, and the faster one is kept for a
/// while, for longer as long as it stays the faster one. This changes when things happen, and nothing else.
class Teamwork {
 public:
  using Clock = std::chrono::steady_clock;

  bool together() const { return together_; }
  /// After a window: when it began and ended, how many candidates it had, and for what part of it its first worker waited
  /// for others.
  void learn(Clock::time_point began, Clock::time_point ended, std::size_t candidates, double waited);

 private:
  enum class Phase { untroubled, trying_alone, trying_together, kept };

  Phase phase_ = Phase::untroubled;
  bool together_ = true, kept_ = true;  // kept_: what the last trial chose
  double waiting_ = 0;                  // of late
  Clock::time_point until_{};           // the end of the phase
  Clock::duration keep_{};
  double seconds_ = 0, candidates_ = 0;  // of the phase
  double alone_speed_ = 0;

  void enter(Phase phase, bool together, Clock::time_point now, Clock::duration length);
  void choose(Clock::time_point now, bool together);
};

}  // namespace mlz::evolve
