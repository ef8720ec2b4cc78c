#pragma once
#include <cstdint>
#include <vector>

#include "evolve/eval/lifetime.hpp"

namespace mlz::eval {

/// The order of the training examples, epoch by epoch: those of the problem, then those the
/// task's rule gives to further epochs.
class EpochOrders {
 public:
  EpochOrders(const tasks::Problem& problem, std::uint64_t seed, std::uint32_t lifetime);
  /// Order of epoch `epoch` (from 0); epochs must be asked for in turn.
  const std::vector<std::uint32_t>& of(int epoch);

 private:
  const tasks::Problem& problem_;
  std::uint64_t seed_;
  std::uint32_t lifetime_;
  std::vector<std::uint32_t> order_;
};

/// 0 .. n-1.
std::vector<std::uint32_t> stored_order(std::size_t n);
/// How many epochs a lifetime has.
int epochs_of(const tasks::Problem& problem, const Settings& settings);

}  // namespace mlz::eval
