#pragma once
#include "tools/support/run_options.hpp"

namespace mlz::tools {

/// What mlzrun does: compile, bind, run and report. Returns the exit code; throws InputError for
/// bad input.
int run_program(const RunOptions& options);

}  // namespace mlz::tools
