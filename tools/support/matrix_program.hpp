#pragma once
#include "tools/support/run_options.hpp"

namespace mlz::tools {

/// What mlzrun --matrix does: runs every learner on every task. What does not fit is said in the report and stops
/// nothing. Returns kRunFailed when a run failed or was interrupted; throws InputError for a bad file, for programs
/// that cannot be compiled, and when nothing fits.
int run_matrix(const RunOptions& options);

}  // namespace mlz::tools
