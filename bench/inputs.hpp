#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vm/batch_evaluator.hpp"

namespace mlz::bench {

/// Linear regression tasks: x ~ N(0, 1), label = w.x with w ~ N(0, 1) of the task.
vm::TaskBatch linear_tasks(int features, int tasks, int train, int valid, std::uint64_t seed);

/// A program of the standard library in compact form: "automl_linear".
vm::CompactProgram design(const std::string& name);

/// Programs of the linear regression demo of AutoML-Zero: Setup, Predict and Learn of 10, 2 and 8 instructions drawn
/// from six ops over 4 scalars, 3 vectors and 1 matrix.
vm::CompactProgram random_program(std::uint64_t seed);

/// Programs like those of an evolved population: the linear design in a random program, changed in a few places, such
/// that 40 to 65 % of the instructions are live and most tasks train to the end.
std::vector<vm::CompactProgram> evolved_programs(int count, const vm::TaskBatch& batch);

/// Share of instructions that can reach a prediction.
double live_share(const vm::CompactProgram& program);

}  // namespace mlz::bench
