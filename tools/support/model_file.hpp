#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/support/safetensors.hpp"
#include "vm/machine.hpp"

namespace mlz::tools {

/// What a model file gives a program: a value per param, and registers to be written after Setup.
struct Model {
  std::vector<std::vector<double>> params;  ///< as MachineOptions::params; empty: first values
  std::vector<std::pair<vm::RegisterId, std::vector<double>>> state;

  void write_state(vm::Machine& machine, int lane) const;
};

/// Names of the registers that a model file keeps beside the params. The program must be bound with
/// these observed to be saved.
std::vector<std::string> model_registers(const vm::BoundProgram& program);

/// Matches the tensors of a file with the params and carried registers of a program. Throws
/// InputError for a tensor the program lacks, a shape that differs, or a param the file lacks.
Model take_model(const TensorFile& file, const std::string& name, const vm::BoundProgram& program);

/// Throws InputError for a name in `set` that is a param of the program: its values are those of the file `name`.
void check_not_set(const std::map<std::string, std::string>& set, const std::string& name,
                   const vm::BoundProgram& program);

/// Values for the params of a program.
TensorFile params_file(const vm::BoundProgram& program, const std::vector<std::vector<double>>& params);

/// The params a machine was made with and the final values of its carried registers.
TensorFile model_of(const vm::Machine& machine, const std::vector<std::vector<double>>& params);

}  // namespace mlz::tools
