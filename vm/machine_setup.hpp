#pragma once
#include "vm/machine.hpp"

/// What the constructor of every engine needs.
namespace mlz::vm {

/// The index of each lane's lifetime. Throws InputError when there is no lane or the list has
/// another length.
std::vector<std::uint32_t> lane_lifetimes(const MachineOptions& options);

/// The same for a machine that exists. Throws InputError unless it has as many lanes.
std::vector<std::uint32_t> same_lanes(const Machine& machine, const MachineOptions& options);

/// One complete value per param: those of the options, first values where they are left out. Throws
/// InputError when a count or a size does not fit.
std::vector<std::vector<double>> param_values(const BoundProgram& program,
                                              const MachineOptions& options);

/// The same into values that are there, whose memory is used again.
void assign_params(const BoundProgram& program, const MachineOptions& options, std::vector<std::vector<double>>& values);

/// Checks the arguments of Machine::read and write. Throws std::logic_error for a register, lane or
/// size that is wrong, and for reading a register that was not observed.
void check_read(const Machine& machine, RegisterId id, int lane, std::size_t size);
void check_write(const Machine& machine, RegisterId id, int lane, std::size_t size);

}  // namespace mlz::vm
