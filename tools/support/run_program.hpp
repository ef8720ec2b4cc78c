#pragma once
#include "tools/support/program_setup.hpp"
#include "tools/support/report.hpp"
#include "tools/support/run_options.hpp"

namespace mlz::tools {

/// What mlzrun does: compile, bind, run and report. Returns the exit code; throws InputError for
/// bad input.
int run_program(const RunOptions& options);

struct RunSet {
  RunFacts facts;
  std::vector<RunResult> results;  ///< fewer than asked for when interrupted
};

/// All runs of a program on a task, with progress on stderr. Throws InputError for a file that does not fit.
RunSet run_all(const RunOptions& options, Setup setup, const CoreProgram& core);

}  // namespace mlz::tools
