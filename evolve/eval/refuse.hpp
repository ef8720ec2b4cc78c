#pragma once
#include <string>

#include "vm/bound_program.hpp"

namespace mlz::eval {

/// Throws InputError about a register that a task cannot serve, with the place of the line that gives it its shape: the
/// first one that writes it, in Predict before the other functions, or else reads it. Where there is none, or for
/// kNoRegister, with the file alone.
[[noreturn]] void refuse(const vm::BoundProgram& program, vm::RegisterId id, const std::string& message,
                         const std::string& hint = {});

/// What a register is called in messages: the name of its role, and v0, s1 or s0 where the program writes that.
std::string role_text(const vm::BoundProgram& program, Role role);
/// "a scalar", "a vector of 3", "a matrix of 2 x 3".
std::string shape_text(const vm::BoundRegister& r);

}  // namespace mlz::eval
