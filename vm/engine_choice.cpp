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

/// Whether most entries that Predict and Learn compute are in short rows of registers that are not too large.
bool has_short_rows(const BoundProgram& program) {
  std::int64_t entries = 0, in_short_rows = 0;
  for (const Function f : {Function::predict, Function::learn}) {
    for (const BoundInstruction& i : program.code[static_cast<std::size_t>(f)]) {
      if (!i.live) continue;
      const BoundRegister& r = program.registers[i.out];
      if (r.size() > kMostShortRows) return false;
      entries += r.size();
      if (r.cols < kFullLanes && r.rows >= kFullLanes) in_short_rows += r.size();
    }
  }
  return 2 * in_short_rows > entries;
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

LaneChoice fitting_lanes(const BoundProgram& program, DType dtype) {
  const bool lanes = fitting_engine(program, dtype, kFullLanes) == "lanes" || has_short_rows(program);
  return lanes ? LaneChoice{"lanes", kFullLanes} : LaneChoice{"dense", 1};
}

}  // namespace mlz::vm
