#include "evolve/outer/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mlz::outer {

double rate_at(const Schedule& schedule, std::int64_t update) {
  const auto s = static_cast<double>(update);
  const auto warmup = static_cast<double>(std::max<std::int64_t>(schedule.warmup, 1));
  if (s < warmup) return schedule.rate * s / warmup;
  switch (schedule.form) {
    case Schedule::Form::constant:
      return schedule.rate;
    case Schedule::Form::inverse_sqrt:
      return schedule.rate * std::sqrt(warmup / s);
    case Schedule::Form::cosine:
      break;
  }
  const auto first = static_cast<double>(schedule.warmup);
  const double part = std::min((s - first) / (static_cast<double>(schedule.decay_steps) - first), 1.0);
  return schedule.rate * (1 + std::cos(std::numbers::pi * part)) / 2;
}

double clip_norm(std::span<double> gradient, double most) {
  double sum = 0;
  for (const double g : gradient) sum += g * g;
  const double norm = std::sqrt(sum);
  if (most > 0 && norm > most) {
    for (double& g : gradient) g *= most / norm;
  }
  return norm;
}

}  // namespace mlz::outer
