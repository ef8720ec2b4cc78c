#include "evolve/outer/es.hpp"

#include <stdexcept>

#include "evolve/outer/outer_draws.hpp"

namespace mlz::outer {

Vector EvolutionStrategy::noise(std::size_t pair) const {
  Vector eps(theta_.size());
  draw_normal(outer_key(options_.seed, generation_, pair), 0, 1, eps);
  return eps;
}

std::vector<Vector> EvolutionStrategy::ask() const {
  std::vector<Vector> candidates;
  for (std::size_t pair = 0; pair < options_.pairs; ++pair) {
    const Vector eps = noise(pair);
    for (const double sign : {1.0, -1.0}) {
      candidates.push_back(theta_);
      for (std::size_t i = 0; i < eps.size(); ++i)
        candidates.back()[i] += sign * options_.sigma * eps[i];
    }
  }
  return candidates;
}

void EvolutionStrategy::tell(std::span<const double> losses) {
  if (losses.size() != 2 * options_.pairs)
    throw std::invalid_argument("a loss is needed for every candidate");
  std::vector<Vector> eps;
  Vector plus, minus;
  for (std::size_t pair = 0; pair < options_.pairs; ++pair) {
    eps.push_back(noise(pair));
    plus.push_back(losses[2 * pair]);
    minus.push_back(losses[2 * pair + 1]);
  }
  tell(eps, plus, minus);
}

void EvolutionStrategy::tell(const std::vector<Vector>& noise, std::span<const double> plus,
                             std::span<const double> minus) {
  const std::size_t pairs = options_.pairs;
  if (noise.size() != pairs || plus.size() != pairs || minus.size() != pairs)
    throw std::invalid_argument("noise and losses must be there for every pair");
  std::fill(gradient_.begin(), gradient_.end(), 0.0);
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    if (noise[pair].size() != theta_.size())
      throw std::invalid_argument("noise must be as long as theta");
    const double slope = (plus[pair] - minus[pair]) / (2 * options_.sigma);
    for (std::size_t i = 0; i < theta_.size(); ++i)
      gradient_[i] += noise[pair][i] * slope / static_cast<double>(pairs);
  }
  adam_.step(theta_, gradient_);
  ++generation_;
}

}  // namespace mlz::outer
