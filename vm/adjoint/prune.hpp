#pragma once
#include <functional>
#include <vector>

#include "vm/adjoint/adjoint.hpp"

namespace mlz::vm::adjoint {

/// Drops instructions whose results are not read below them. `needed` by register: at the end of the code on the way
/// in, at its beginning on the way out.
void drop_unread(std::vector<BoundInstruction>& code, std::vector<char>& needed);

/// Drops registers from `first` on that no instruction names and `keep` does not hold; gives the others their new
/// numbers, which `renumbered` is told by old number.
void drop_unused_registers(BoundProgram& program, RegisterId first, const std::vector<RegisterId>& keep,
                           const std::function<void(const std::vector<RegisterId>&)>& renumbered);

/// Takes outer products out of Learn that nothing does but add to a large gradient of `params`, and makes their factors
/// readable after it.
std::vector<Adjoint::Late> take_late_products(BoundProgram& program, const std::vector<RegisterId>& params);

}  // namespace mlz::vm::adjoint
