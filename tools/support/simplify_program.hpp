#pragma once
#include "tools/support/program_setup.hpp"

namespace mlz::tools {

/// What mlzrun --simplify does: prints the readable form of a program, with its scores on the task as comments.
int simplify_program(const RunOptions& options, const Setup& setup, const CoreProgram& core);

}  // namespace mlz::tools
