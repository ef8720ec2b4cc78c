#pragma once
#include <memory>
#include <optional>
#include <string>

#include "vm/levels.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// The engine for many small lifetimes: a register is [entry][lane], and one dispatch of an
/// instruction computes it for all lanes. In f64 its results have the bits of the reference engine;
/// in both number types they do not depend on the number of lanes or on the kernel level. `level`
/// is the processor's best or that of MLZ_KERNELS when left out.
std::unique_ptr<Machine> make_lanes(const BoundProgram& program, const MachineOptions& options);
std::unique_ptr<Machine> make_lanes(const BoundProgram& program, const MachineOptions& options,
                                    std::optional<Level> level);

/// What the engine does, as instructions of a bound program, and the memory it takes.
std::string dump_lanes(const BoundProgram& program, const MachineOptions& options);

}  // namespace mlz::vm
