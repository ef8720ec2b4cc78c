#include "evolve/outer/adam.hpp"

#include <cmath>

namespace mlz::outer {

void Adam::step(std::span<double> theta, std::span<const double> gradient) {
  b1_power_ *= options_.b1;
  b2_power_ *= options_.b2;
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const double g = gradient[i];
    mean_[i] = options_.b1 * mean_[i] + (1 - options_.b1) * g;
    spread_[i] = options_.b2 * spread_[i] + (1 - options_.b2) * g * g;
    const double mean = mean_[i] / (1 - b1_power_);
    const double spread = spread_[i] / (1 - b2_power_);
    theta[i] -= options_.rate * mean / (std::sqrt(spread) + options_.eps);
  }
}

void Adam::save(LoopState& state) const {
  state.parts["adam mean"] = mean_;
  state.parts["adam spread"] = spread_;
  state.parts["adam powers"] = {b1_power_, b2_power_};
}

void Adam::restore(const LoopState& state) {
  const Vector& powers = state.part("adam powers", 2);
  mean_ = state.part("adam mean", mean_.size());
  spread_ = state.part("adam spread", spread_.size());
  b1_power_ = powers[0];
  b2_power_ = powers[1];
}

}  // namespace mlz::outer
