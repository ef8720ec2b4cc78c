#pragma once
#include <string>
#include <vector>

#include "lang/core/core_program.hpp"
#include "tasks/task.hpp"
#include "vm/bound_program.hpp"

namespace mlz::outer {

/// The program with the sizes of a task, whose registers take `max_bytes` as f64 at most; `observed` ones stay readable
/// after a run. Throws InputError with all that does not bind.
vm::BoundProgram bind_to_task(const CoreProgram& program, const tasks::TaskInfo& task, std::int64_t max_bytes,
                              std::vector<std::string> observed = {});

}  // namespace mlz::outer
