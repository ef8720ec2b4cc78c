#pragma once
#include <cstdint>
#include <span>

namespace mlz::outer {

/// How the learning rate changes with the updates s = 1, 2, ... In the first `warmup` of them it rises from 0 in a
/// straight line to `rate`, and then
///   constant      stays,
///   inverse_sqrt  falls as rate sqrt(warmup / s) (Vaswani et al. 2017, section 5.3, with rate at the peak),
///   cosine        falls along half a cosine wave (Loshchilov and Hutter 2017, equation 5) to 0 at `decay_steps`.
struct Schedule {
  enum class Form { constant, inverse_sqrt, cosine } form = Form::constant;
  double rate = 0.001;
  std::int64_t warmup = 0;
  std::int64_t decay_steps = 0;  ///< cosine: above `warmup`
};
double rate_at(const Schedule& schedule, std::int64_t update);

/// Scales a gradient down to the Euclidean norm `most` where it is longer (0: never), and returns the norm it had.
double clip_norm(std::span<double> gradient, double most);

}  // namespace mlz::outer
