#pragma once
#include "evolve/numbered/live.hpp"
#include "vm/bound_program.hpp"

namespace mlz::evolve {

/// Fingerprint of the live part of a bound program. Names, dead lines, and the order of the operands of commutative
/// operations do not count, so equal keys mean equal behaviour; first values of params count unless all programs are given
/// the same others.
Key key_of(const vm::BoundProgram& program, std::uint64_t salt, bool params_given = false);

/// Live instructions.
std::uint32_t live_size(const vm::BoundProgram& program);

}  // namespace mlz::evolve
