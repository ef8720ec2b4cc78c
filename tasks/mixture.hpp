#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// A mixture: every problem comes from one of several tasks, drawn by weight from (seed, index).
/// The option tasks has them as "2*mnist:resize=14 + fashion_mnist:resize=14", a weight of 1 left
/// out; options with '+' or unmatched commas stand in parentheses. All tasks must have the same
/// sizes, metric, classes and protocol.
std::shared_ptr<const Task> make_mixture(const Options& options, const DataPaths& paths);

}  // namespace mlz::tasks
