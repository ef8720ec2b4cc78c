#include "evolve/eval/watch.hpp"

#include <algorithm>

namespace mlz::eval {
namespace {
constexpr double kTickSeconds = 0.1;
constexpr double kLookSeconds = 0.01;
constexpr std::int64_t kLongestStride = 1 << 16;
}  // namespace

bool Watch::look_at_clock() {
  const double passed = since(last_look_);
  last_look_ = Clock::now();
  if (passed < kLookSeconds) stride_ = std::min(stride_ * 2, kLongestStride);
  if (passed > 2 * kLookSeconds) stride_ = std::max<std::int64_t>(stride_ / 2, 1);
  until_clock_ = stride_;
  const double now = seconds();
  if (limits_.seconds > 0 && now >= limits_.seconds) return stop(Stop::time);
  if (on_tick_ && now - last_tick_ >= kTickSeconds) {
    last_tick_ = now;
    on_tick_(now);
  }
  return true;
}

}  // namespace mlz::eval
