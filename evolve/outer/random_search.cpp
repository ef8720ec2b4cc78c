#include "evolve/outer/random_search.hpp"

#include <stdexcept>

#include "evolve/outer/outer_draws.hpp"

namespace mlz::outer {

std::vector<Vector> RandomSearch::ask() const {
  std::vector<Vector> candidates;
  Vector z(first_.size());
  for (std::size_t k = 0; k < options_.candidates; ++k) {
    draw_normal(outer_key(options_.seed, generation_, k), 0, 1, z);
    candidates.push_back(first_);
    for (std::size_t i = 0; i < z.size(); ++i) candidates.back()[i] += options_.sigma * z[i];
  }
  return candidates;
}

void RandomSearch::tell(std::span<const double> losses) {
  if (losses.size() != options_.candidates) throw std::invalid_argument("a loss is needed for every candidate");
  const auto candidates = ask();
  for (std::size_t k = 0; k < losses.size(); ++k) {
    if (!(losses[k] < least_)) continue;
    least_ = losses[k];
    best_ = candidates[k];
  }
  ++generation_;
}

LoopState RandomSearch::saved() const {
  return {generation_, {{"first", first_}, {"best", best_}, {"least", {least_}}}};
}

void RandomSearch::restore(const LoopState& state) {
  first_ = state.part("first", first_.size());
  best_ = state.part("best", first_.size());
  least_ = state.part("least", 1)[0];
  generation_ = state.generation;
}

}  // namespace mlz::outer
