#include "evolve/outer/ga.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "evolve/outer/outer_draws.hpp"

namespace mlz::outer {

Ga::Ga(Vector first, const GaOptions& options) : options_(options), parents_(options.parents, first) {
  if (options.candidates < 2 || options.parents < 1 || options.parents > options.candidates)
    throw std::invalid_argument("a genetic algorithm needs two candidates or more, and no more parents than these");
}

std::vector<Vector> Ga::ask() const {
  std::vector<Vector> candidates{parents_.front()};
  const std::size_t n = parents_.front().size();
  Vector noise(n);
  for (std::size_t k = 1; k < options_.candidates; ++k) {
    const DrawKey key = outer_key(options_.seed, generation_, k);
    draw_normal(key, 0, 1, noise);
    // The draw after those of the noise chooses the parent.
    const double u = uniform01(key, n);
    candidates.push_back(parents_[static_cast<std::size_t>(u * static_cast<double>(parents_.size()))]);
    for (std::size_t i = 0; i < n; ++i) candidates.back()[i] += options_.sigma * noise[i];
  }
  return candidates;
}

void Ga::tell(std::span<const double> losses) {
  if (losses.size() != options_.candidates) throw std::invalid_argument("a loss is needed for every candidate");
  auto candidates = ask();
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::isnan(losses[b]) ? !std::isnan(losses[a]) : losses[a] < losses[b];
  });
  for (std::size_t p = 0; p < parents_.size(); ++p) parents_[p] = std::move(candidates[order[p]]);
  ++generation_;
}

LoopState Ga::saved() const {
  LoopState state{generation_, {}};
  Vector& all = state.parts["parents"];
  for (const Vector& parent : parents_) all.insert(all.end(), parent.begin(), parent.end());
  return state;
}

void Ga::restore(const LoopState& state) {
  const std::size_t n = parents_.front().size();
  const Vector& all = state.part("parents", parents_.size() * n);
  for (std::size_t p = 0; p < parents_.size(); ++p) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(p * n);
    parents_[p].assign(first, first + static_cast<std::ptrdiff_t>(n));
  }
  generation_ = state.generation;
}

}  // namespace mlz::outer
