#pragma once
#include "lang/core/core_program.hpp"

namespace mlz {

/// The word for a role in programs: "x", "target"; empty for none.
const char* role_name(Role role);

/// Gives the registers of a program the parts they play: x, y and target by these names, or v0, s1 and s0 unless the
/// program declares names of its own; reward, action and done by name. All roles are none before.
void give_roles(CoreProgram& program);

}  // namespace mlz
