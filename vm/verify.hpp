#pragma once
#include "vm/bound_program.hpp"

namespace mlz::vm {

/// Checks that a bound program is one that `bind` could have made: every engine then runs it without touching memory
/// that is not its own. For programs that come from files. Throws InputError with the first fault.
void verify(const BoundProgram& program);

}  // namespace mlz::vm
