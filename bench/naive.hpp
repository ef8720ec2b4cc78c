#pragma once
#include "vm/batch_evaluator.hpp"

namespace mlz::bench {

/// Mean fitness of a program by the plainest interpreter: one task at a time, one instruction at a time, in double.
/// Knows the ops of the programs in inputs.hpp; throws std::logic_error for others.
double naive_fitness(const vm::CompactProgram& program, const vm::TaskBatch& batch);

}  // namespace mlz::bench
