#pragma once
#include "vm/bound_program.hpp"

namespace mlz::vm {

/// The same program, with a register of its own for every result that is worth keeping for the way back, where the
/// original writes the next one over it, as it does with the temporaries of a loop over layers. New registers follow the
/// old ones. Results keep their bits.
BoundProgram with_own_products(BoundProgram program);

/// Whether a result is cheaper to keep than to compute again: few entries from many multiplications.
bool is_worth_keeping(const BoundProgram& program, const BoundInstruction& instruction);

}  // namespace mlz::vm
