#pragma once
#include "tools/evolve/evolve_options.hpp"

namespace mlz::tools {

/// What mlzevolve does: search and report. Returns the exit code; throws InputError for bad input.
int evolve_program(const EvolveOptions& options);

}  // namespace mlz::tools
