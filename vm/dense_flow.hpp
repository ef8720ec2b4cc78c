#pragma once
#include "vm/dense_plan.hpp"

namespace mlz::vm::dense {

/// What may still be read after each function has run: by any function that may run next, before it
/// writes it, or by whoever looks at the registers. Functions are taken to run in any order.
std::vector<char> live_after_functions(const BoundProgram& program, const Plan& plan);

/// Who reads what within one function. Operations are known by their position; -1 stands for values
/// that are older than this run of the function.
class Flow {
 public:
  Flow(const std::vector<PlanOp>& code, const std::vector<char>& live_after);

  /// The operation whose result operand k of a row operation or product at `at` is.
  int definition(int at, int k) const { return definition_[at][k]; }
  /// How many operands (and kept parts) are what the operation at `at` writes.
  int uses(int at) const { return uses_[at]; }
  int last_use(int at) const { return last_use_[at]; }
  /// Whether what it writes may be read after the function.
  bool escapes(int at) const { return escapes_[at] != 0; }
  /// Only the operations of this function, and only those, see what it writes.
  bool private_to(int at, int expected_uses) const {
    return !escapes(at) && uses(at) == expected_uses;
  }
  /// Whether an operation strictly between the two positions writes the register.
  bool written_between(RegisterId reg, int from, int to) const;

 private:
  std::vector<std::array<int, 4>> definition_;
  std::vector<int> uses_, last_use_;
  std::vector<char> escapes_;
  std::vector<std::vector<int>> writes_;  // by register: positions, increasing

  void add_use(int definition, int at);
};

}  // namespace mlz::vm::dense
