#pragma once
#include <functional>
#include <optional>

#include "lang/core/core_program.hpp"

namespace mlz::evolve {

/// The program without the instructions whose numbers in the text `gone` holds for; nothing where the rest would read
/// what is not assigned.
std::optional<CoreProgram> without(const CoreProgram& program, const std::function<bool(std::size_t)>& gone);
/// The program without its n-th instruction, whose result is replaced by its operand `operand` wherever it is read;
/// nothing where the shapes differ or it is not the only line that writes there.
std::optional<CoreProgram> bypassed(const CoreProgram& program, std::size_t n, std::size_t operand);
/// Branches that consts alone decide are replaced by what they choose.
CoreProgram without_decided_branches(const CoreProgram& program);
/// Loops and branches without lines, and states, consts and sizes that nothing uses, are left out.
void drop_unused(CoreProgram& program);
/// Instructions in the whole text.
std::size_t instruction_count(const CoreProgram& program);

}  // namespace mlz::evolve
