#include "vm/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lang/core/diagnostics.hpp"
#include "vm/carried.hpp"

namespace mlz::vm {
namespace {

void check_shape(const Tensor& tensor, const std::string& name, const std::string& file,
                 const BoundRegister& r) {
  const bool one_number = r.kind == Kind::scalar && tensor.values.size() == 1;
  if (one_number || tensor.shape == shape_of(r)) return;
  throw InputError(fmt::format(
      "{}: \"{}\" has shape [{}], but in the program it is [{}]; are sizes and task the same?",
      file, name, fmt::join(tensor.shape, ", "), fmt::join(shape_of(r), ", ")));
}

[[noreturn]] void unknown(const std::string& name, const std::string& file,
                          const BoundProgram& program) {
  std::vector<std::string> names = model_registers(program);
  for (const auto& p : program.params) names.push_back(program.registers[p.id].name);
  const std::string near = closest(name, names);
  throw InputError(fmt::format("{}: the program has no param or state \"{}\"{}", file, name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

}  // namespace

std::vector<std::int64_t> shape_of(const BoundRegister& r) {
  if (r.kind == Kind::scalar) return {};
  if (r.kind == Kind::vector) return {r.size()};
  return {r.rows, r.cols};
}

void Model::write_state(Machine& machine, int lane) const {
  for (const auto& [id, values] : state) machine.write(id, lane, std::span<const double>(values));
}

std::vector<std::string> model_registers(const BoundProgram& program) {
  std::vector<std::string> names;
  for (const RegisterId id : carried_registers(program))
    names.push_back(program.registers[id].name);
  return names;
}

Model take_model(const TensorFile& file, const std::string& name, const BoundProgram& program) {
  Model model;
  std::vector<RegisterId> taken;
  for (const auto& param : program.params) {
    const BoundRegister& r = program.registers[param.id];
    const auto found = file.tensors.find(r.name);
    if (found == file.tensors.end())
      throw InputError(fmt::format("{}: has no param \"{}\"", name, r.name));
    check_shape(found->second, r.name, name, r);
    model.params.push_back(found->second.values);
    taken.push_back(param.id);
  }
  const auto carried = carried_registers(program);
  for (const auto& [tensor_name, tensor] : file.tensors) {
    const auto found = program.by_name.find(tensor_name);
    if (found == program.by_name.end()) unknown(tensor_name, name, program);
    const RegisterId id = found->second;
    if (std::find(taken.begin(), taken.end(), id) != taken.end()) continue;
    if (std::find(carried.begin(), carried.end(), id) == carried.end())
      unknown(tensor_name, name, program);
    check_shape(tensor, tensor_name, name, program.registers[id]);
    model.state.emplace_back(id, tensor.values);
  }
  return model;
}

}  // namespace mlz::vm
