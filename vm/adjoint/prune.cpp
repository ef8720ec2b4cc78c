#include "vm/adjoint/prune.hpp"

#include <algorithm>

namespace mlz::vm::adjoint {

void drop_unread(std::vector<BoundInstruction>& code, std::vector<char>& needed) {
  for (std::size_t at = code.size(); at-- > 0;) {
    BoundInstruction& i = code[at];
    i.live = needed[i.out] != 0;
    if (!i.live) continue;
    if (i.op != OpId::set || i.value != 0) needed[i.out] = 0;
    for (std::size_t k = 0; k < i.in_count; ++k) needed[i.in[k]] = 1;
  }
  std::erase_if(code, [](const BoundInstruction& i) { return !i.live; });
}

void drop_unused_registers(BoundProgram& program, RegisterId first, const std::vector<RegisterId>& keep,
                           const std::function<void(const std::vector<RegisterId>&)>& renumbered) {
  std::vector<char> used(program.registers.size(), 0);
  std::fill_n(used.begin(), first, char{1});
  for (const RegisterId r : keep) used[r] = 1;
  for (const auto& code : program.code) {
    for (const BoundInstruction& i : code) {
      used[i.out] = 1;
      for (std::size_t k = 0; k < i.in_count; ++k) used[i.in[k]] = 1;
    }
  }
  std::vector<RegisterId> number(used.size(), kNoRegister);
  RegisterId count = 0;
  for (RegisterId r = 0; r < used.size(); ++r) {
    if (used[r] == 0) continue;
    number[r] = count;
    if (count != r) program.registers[count] = std::move(program.registers[r]);
    ++count;
  }
  program.registers.resize(count);
  for (auto& code : program.code) {
    for (BoundInstruction& i : code) {
      i.out = number[i.out];
      for (std::size_t k = 0; k < i.in_count; ++k) i.in[k] = number[i.in[k]];
    }
  }
  renumbered(number);
}

}  // namespace mlz::vm::adjoint
