#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// The function behind the labels of a regression problem, as in AutoML-Zero (Real et al. 2020,
/// section 4.1 and its released program). All weights are standard normal and new for each problem;
/// labels carry no noise.
enum class Teacher {
  linear,   ///< w.x
  affine,   ///< w.x + b
  network,  ///< u.relu(M x) with M square, where rows 0 and 2 of M and entries 0 and 2 of u are
            ///< zero
};

/// Regression on features x[features] ~ N(0, 1). Options: features, outputs, train, valid, test,
/// fixed, scale, epochs. Every output has a teacher of its own; several outputs need the stream protocol.
std::shared_ptr<const Task> make_regression(const std::string& name, Teacher teacher,
                                            const Options& options);

}  // namespace mlz::tasks
