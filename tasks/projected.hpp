#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// Projected binary classification as in AutoML-Zero (Real et al. 2020, section 4.2 and supplement
/// S4). Of the training part of another classification task, two classes are taken: the first
/// images of each, so many that they fill train, valid and test in equal parts, shuffled and split
/// for each problem, projected and standardised as in projection.hpp. Label 0 is the first class of
/// the pair. Where the source has fewer images all three parts shrink in proportion, by its rarest
/// class. Options: data, features, pair, split, train, valid, test, epochs.
std::shared_ptr<const Task> make_projected(const Options& options, const DataPaths& paths);

}  // namespace mlz::tasks
