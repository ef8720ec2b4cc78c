#include "tools/support/model_file.hpp"

#include <fmt/format.h>

#include "lang/core/diagnostics.hpp"
#include "vm/carried.hpp"

namespace mlz::tools {

void check_not_set(const std::map<std::string, std::string>& set, const std::string& name,
                   const vm::BoundProgram& program) {
  for (const auto& param : program.params) {
    const std::string& known = program.registers[param.id].name;
    if (set.count(known) == 0) continue;
    throw InputError(
        fmt::format("--set {}: {} has the values of this param; leave --set {} or --load out", known, name, known));
  }
}

TensorFile params_file(const vm::BoundProgram& program, const std::vector<std::vector<double>>& params) {
  TensorFile file;
  for (std::size_t i = 0; i < program.params.size(); ++i) {
    const vm::BoundRegister& r = program.registers[program.params[i].id];
    file.tensors[r.name] = {vm::shape_of(r), params[i]};
  }
  return file;
}

TensorFile model_of(const vm::Machine& machine, const std::vector<std::vector<double>>& params) {
  const vm::BoundProgram& program = machine.program();
  TensorFile file = params_file(program, params);
  for (const vm::RegisterId id : vm::carried_registers(program)) {
    const vm::BoundRegister& r = program.registers[id];
    Tensor tensor{vm::shape_of(r), std::vector<double>(static_cast<std::size_t>(r.size()))};
    machine.read(id, 0, std::span<double>(tensor.values));
    file.tensors[r.name] = std::move(tensor);
  }
  return file;
}

}  // namespace mlz::tools
