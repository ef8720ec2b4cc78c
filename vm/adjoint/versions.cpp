#include "vm/adjoint/versions.hpp"

namespace mlz::vm::adjoint {
namespace {

bool keeps_part(const BoundInstruction& i) { return i.op == OpId::set && i.value == 0; }

}  // namespace

bool never_written(const BoundProgram& program, RegisterId r) {
  const BoundRegister::Birth birth = program.registers[r].birth;
  return birth == BoundRegister::Birth::param || birth == BoundRegister::Birth::constant;
}

RegisterId born_as(const BoundProgram& program, RegisterId r) {
  const BoundRegister& reg = program.registers[r];
  return reg.birth == BoundRegister::Birth::copy ? reg.copy_of : r;
}

Body::Body(const BoundProgram& program)
    : program_(program),
      entry_(program.registers.size(), kNoVersion),
      current_(program.registers.size(), kNoVersion),
      count_(program.registers.size(), 0) {}

int Body::add_version(RegisterId r, bool entry) {
  if (count_[r] == 0) touched_.push_back(r);
  versions.push_back({r, count_[r]++, entry});
  return static_cast<int>(versions.size() - 1);
}

int Body::current(RegisterId r) {
  if (current_[r] == kNoVersion) current_[r] = entry_[r] = add_version(r, true);
  return current_[r];
}

void Body::enter_again(RegisterId r, bool fresh) {
  if (fresh) {
    current_[r] = add_version(r, true);
  } else {
    current_[r] = entry_[r];
  }
}

void Body::append(Function function) {
  for (const BoundInstruction& i : program_.code[static_cast<std::size_t>(function)]) {
    if (!i.live || i.op == OpId::noop) continue;
    Line line;
    line.instruction = i;
    for (std::size_t k = 0; k < i.in_count; ++k) {
      line.in[k] = current(i.in[k]);
      ++versions[static_cast<std::size_t>(line.in[k])].readers;
    }
    if (keeps_part(i)) line.old = current(i.out);
    line.out = current_[i.out] = add_version(i.out, false);
    lines.push_back(line);
  }
}

std::vector<char> changed_by_steps(const BoundProgram& program) {
  std::vector<char> changed(program.registers.size(), 0);
  for (const Function f : {Function::predict, Function::learn}) {
    for (const BoundInstruction& i : program.code[static_cast<std::size_t>(f)]) {
      if (i.live && i.op != OpId::noop) changed[i.out] = 1;
    }
  }
  return changed;
}

LifetimeBodies::LifetimeBodies(const BoundProgram& program) : setup(program), step(program) {
  const RegisterId x = program.with_role(Role::x), target = program.with_role(Role::target);
  if (target != kNoRegister) {
    step.enter_again(target, true);
    blank_target = step.current(target);
  }
  step.append(Function::predict);
  y = step.current(program.with_role(Role::y));
  learn_begins = step.lines.size();
  for (const RegisterId r : {x, target}) {
    if (r != kNoRegister) step.enter_again(r);
  }
  step.append(Function::learn);
  setup.append(Function::setup);
  for (const RegisterId r : step.touched()) {
    const bool handed_in = r == x || r == target;
    if (step.entry(r) == kNoVersion || handed_in || never_written(program, r)) continue;
    carried.push_back(r);
    setup.current(r);
  }
}

}  // namespace mlz::vm::adjoint
