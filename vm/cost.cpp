#include "vm/cost.hpp"

#include <algorithm>

namespace mlz::vm {
namespace {

/// Terms that make one entry of the result.
double terms_per_entry(const BoundProgram& p, const BoundInstruction& i) {
  const OpInfo& op = op_info(i.op);
  if (i.in_count == 0) return 1;
  const BoundRegister& a = p.registers[i.in[0]];
  switch (op.rule) {
    case ShapeRule::dot:
    case ShapeRule::matvec:
    case ShapeRule::vecmat:
    case ShapeRule::matmul: return static_cast<double>(a.cols);
    case ShapeRule::reduce:
    case ShapeRule::argmax:
    case ShapeRule::group:
      return static_cast<double>(a.size()) / static_cast<double>(p.registers[i.out].size());
    case ShapeRule::pool: return static_cast<double>(i.attr[2] * i.attr[2]);
    default: return 1;
  }
}

double entries(const BoundProgram& p, const BoundInstruction& i) {
  const bool window = i.op == OpId::get || i.op == OpId::set;
  return window ? static_cast<double>(i.attr[2]) * static_cast<double>(i.attr[3])
                : static_cast<double>(p.registers[i.out].size());
}

}  // namespace

double operations(const BoundProgram& program, Function function) {
  double total = 0;
  for (const BoundInstruction& i : program.code[static_cast<std::size_t>(function)]) {
    if (i.live) total += entries(program, i) * std::max(1.0, terms_per_entry(program, i)) * op_info(i.op).cost;
  }
  return total;
}

}  // namespace mlz::vm
