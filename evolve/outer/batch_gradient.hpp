#pragma once
#include <functional>

#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

/// Of a batch of lifetimes. Loss, score and gradient are means over it; steps are counted together.
struct BatchGradient {
  double loss = 0;
  double score = 0;
  Vector gradient;
  std::int64_t steps = 0;
};

/// Gives the gradient of params over lifetimes first ... first+count-1 of a seed; pure, and safe to call from several
/// threads. Where there is none because something became infinite or NaN, the loss is NaN.
using TakeGradient =
    std::function<BatchGradient(std::span<const double> params, std::uint64_t seed, std::uint32_t first, int count)>;

}  // namespace mlz::outer
