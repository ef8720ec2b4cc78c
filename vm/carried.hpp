#pragma once
#include <vector>

#include "vm/bound_program.hpp"

namespace mlz::vm {

/// The registers, besides params and what the task hands in, whose value at the end of a step matters to later steps:
/// those that live code of Predict or Learn reads before writing all of them. In the order of the program.
std::vector<RegisterId> carried_registers(const BoundProgram& program);

}  // namespace mlz::vm
