#pragma once
#include "vm/machine.hpp"

/// What the constructor of every engine needs.
namespace mlz::vm {

/// What each lane is born with, its params complete. Throws InputError when there is no lane, or a count or a size does
/// not fit.
std::vector<Birth> lane_births(const BoundProgram& program, const MachineOptions& options);
/// The same of births handed in for `lanes` lanes.
std::vector<Birth> lane_births(const BoundProgram& program, std::span<const Birth> births, int lanes);

/// Checks the arguments of Machine::read and write. Throws std::logic_error for a register, lane or
/// size that is wrong, and for reading a register that was not observed.
void check_read(const Machine& machine, RegisterId id, int lane, std::size_t size);
void check_write(const Machine& machine, RegisterId id, int lane, std::size_t size);

}  // namespace mlz::vm
