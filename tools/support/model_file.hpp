#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/support/safetensors.hpp"
#include "vm/machine.hpp"
#include "vm/model.hpp"

namespace mlz::tools {

using vm::Model;
using vm::model_registers;
using vm::take_model;

/// Throws InputError for a name in `set` that is a param of the program: its values are those of the file `name`.
void check_not_set(const std::map<std::string, std::string>& set, const std::string& name,
                   const vm::BoundProgram& program);

/// Values for the params of a program.
TensorFile params_file(const vm::BoundProgram& program, const std::vector<std::vector<double>>& params);

/// The params a machine was made with and the final values of its carried registers.
TensorFile model_of(const vm::Machine& machine, const std::vector<std::vector<double>>& params);

}  // namespace mlz::tools
