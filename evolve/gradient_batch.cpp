#include "evolve/gradient_batch.hpp"

#include <algorithm>
#include <cmath>

namespace mlz::evolve {
namespace {

using outer::BatchGradient;

void add(BatchGradient& sum, const BatchGradient& part, double share) {
  sum.loss += share * part.loss;
  sum.score += share * part.score;
  sum.steps += part.steps;
  for (std::size_t i = 0; i < sum.gradient.size(); ++i) {
    sum.gradient[i] += std::isnan(part.loss) ? part.loss : share * part.gradient[i];
  }
}

}  // namespace

std::optional<BatchGradient> mean_gradient(const outer::TakeGradient& take, std::span<const double> params,
                                           const GradientWork& work, Workers& workers,
                                           const std::function<bool(std::size_t, int)>& go_on) {
  const std::int64_t parts = (work.lifetimes + work.part - 1) / work.part;
  const auto size_of = [&](std::int64_t p) { return std::min(work.part, work.lifetimes - p * work.part); };
  std::vector<BatchGradient> taken(static_cast<std::size_t>(parts));
  std::atomic<std::size_t> begun = 0;
  std::atomic<bool> stopped = false;
  workers.share(taken.size(), 1, [&](std::size_t first, std::size_t last, int worker) {
    for (std::size_t p = first; p < last; ++p) {
      if (stopped || !go_on(begun, worker)) {
        stopped = true;
        return;
      }
      const auto part = static_cast<std::int64_t>(p);
      begun += static_cast<std::size_t>(size_of(part));
      taken[p] = take(params, work.seed, static_cast<std::uint32_t>(part * work.part), static_cast<int>(size_of(part)));
    }
  });
  if (stopped) return {};
  BatchGradient mean{0, 0, outer::Vector(params.size(), 0.0), 0};
  for (std::int64_t p = 0; p < parts; ++p) {
    const double share = static_cast<double>(size_of(p)) / static_cast<double>(work.lifetimes);
    add(mean, taken[static_cast<std::size_t>(p)], share);
  }
  return mean;
}

}  // namespace mlz::evolve
