#include "tests/support/random_bound.hpp"

#include <algorithm>
#include <cmath>

namespace mlz::test {

using vm::BoundInstruction;
using vm::BoundRegister;
using vm::RegisterId;

ProgramBuilder::ProgramBuilder() { program.role.fill(vm::kNoRegister); }

RegisterId ProgramBuilder::add(Kind kind, std::int64_t rows, std::int64_t cols) {
  const auto id = static_cast<RegisterId>(program.registers.size());
  BoundRegister r;
  r.name = std::string(1, kind_letter(kind)) + std::to_string(id);
  r.kind = kind;
  r.rows = rows;
  r.cols = cols;
  program.registers.push_back(r);
  program.by_name[r.name] = id;
  values_.push_back(
      {kind, rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols), 0.0)});
  return id;
}

RegisterId ProgramBuilder::constant(double value) {
  const RegisterId id = scalar();
  program.registers[id].birth = BoundRegister::Birth::constant;
  program.registers[id].constant = value;
  values_[id].entries[0] = value;
  return id;
}

RegisterId ProgramBuilder::normal_param(Kind kind, std::int64_t rows, std::int64_t cols,
                                        double deviation) {
  const RegisterId id = add(kind, rows, cols);
  program.registers[id].birth = BoundRegister::Birth::param;
  const DrawKey key{0, kParamStream, 0, static_cast<std::uint32_t>(program.params.size()), 0};
  program.params.push_back({id, OpId::normal, {0.0, deviation}});
  draw_normal(key, 0, deviation, values_[id].entries);
  return id;
}

void ProgramBuilder::start_as(RegisterId state, RegisterId param) {
  program.registers[state].birth = BoundRegister::Birth::copy;
  program.registers[state].copy_of = param;
  values_[state].entries = values_[param].entries;
}

bool ProgramBuilder::add(BoundInstruction instruction, bool tame) {
  std::vector<vm::Value> in;
  for (int k = 0; k < instruction.in_count; ++k) in.push_back(values_[instruction.in[k]]);
  std::vector<double> out = values_[instruction.out].entries;
  vm::execute(instruction, in, program.registers[instruction.out], DrawKey{}, out);
  const auto is_tame = [](double v) { return std::abs(v) < 1e6; };
  if (tame && !std::all_of(out.begin(), out.end(), is_tame)) return false;
  values_[instruction.out].entries = std::move(out);
  instruction.line = static_cast<std::uint32_t>(program.lines.size());
  program.lines.push_back({function, op_info(instruction.op).name(), {}});
  program.code[static_cast<std::size_t>(function)].push_back(instruction);
  return true;
}

bool ProgramBuilder::op(OpId id, RegisterId out, std::initializer_list<RegisterId> in,
                        std::array<std::int64_t, 4> attr, double value) {
  BoundInstruction i;
  i.op = id;
  i.out = out;
  std::copy(in.begin(), in.end(), i.in.begin());
  i.in_count = static_cast<std::uint8_t>(in.size());
  i.attr = attr;
  i.value = value;
  return add(i, keep_tame);
}

vm::BoundProgram ProgramBuilder::finish() {
  vm::mark_live(program, true);
  return program;
}

}  // namespace mlz::test
