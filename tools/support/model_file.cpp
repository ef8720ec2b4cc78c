#include "tools/support/model_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evolve/eval/carried.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::tools {
namespace {

std::vector<std::int64_t> shape_of(const vm::BoundRegister& r) {
  if (r.kind == Kind::scalar) return {};
  if (r.kind == Kind::vector) return {r.size()};
  return {r.rows, r.cols};
}

void check_shape(const Tensor& tensor, const std::string& name, const std::string& file,
                 const vm::BoundRegister& r) {
  const bool one_number = r.kind == Kind::scalar && tensor.values.size() == 1;
  if (one_number || tensor.shape == shape_of(r)) return;
  throw InputError(fmt::format(
      "{}: \"{}\" has shape [{}], but in the program it is [{}]; are sizes and task the same?",
      file, name, fmt::join(tensor.shape, ", "), fmt::join(shape_of(r), ", ")));
}

[[noreturn]] void unknown(const std::string& name, const std::string& file,
                          const vm::BoundProgram& program) {
  std::vector<std::string> names = model_registers(program);
  for (const auto& p : program.params) names.push_back(program.registers[p.id].name);
  const std::string near = closest(name, names);
  throw InputError(fmt::format("{}: the program has no param or state \"{}\"{}", file, name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

}  // namespace

void Model::write_state(vm::Machine& machine, int lane) const {
  for (const auto& [id, values] : state) machine.write(id, lane, std::span<const double>(values));
}

std::vector<std::string> model_registers(const vm::BoundProgram& program) {
  std::vector<std::string> names;
  for (const vm::RegisterId id : eval::carried_registers(program))
    names.push_back(program.registers[id].name);
  return names;
}

void check_not_set(const std::map<std::string, std::string>& set, const std::string& name,
                   const vm::BoundProgram& program) {
  for (const auto& param : program.params) {
    const std::string& known = program.registers[param.id].name;
    if (set.count(known) == 0) continue;
    throw InputError(fmt::format("--set {}: {} has the values of this param; leave --set {} or --load out", known, name, known));
  }
}

Model take_model(const TensorFile& file, const std::string& name, const vm::BoundProgram& program) {
  Model model;
  std::vector<vm::RegisterId> taken;
  for (const auto& param : program.params) {
    const vm::BoundRegister& r = program.registers[param.id];
    const auto found = file.tensors.find(r.name);
    if (found == file.tensors.end())
      throw InputError(fmt::format("{}: has no param \"{}\"", name, r.name));
    check_shape(found->second, r.name, name, r);
    model.params.push_back(found->second.values);
    taken.push_back(param.id);
  }
  const auto carried = eval::carried_registers(program);
  for (const auto& [tensor_name, tensor] : file.tensors) {
    const auto found = program.by_name.find(tensor_name);
    if (found == program.by_name.end()) unknown(tensor_name, name, program);
    const vm::RegisterId id = found->second;
    if (std::find(taken.begin(), taken.end(), id) != taken.end()) continue;
    if (std::find(carried.begin(), carried.end(), id) == carried.end())
      unknown(tensor_name, name, program);
    check_shape(tensor, tensor_name, name, program.registers[id]);
    model.state.emplace_back(id, tensor.values);
  }
  return model;
}

TensorFile params_file(const vm::BoundProgram& program, const std::vector<std::vector<double>>& params) {
  TensorFile file;
  for (std::size_t i = 0; i < program.params.size(); ++i) {
    const vm::BoundRegister& r = program.registers[program.params[i].id];
    file.tensors[r.name] = {shape_of(r), params[i]};
  }
  return file;
}

TensorFile model_of(const vm::Machine& machine, const std::vector<std::vector<double>>& params) {
  const vm::BoundProgram& program = machine.program();
  TensorFile file = params_file(program, params);
  for (const vm::RegisterId id : eval::carried_registers(program)) {
    const vm::BoundRegister& r = program.registers[id];
    Tensor tensor{shape_of(r), std::vector<double>(static_cast<std::size_t>(r.size()))};
    machine.read(id, 0, std::span<double>(tensor.values));
    file.tensors[r.name] = std::move(tensor);
  }
  return file;
}

}  // namespace mlz::tools
