#include "vm/dense_plan.hpp"

#include <algorithm>
#include <numeric>

#include "vm/dense_fuse.hpp"

namespace mlz::vm::dense {
namespace {

View view(const BoundProgram& program, RegisterId id) {
  const BoundRegister& r = program.registers[id];
  return {id, r.rows, r.cols};
}

View as_column(const BoundProgram& program, RegisterId id) {
  return {id, program.registers[id].size(), 1};
}
View as_row(const BoundProgram& program, RegisterId id) {
  return {id, 1, program.registers[id].size()};
}

void set_operands(PlanOp& op, RowOp row, std::initializer_list<View> in) {
  op.kind = PlanOp::Kind::row;
  op.row = row;
  op.in_count = static_cast<std::uint8_t>(in.size());
  std::copy(in.begin(), in.end(), op.in.begin());
}

void set_elementwise(const BoundProgram& program, PlanOp& op) {
  const BoundInstruction& ins = op.source;
  op.kind = PlanOp::Kind::row;
  op.row = row_op(ins.op);
  op.in_count = static_cast<std::uint8_t>(row_op_arity(op.row));
  for (int k = 0; k < op.in_count; ++k) op.in[k] = view(program, ins.in[k]);
}

/// Turns an instruction that works entry by entry into a row operation.
void set_row_form(const BoundProgram& program, PlanOp& op) {
  const BoundInstruction& ins = op.source;
  const RegisterId a = ins.in[0], b = ins.in[1];
  switch (ins.op) {
    case OpId::copy:
    case OpId::fill:
    case OpId::broadcast:
      set_operands(op, row_op(OpId::copy), {view(program, a)});
      break;
    case OpId::reshape:
      op.rows = 1;
      op.cols = program.registers[op.out].size();
      set_operands(op, row_op(OpId::copy), {as_row(program, a)});
      break;
    case OpId::broadcast_vector:
      set_operands(op, row_op(OpId::copy),
                   {ins.attr[0] == 0 ? as_column(program, a) : as_row(program, a)});
      break;
    case OpId::outer:
      set_operands(op, row_op(OpId::mul), {as_column(program, a), as_row(program, b)});
      break;
    default:
      if (op_info(ins.op).has(kElementwise)) set_elementwise(program, op);
  }
}

PlanOp plan_op(const BoundProgram& program, const BoundInstruction& instruction) {
  PlanOp op;
  op.kind = PlanOp::Kind::other;
  op.out = instruction.out;
  op.rows = program.registers[op.out].rows;
  op.cols = program.registers[op.out].cols;
  op.line = instruction.line;
  op.source = instruction;
  set_row_form(program, op);
  return op;
}

}  // namespace

Plan make_plan(const Optimised& optimised) {
  Plan plan;
  for (std::size_t f = 0; f < plan.code.size(); ++f) {
    for (const BoundInstruction& i : f == kFixed ? optimised.fixed : optimised.program.code[f]) {
      plan.code[f].push_back(plan_op(optimised.program, i));
    }
  }
  return plan;
}

Plan plan_of(const Optimised& optimised, const MachineOptions& options, const Tuning& tuning) {
  Plan plan = make_plan(optimised);
  if (options.fuse) fuse(optimised.program, options, tuning, plan);
  return plan;
}

std::int64_t unit_of(const PlanOp& op) {
  std::int64_t unit = 0;
  for (int k = 0; k < op.in_count; ++k) {
    if (op.in[k].has_repeats()) unit = std::gcd(unit, op.in[k].period > 0 ? op.in[k].period : op.in[k].repeat);
  }
  for (const PlanOp& member : op.members) unit = std::gcd(unit, unit_of(member));
  return unit;
}

View target_of(const PlanOp& op) {
  View view{op.out, op.rows, op.cols};
  view.first = op.out_first;
  view.step = op.out_step;
  return view;
}

bool keeps_old_value(const PlanOp& op) {
  if (op.kind == PlanOp::Kind::row) return op.keeps_rest;
  if (op.kind != PlanOp::Kind::other) return false;
  if (op.accumulate_scale != kNoRegister) return true;
  return op.source.op == OpId::set && op.source.value != 1;
}

}  // namespace mlz::vm::dense
