#include "vm/optimise.hpp"

#include <numeric>

#include "lang/core/static_expr.hpp"

namespace mlz::vm {

Optimised optimise(const BoundProgram& program, DType dtype) {
  Optimised o = unoptimised(program, dtype);
  o.kept = kept_registers(o.program, o.fixed);
  fold_constants(o);
  drop_covered(o);
  share_common(o);
  move_fixed(o);
  forward_copies(o);
  drop_dead(o);
  return o;
}

Optimised unoptimised(const BoundProgram& program, DType dtype) {
  Optimised o{program, {}, dtype, {}, {}};
  for (auto& code : o.program.code) {
    std::erase_if(code, [](const BoundInstruction& i) { return !i.live || i.op == OpId::noop; });
  }
  o.kept.assign(o.program.registers.size(), 1);
  o.feeds_fixed.assign(o.program.registers.size(), 0);
  return o;
}

std::vector<char> visible_registers(const BoundProgram& program) {
  std::vector<char> visible(program.registers.size(), 0);
  for (std::size_t r = 0; r < visible.size(); ++r) {
    visible[r] = program.registers[r].observed || program.registers[r].birth == BoundRegister::Birth::param;
  }
  for (const RegisterId id : program.role) {
    if (id != kNoRegister) visible[id] = 1;
  }
  return visible;
}

std::vector<char> kept_registers(const BoundProgram& program, const std::vector<BoundInstruction>& fixed) {
  std::vector<char> kept = visible_registers(program);
  std::vector<std::uint32_t> written(kept.size(), 0);  // the last function that wrote it, from 1 on
  std::uint32_t function = 0;
  const auto add = [&](const std::vector<BoundInstruction>& code) {
    ++function;
    for (const BoundInstruction& i : code) {
      for (std::size_t k = 0; k < i.in_count; ++k) kept[i.in[k]] |= written[i.in[k]] != function;
      if (keeps_old_value(i)) kept[i.out] |= written[i.out] != function;
      written[i.out] = function;
    }
  };
  for (const auto& code : program.code) add(code);
  add(fixed);
  for (const BoundInstruction& i : fixed) kept[i.out] = 1;
  return kept;
}

void become_copy(BoundInstruction& i, RegisterId from) {
  i.op = OpId::copy;
  i.in = {from, kNoRegister, kNoRegister};
  i.in_count = 1;
  i.attr = {};
  i.value = 0;
}

RegisterId add_constant(BoundProgram& program, double value) {
  BoundRegister made;
  made.name = print_number(value);
  made.birth = BoundRegister::Birth::constant;
  made.constant = value;
  program.registers.push_back(std::move(made));
  return static_cast<RegisterId>(program.registers.size() - 1);
}

ValueNumbers::ValueNumbers(std::size_t registers) : number_(registers), first_(registers) {
  std::iota(number_.begin(), number_.end(), 0u);
  std::iota(first_.begin(), first_.end(), 0u);
}

void ValueNumbers::write(RegisterId r) {
  number_[r] = static_cast<std::uint32_t>(first_.size());
  first_.push_back(r);
}

void ValueNumbers::copy(RegisterId to, RegisterId from) {
  const std::uint32_t number = number_[from];
  if (number_[first_[number]] != number) first_[number] = from;
  number_[to] = number;
}

}  // namespace mlz::vm
