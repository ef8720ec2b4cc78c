#include "vm/carried.hpp"

namespace mlz::vm {
namespace {

void read(RegisterId id, const std::vector<bool>& written, std::vector<bool>& carried) {
  if (id != kNoRegister && !written[id]) carried[id] = true;
}

void scan(const std::vector<BoundInstruction>& code, std::vector<bool>& written,
          std::vector<bool>& carried) {
  for (const auto& instruction : code) {
    if (!instruction.live || instruction.out == kNoRegister) continue;
    for (int i = 0; i < instruction.in_count; ++i) read(instruction.in[i], written, carried);
    const bool keeps_rest = instruction.op == OpId::set && instruction.value == 0;
    if (keeps_rest) read(instruction.out, written, carried);
    written[instruction.out] = true;
  }
}

}  // namespace

std::vector<RegisterId> carried_registers(const BoundProgram& program) {
  const std::size_t n = program.registers.size();
  std::vector<bool> written(n), carried(n), changed(n), excluded(n);
  for (const Role role : {Role::x, Role::target}) {
    if (program.with_role(role) != kNoRegister) excluded[program.with_role(role)] = true;
  }
  for (const auto& param : program.params) excluded[param.id] = true;
  for (const auto& code : program.code) {
    for (const auto& instruction : code) {
      if (instruction.live && instruction.out != kNoRegister) changed[instruction.out] = true;
    }
  }
  scan(program.code[1], written, carried);
  scan(program.code[2], written, carried);
  std::vector<RegisterId> result;
  for (RegisterId id = 0; id < n; ++id) {
    if (carried[id] && changed[id] && !excluded[id]) result.push_back(id);
  }
  return result;
}

}  // namespace mlz::vm
