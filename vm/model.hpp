#pragma once
#include <string>
#include <utility>
#include <vector>

#include "vm/machine.hpp"
#include "vm/tensor_file.hpp"

namespace mlz::vm {

/// What a model file gives a program: a value per param, and registers to be written after Setup.
struct Model {
  ParamValues params;  ///< as MachineOptions::params; empty: first values
  std::vector<std::pair<RegisterId, std::vector<double>>> state;

  void write_state(Machine& machine, int lane) const;
};

/// The shape of a register in a model file: empty for a scalar.
std::vector<std::int64_t> shape_of(const BoundRegister& r);

/// Names of the registers that a model file keeps beside the params. The program must be bound with
/// these observed to be saved.
std::vector<std::string> model_registers(const BoundProgram& program);

/// Matches the tensors of a file with the params and carried registers of a program. Throws
/// InputError for a tensor the program lacks, a shape that differs, or a param the file lacks.
Model take_model(const TensorFile& file, const std::string& name, const BoundProgram& program);

}  // namespace mlz::vm
