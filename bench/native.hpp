#pragma once
#include "vm/batch_evaluator.hpp"

namespace mlz::bench {

/// Mean fitness of the hand designs written in C++ for one number of features (4, 8, 16 or 32): what a programmer
/// writes who needs only this one algorithm. Compiled with the options of the build, like everything around it.
double native_linear(const vm::TaskBatch& batch);
double native_network(const vm::TaskBatch& batch);

}  // namespace mlz::bench
