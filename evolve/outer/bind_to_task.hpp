#pragma once
#include <string>
#include <vector>

#include "lang/core/core_program.hpp"
#include "tasks/task.hpp"
#include "vm/bound_program.hpp"

namespace mlz::outer {

/// The program with the sizes of a task; `observed` registers stay readable after a run. Throws InputError with all that
/// does not bind.
vm::BoundProgram bind_to_task(const CoreProgram& program, const tasks::TaskInfo& task,
                              std::vector<std::string> observed = {});

}  // namespace mlz::outer
