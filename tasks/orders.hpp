#pragma once
#include "lang/core/draws.hpp"
#include "tasks/task.hpp"

namespace mlz::tasks {

/// Which epochs are shuffled: AutoML-Zero leaves its first epoch in stored order (drawn data has no
/// order to lose).
enum class FirstEpoch { stored, shuffled };

/// The orders of all epochs of one lifetime; empty when the only epoch keeps stored order.
std::vector<std::vector<std::uint32_t>> epoch_orders(std::uint64_t seed, std::uint32_t index,
                                                     int epochs, std::size_t count,
                                                     FirstEpoch first);

/// The same, where every epoch keeps stored order.
std::vector<std::vector<std::uint32_t>> stored_orders(int epochs, std::size_t count);

/// `chosen` different numbers out of 0 .. count-1, in random order; at most `count`.
std::vector<std::uint32_t> drawn_sample(DrawSequence& draws, std::size_t count, std::size_t chosen);

}  // namespace mlz::tasks
