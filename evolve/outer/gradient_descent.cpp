#include "evolve/outer/gradient_descent.hpp"

#include <cmath>
#include <stdexcept>

namespace mlz::outer {

DescentStep GradientDescent::step(Vector gradient) {
  if (gradient.size() != theta_.size()) throw std::invalid_argument("a gradient is as long as theta");
  ++generation_;
  DescentStep done{clip_norm(gradient, options_.clip), rate_at(options_.schedule, generation_)};
  if (!std::isfinite(done.norm)) return done;
  adam_.set_rate(done.rate);
  adam_.step(theta_, gradient);
  return done;
}

void GradientDescent::tell(std::span<const double>) {
  throw std::logic_error("gradient descent takes gradients, not losses");
}

LoopState GradientDescent::saved() const {
  LoopState state{generation_, {{"theta", theta_}}};
  adam_.save(state);
  return state;
}

void GradientDescent::restore(const LoopState& state) {
  adam_.restore(state);
  theta_ = state.part("theta", theta_.size());
  generation_ = state.generation;
}

}  // namespace mlz::outer
