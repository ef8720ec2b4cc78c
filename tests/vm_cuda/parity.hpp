#pragma once
#include <functional>

#include "tests/support/compare.hpp"
#include "vm/cuda/engine.hpp"

/// Checks that machines on some device compute what the processor's engines do.
namespace mlz::test {

/// How far an op may be from the other engines, relative to the size of the number (of the largest in its row, for row
/// functions): 0 asks for the same bits. Ops that are not in the table ask for them.
struct Parity {
  OpId op;
  double f64, f32;
};
/// For a GPU: its library's functions in f64, powers, and what is made of the normal distribution.
const std::vector<Parity>& gpu_parity();
Parity parity_of(OpId op);

/// An op on operands of some sizes.
struct OpCase {
  vm::BoundProgram program;  ///< Setup runs the op
  std::vector<vm::RegisterId> in;
  vm::RegisterId out = vm::kNoRegister;
  std::string text;
};
/// The op on matrices of rows x cols, or vectors or scalars where it takes no other; empty program for ops that bound
/// programs do not have.
OpCase op_case(OpId op, std::int64_t rows, std::int64_t cols);

using OpenMachine = std::function<std::unique_ptr<vm::Machine>(const vm::BoundProgram&, const vm::MachineOptions&)>;

/// The largest difference, in the sense of Parity, of an op's result to the reference engine (f64) or the dense one
/// (f32) over three lanes whose operands differ; infinity where just one is finite. `special`: with infinities, NaN,
/// subnormal and huge numbers among the operands.
double difference(const OpCase& c, vm::DType dtype, const OpenMachine& open, bool special);

}  // namespace mlz::test
