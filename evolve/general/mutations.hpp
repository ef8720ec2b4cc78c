#pragma once
#include "evolve/general/space.hpp"
#include "evolve/numbered/draws.hpp"
#include "evolve/numbered/mutations.hpp"

namespace mlz::evolve {

/// One way to change a program. `apply` returns false when it found nothing to change; the program is then unusable.
struct GeneralMutation {
  const char* name;
  const char* meaning;
  bool (*apply)(const GeneralSpace& space, CoreProgram& program, Draws& draws);
};
/// The mutations for programs of any form. They keep declarations, loops, branches, held lines and whatever the task
/// hands in as they are; every line they leave has fitting shapes and reads what is declared or assigned before it.
const std::vector<GeneralMutation>& general_mutations();

/// Applies a mutation, and makes the program whole where that is needed. False leaves the program as it was.
bool mutate(const GeneralMutation& mutation, const GeneralSpace& space, CoreProgram& program, Draws& draws);

/// The constants of a program that may change: declared ones that no size or loop depends on, and numbers in free
/// lines.
std::vector<StaticExpr*> free_constants(const GeneralSpace& space, CoreProgram& program);

/// Fills the holes of a program with fitting material: `?` for an operand or operation, and lines. False when something
/// does not fit; the program is then unusable.
bool fill_holes(const GeneralSpace& space, CoreProgram& program, Draws& draws);

}  // namespace mlz::evolve
