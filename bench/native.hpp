#pragma once
#include <string_view>

#include "vm/batch_evaluator.hpp"
#include "vm/levels.hpp"

/// The learners of the benchmark as a programmer writes them in C++ who needs only this one: numbers of features known
/// to the compiler, one task after the other. Compiled for the same levels of the processor as mlz's kernels.
namespace mlz::bench {

enum class Design { linear, network };  ///< automl_linear.mlz, automl_nn.mlz

/// Mean fitness of a hand design. T is the number type of the computation; tasks have 4, 8, 16 or 32 features.
template <class T>
double native_fitness(vm::Level level, Design design, const vm::TaskBatch& batch);

}  // namespace mlz::bench
