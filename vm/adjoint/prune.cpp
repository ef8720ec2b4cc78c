#include "vm/adjoint/prune.hpp"

#include <algorithm>

namespace mlz::vm::adjoint {
namespace {

/// Entries from which on passing over a gradient in every step costs more than keeping the factors.
constexpr std::int64_t kLeastLate = 8192;

/// What the instructions of a function do with each register.
struct Uses {
  std::vector<int> reads, last_write;

  Uses(const BoundProgram& program, const std::vector<BoundInstruction>& code)
      : reads(program.registers.size(), 0), last_write(program.registers.size(), -1) {
    for (int at = 0; at < static_cast<int>(code.size()); ++at) {
      const BoundInstruction& i = code[static_cast<std::size_t>(at)];
      last_write[i.out] = at;
      for (std::size_t k = 0; k < i.in_count; ++k) ++reads[i.in[k]];
    }
  }
};

}  // namespace

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

std::vector<Adjoint::Late> take_late_products(BoundProgram& program, const std::vector<RegisterId>& params) {
  std::vector<BoundInstruction>& code = program.code[static_cast<std::size_t>(Function::learn)];
  const Uses uses(program, code);
  std::vector<int> product(program.registers.size(), -1);  // where a register becomes an outer product, read once
  std::vector<Adjoint::Late> late;
  for (int at = 0; at < static_cast<int>(code.size()); ++at) {
    BoundInstruction& i = code[static_cast<std::size_t>(at)];
    if (i.op == OpId::outer && uses.reads[i.out] == 1 && uses.last_write[i.out] == at) product[i.out] = at;
    const bool adds = i.op == OpId::add && i.in[0] == i.out && product[i.in[1]] >= 0 &&
                      program.registers[i.out].size() >= kLeastLate && std::ranges::find(params, i.out) != params.end();
    if (!adds) continue;
    BoundInstruction& outer = code[static_cast<std::size_t>(product[i.in[1]])];
    const bool stay = uses.last_write[outer.in[0]] < product[i.in[1]] && uses.last_write[outer.in[1]] < product[i.in[1]];
    if (!stay) continue;
    late.push_back({i.out, outer.in[0], outer.in[1]});
    for (std::size_t k = 0; k < 2; ++k) program.registers[outer.in[k]].observed = true;
    outer.live = i.live = false;
  }
  std::erase_if(code, [](const BoundInstruction& i) { return !i.live; });
  return late;
}

}  // namespace mlz::vm::adjoint
