#include "evolve/outer/es.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
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
  const Vector ranks = options_.shaping == Shaping::ranks ? centred_ranks(losses) : Vector{};
  if (!ranks.empty()) losses = ranks;
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

LoopState EvolutionStrategy::saved() const {
  LoopState state{generation_, {{"theta", theta_}, {"gradient", gradient_}}};
  adam_.save(state);
  return state;
}

void EvolutionStrategy::restore(const LoopState& state) {
  adam_.restore(state);
  gradient_ = state.part("gradient", gradient_.size());
  theta_ = state.part("theta", theta_.size());
  generation_ = state.generation;
}

Vector centred_ranks(std::span<const double> losses) {
  const std::size_t n = losses.size();
  Vector sorted(losses.begin(), losses.end());
  for (double& loss : sorted)
    if (std::isnan(loss)) loss = std::numeric_limits<double>::infinity();
  Vector ranks = sorted;
  std::sort(sorted.begin(), sorted.end());
  for (double& rank : ranks) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), rank);
    const auto twice = static_cast<double>((first - sorted.begin()) + (last - sorted.begin()) - 1);
    rank = n < 2 ? 0 : twice / 2 / static_cast<double>(n - 1) - 0.5;
  }
  return ranks;
}

}  // namespace mlz::outer
