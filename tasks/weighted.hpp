#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// A task that stands in a mixture.
struct Weighted {
  double weight = 1;
  std::string task;  ///< with its options, without parentheses around it
};

/// Reads "2*mnist:resize=14 + fashion_mnist", the value of `option` of the task `task`. Names of tasks begin with
/// letters, so a first digit or sign is a weight. Throws InputError for weights that are not above 0, missing tasks,
/// too many.
std::vector<Weighted> weighted_tasks(const std::string& task, const std::string& option, const std::string& text);

/// Which part of a mixture a lifetime has, by weight.
std::size_t drawn_part(const std::vector<double>& weights, std::uint64_t seed, std::uint32_t index);

}  // namespace mlz::tasks
