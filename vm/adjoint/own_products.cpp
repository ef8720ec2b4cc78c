#include "vm/adjoint/own_products.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlz::vm {
namespace {

/// The live instructions of a step, and where each register is written.
struct Step {
  std::vector<BoundInstruction*> lines;
  std::vector<std::vector<std::size_t>> writes;  ///< by register: positions
  std::vector<char> in_parts;                    ///< by register: whether some instruction writes a part of it

  explicit Step(BoundProgram& program) : writes(program.registers.size()), in_parts(program.registers.size(), 0) {
    for (const Function f : {Function::predict, Function::learn}) {
      for (BoundInstruction& i : program.code[static_cast<std::size_t>(f)]) {
        if (!i.live || i.op == OpId::noop) continue;
        writes[i.out].push_back(lines.size());
        if (i.op == OpId::set) in_parts[i.out] = 1;
        lines.push_back(&i);
      }
    }
  }
};

bool can_be_renamed(const BoundProgram& program, const Step& step, RegisterId r) {
  const bool has_role = std::ranges::find(program.role, r) != program.role.end();
  return step.writes[r].size() > 1 && step.in_parts[r] == 0 && !program.registers[r].observed && !has_role;
}

/// Gives the k-th value of a register a register of its own.
void rename(BoundProgram& program, Step& step, RegisterId r, std::size_t k) {
  BoundRegister made = program.registers[r];
  made.name += fmt::format("~{}", k);
  program.bytes_f64 += made.size() * static_cast<std::int64_t>(sizeof(double));
  const auto own = static_cast<RegisterId>(program.registers.size());
  program.registers.push_back(made);
  step.lines[step.writes[r][k]]->out = own;
  for (std::size_t at = step.writes[r][k] + 1; at <= step.writes[r][k + 1]; ++at) {
    BoundInstruction& i = *step.lines[at];
    for (std::size_t operand = 0; operand < i.in_count; ++operand) {
      if (i.in[operand] == r) i.in[operand] = own;
    }
  }
}

}  // namespace

bool is_worth_keeping(const BoundProgram& program, const BoundInstruction& instruction) {
  constexpr std::int64_t kLeastWork = 8192, kLeastPerEntry = 64;
  const ShapeRule rule = op_info(instruction.op).rule;
  if (rule != ShapeRule::matvec && rule != ShapeRule::vecmat && rule != ShapeRule::matmul) return false;
  const std::int64_t entries = program.registers[instruction.out].size();
  const std::int64_t each = rule == ShapeRule::matmul
                                ? program.registers[instruction.in[0]].cols
                                : program.registers[instruction.in[rule == ShapeRule::vecmat]].size() / entries;
  return each >= kLeastPerEntry && each * entries >= kLeastWork;
}

BoundProgram with_own_products(BoundProgram program) {
  Step step(program);
  const auto count = static_cast<RegisterId>(program.registers.size());
  for (RegisterId r = 0; r < count; ++r) {
    if (!can_be_renamed(program, step, r)) continue;
    for (std::size_t k = 0; k + 1 < step.writes[r].size(); ++k) {
      if (is_worth_keeping(program, *step.lines[step.writes[r][k]])) rename(program, step, r, k);
    }
  }
  return program;
}

}  // namespace mlz::vm
