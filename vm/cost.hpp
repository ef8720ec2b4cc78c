#pragma once
#include "vm/bound_program.hpp"

namespace mlz::vm {

/// Arithmetic operations of one call of a function in one lifetime, an addition being 1; dead code does not count.
double operations(const BoundProgram& program, Function function);

}  // namespace mlz::vm
