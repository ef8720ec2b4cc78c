#include "vm/engine_choice.hpp"

#include <algorithm>

namespace mlz::vm {
namespace {

/// Entries of the result, or terms of all its sums; saturates far above the table.
std::int64_t work_of(const BoundProgram& program, const BoundInstruction& i) {
  std::int64_t work = program.registers[i.out].size();
  for (std::size_t k = 0; k < i.in_count; ++k) work = std::max(work, program.registers[i.in[k]].size());
  if (op_info(i.op).rule != ShapeRule::matmul || work > kEngineTable.back().most) return work;
  return program.registers[i.out].size() * program.registers[i.in[0]].cols;
}

}  // namespace

std::int64_t largest_instruction(const BoundProgram& program) {
  std::int64_t largest = 1;
  for (const Function f : {Function::predict, Function::learn}) {
    for (const BoundInstruction& i : program.code[static_cast<std::size_t>(f)]) {
      if (i.live) largest = std::max(largest, work_of(program, i));
    }
  }
  return largest;
}

std::string_view fitting_engine(const BoundProgram& program, DType dtype, int lanes) {
  const std::int64_t largest = largest_instruction(program);
  for (const EngineRow& row : kEngineTable) {
    if (largest > row.most) continue;
    return lanes >= (dtype == DType::f64 ? row.lanes_f64 : row.lanes_f32) ? "lanes" : "dense";
  }
  return "dense";
}

}  // namespace mlz::vm
