#pragma once
#include "lang/core/draws.hpp"
#include "tasks/examples.hpp"

namespace mlz::tasks {

/// Random projection of examples as in AutoML-Zero (Real et al. 2020, section 4.2): the `width`
/// features are multiplied by a matrix of `count` columns drawn from N(0, 1) with `key`, then every
/// projected feature gets mean 0 and deviation 1 by the statistics of the training part (a constant
/// one stays 0) and is rounded to f32. A count of 0 projects nothing and only standardises.
Sets project(const Sets& sets, std::size_t width, std::size_t count, const DrawKey& key);

/// Every example times one square matrix with entries U(-L, L), L = sqrt(6 / (2 width)), drawn with `key`; in f32. It
/// makes what is learnt indifferent to the order of features (Kirsch and Schmidhuber 2021, arXiv 2012.14905).
std::shared_ptr<const Examples> mixed_features(const Examples& examples, std::size_t width, const DrawKey& key);

}  // namespace mlz::tasks
