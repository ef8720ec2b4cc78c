#pragma once
#include "lang/core/draws.hpp"

namespace mlz::tasks {

/// What a task draws for one lifetime; each has numbers of its own, below 16 (what is drawn by pen adds 16 for its noise).
enum class Purpose : std::uint32_t {
  teacher,
  train,
  valid,
  test,
  order,
  permutation,
  projection,
  split,
  pair,
  mixture,
  episode,
  classes,
  pictures,
  strokes,
  hand,
  warp,
};

/// The key of a task's draws. `run` separates repeats of one purpose, such as images or epochs.
inline DrawKey task_key(std::uint64_t seed, std::uint32_t index, Purpose purpose,
                        std::uint64_t run = 0) {
  return {seed, kTaskStream, index, static_cast<std::uint32_t>(purpose), run};
}

}  // namespace mlz::tasks
