#pragma once
#include "tools/evolve/evolve_options.hpp"

namespace mlz::tools {

/// What mlzevolve --compare does: prints a table of finished searches for params, a row for each name with the means
/// over its folders, and draws their curves over training steps. Returns the exit code; throws InputError for bad input.
int compare_runs(const EvolveOptions& options);

}  // namespace mlz::tools
