#pragma once
#include "tools/evolve/evolve_options.hpp"

namespace mlz::tools {

/// What mlzevolve --tune does: searches for params of one program and reports. Returns the exit code; throws InputError
/// for bad input.
int tune_program(const EvolveOptions& options);

}  // namespace mlz::tools
