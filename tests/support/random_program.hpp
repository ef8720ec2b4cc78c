#pragma once
#include <cstdint>
#include <string>

namespace mlz::tests {

struct RandomProgramOptions {
  int declared_registers = 8;
  int lines = 6;        ///< of each function
  int depth = 3;        ///< of nested operations in one expression
  bool samplers = true;
  bool loops = true;    ///< loops and families
  bool core = false;    ///< one operation a line
  bool tame = false;    ///< no huge or infinite constants
  bool more_params = false;  ///< params of every kind, which states start as, and an answer from several registers
};

/// The text of a valid program over all operations: named sizes, families, loops, slices, samplers, constants that
/// make infinities and NaN. Equal seeds give equal texts on every machine.
std::string random_program(std::uint64_t seed, const RandomProgramOptions& options = {});

}  // namespace mlz::tests
