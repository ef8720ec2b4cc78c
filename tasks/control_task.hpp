#pragma once
#include "tasks/options.hpp"
#include "tasks/world.hpp"

namespace mlz::tasks {

/// The task of a lifetime of several episodes in one world (see Control in tasks/task.hpp), with
/// the options of control_options().
std::shared_ptr<const Task> make_control_task(WorldInfo world, const Options& options);

/// Options of every control task, with the defaults given.
std::vector<TaskOption> control_options(const char* episodes, const char* steps);

}  // namespace mlz::tasks
