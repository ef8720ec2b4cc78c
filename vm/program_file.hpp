#pragma once
#include <span>
#include <vector>

#include "vm/bound_program.hpp"

/// Bound programs as bytes, for hosts that run a fixed program without the parser. docs/formats.md has the layout.
namespace mlz::vm {

inline constexpr std::uint32_t kProgramFileVersion = 1;

std::vector<unsigned char> write_program(const BoundProgram& program);

struct ProgramFileLimits {
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of all registers, as f64
  std::int64_t max_instructions = 2'000'000;
};

/// Throws InputError for bytes that are not a whole and valid program of this version, and for one over the limits.
/// Memory stays within a small multiple of the length of `bytes`.
BoundProgram read_program(std::span<const unsigned char> bytes, const ProgramFileLimits& limits = {});

}  // namespace mlz::vm
