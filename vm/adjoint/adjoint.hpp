#pragma once
#include <string>
#include <vector>

#include "vm/bound_program.hpp"

/// Reverse-mode differentiation of a lifetime (Griewank and Walther 2008, chapter 3) as a transformation of programs.
namespace mlz::vm {

struct AdjointOptions {
  bool inputs = false;         ///< also the gradient of x, step by step
  bool initial_state = false;  ///< also that of what registers hold after Setup
  /// Results of large products with few entries are kept from the lifetime instead of being computed again.
  bool keep_products = true;
  /// Outer products that only add to the large gradient of a param are left to LateProducts.
  bool late_products = true;
  std::int64_t max_bytes = std::int64_t{4} << 30;  ///< of all registers, as f64
  std::int64_t max_instructions = 8'000'000;
};

/// A program that takes the gradient of a loss over a lifetime back through one step, Predict followed by Learn, and
/// through Setup. The loss is known by its gradient with respect to y after each Predict. The program's registers begin
/// with those of the original under the same numbers; `W'` holds the gradient of `W`. Its Predict is empty.
///
/// To use it: reset a machine of `program`, write `fixed`; for each step from the last to the first write `state` as it
/// was before the step, `kept` as it was after it, x, target (the label), `y` and, by Machine::set_runs, how many steps
/// came before into Learn, and run Learn; at last set the runs of Setup to 0 and run it. `params` then hold the
/// gradients, which add up over the steps, but for what is `late`.
struct Adjoint {
  BoundProgram program;
  std::vector<RegisterId> state;  ///< what a step needs of the original's registers as they were before it
  std::vector<RegisterId> kept;   ///< likewise as they were after it
  std::vector<RegisterId> fixed;  ///< likewise, but no step changes them
  RegisterId x = kNoRegister;     ///< of the original; kNoRegister where the gradient does not need them
  RegisterId target = kNoRegister;
  RegisterId y_adjoint = kNoRegister;  ///< in: gradient of the loss with respect to y
  RegisterId x_adjoint = kNoRegister;  ///< out, after a step, if asked for: that with respect to x
  /// By param in declared order, out: its gradient; kNoRegister for one that does not reach the loss.
  std::vector<RegisterId> params;
  /// Registers whose value before a step matters to the loss. Their gradients are carried from step to step; before
  /// Setup is run they are those of the state in which the first step began.
  struct Pair {
    RegisterId of, adjoint;
  };
  std::vector<Pair> carried;
  /// After each step, outer(column, row) of registers of this program is still to be added to the gradient `sum`.
  struct Late {
    RegisterId sum, column, row;
  };
  std::vector<Late> late;
};

/// Throws InputError where the program has no y, no param reaches it by way of operations that have gradients, or a
/// limit is passed.
Adjoint differentiate(const BoundProgram& program, const AdjointOptions& options = {});

/// The registers that the original has to let the host read for `adjoint` to be used, and to replay steps: those
/// carried from step to step, and what Setup left.
std::vector<RegisterId> replayed_registers(const BoundProgram& program);

std::string print(const Adjoint& adjoint);  ///< --dump=adjoint

}  // namespace mlz::vm
