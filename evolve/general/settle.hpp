#pragma once
#include "evolve/general/outline.hpp"
#include "evolve/numbered/draws.hpp"

namespace mlz::evolve {

/// Makes a changed program whole: a line that reads a register which nothing has assigned further up reads another one
/// of that shape instead, drawn from those in scope; registers that are no longer used are forgotten. False when a held
/// line would have to change, or nothing fits; the program is then unusable.
bool settle(CoreProgram& program, Draws& draws);

/// The part of it that draws nothing: whether every read is of something assigned, with registers and roles as the text
/// of the program gives them.
bool settle(CoreProgram& program);

}  // namespace mlz::evolve
