#pragma once
#include <optional>

#include "evolve/outer/batch_gradient.hpp"
#include "evolve/workers.hpp"

namespace mlz::evolve {

/// Lifetimes of one update, and how they are handed out.
struct GradientWork {
  std::uint64_t seed = 0;
  std::int64_t lifetimes = 1;  ///< 0, 1, ...
  std::int64_t part = 1;       ///< so many are taken together
};

/// The mean gradient over all lifetimes, by all workers. It is a sum over parts in their order, so that it depends on
/// `part` but not on the number of workers. go_on(lifetimes begun, worker) is asked before every part; nothing when it
/// says no. Loss and gradient are NaN where those of a part are.
std::optional<outer::BatchGradient> mean_gradient(const outer::TakeGradient& take, std::span<const double> params,
                                                  const GradientWork& work, Workers& workers,
                                                  const std::function<bool(std::size_t begun, int worker)>& go_on);

}  // namespace mlz::evolve
