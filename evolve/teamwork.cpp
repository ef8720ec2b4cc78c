#include "evolve/teamwork.hpp"

#include <algorithm>

namespace mlz::evolve {
namespace {

using std::chrono::milliseconds;

/// Part of their time that workers may wait without anything being tried.
constexpr double kMuch = 0.35;
constexpr auto kTrial = milliseconds(40), kShortest = milliseconds(200), kLongest = milliseconds(3000);

}  // namespace

void Teamwork::enter(Phase phase, bool together, Clock::time_point now, Clock::duration length) {
  phase_ = phase;
  together_ = together;
  until_ = now + length;
  seconds_ = candidates_ = 0;
}

/// Keeps what was faster: longer each time that it is what was kept before.
void Teamwork::choose(Clock::time_point now, bool together) {
  keep_ = together == kept_ && keep_ > Clock::duration::zero() ? std::min<Clock::duration>(2 * keep_, kLongest) : kShortest;
  kept_ = together;
  enter(Phase::kept, together, now, keep_);
}

void Teamwork::learn(Clock::time_point began, Clock::time_point ended, std::size_t candidates, double waited) {
  seconds_ += std::chrono::duration<double>(ended - began).count();
  candidates_ += static_cast<double>(candidates);
  if (together_) waiting_ += (waited - waiting_) / 8;
  if (phase_ == Phase::untroubled) {
    if (waiting_ > kMuch) enter(Phase::trying_alone, false, ended, kTrial);
    return;
  }
  if (ended < until_) return;
  switch (phase_) {
    case Phase::trying_alone:
      alone_speed_ = candidates_ / seconds_;
      return enter(Phase::trying_together, true, ended, kTrial);
    case Phase::trying_together: return choose(ended, candidates_ / seconds_ >= alone_speed_);
    default: break;
  }
  if (together_ && waiting_ <= kMuch) return enter(Phase::untroubled, true, ended, {});
  enter(Phase::trying_alone, false, ended, kTrial);
}

}  // namespace mlz::evolve
