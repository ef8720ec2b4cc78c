#pragma once
#include <memory>
#include <string>

#include "vm/dense_plan.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// The engine for few large lifetimes: contiguous registers, loops over entries, BLAS for large
/// products. In f64 and without BLAS its results have the bits of the reference engine.
std::unique_ptr<Machine> make_dense(const BoundProgram& program, const MachineOptions& options);
std::unique_ptr<Machine> make_dense(const BoundProgram& program, const MachineOptions& options,
                                    const dense::Tuning& tuning);

/// What the engine does, one line for each thing: the loop, the result and the operands with their
/// shapes. `W'` is W read as if transposed; `W from 4` is a window of W that begins at entry 4, `W x 3` has every row three
/// times in succession, `W tiled` all rows over and over; in a chain, `~t` lives in a tile and not in its
/// register.
std::string dump_dense(const BoundProgram& program, const MachineOptions& options,
                       const dense::Tuning& tuning = {});

}  // namespace mlz::vm
