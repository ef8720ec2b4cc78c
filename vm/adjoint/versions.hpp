#pragma once
#include <vector>

#include "vm/bound_program.hpp"

namespace mlz::vm::adjoint {

inline constexpr int kNoVersion = -1;

/// A value that a register has between two writes.
struct Version {
  RegisterId of = kNoRegister;  ///< register of the original program
  int number = 0;               ///< how many versions that register had before, in this body
  bool entry = false;           ///< not written in this body
  int readers = 0;              ///< operands that are this version; what a `set` keeps does not count
  bool varied = false;          ///< depends on what gradients are taken of
  bool useful = false;          ///< reaches the loss
  bool active() const { return varied && useful; }
};

/// An instruction with versions in the place of registers.
struct Line {
  BoundInstruction instruction;
  std::array<int, 3> in{kNoVersion, kNoVersion, kNoVersion};
  int old = kNoVersion;  ///< what a `set` changes a part of
  int out = kNoVersion;
};

/// One or two functions in static single assignment form (Cytron et al. 1991), of live instructions alone.
class Body {
 public:
  explicit Body(const BoundProgram& program);

  void append(Function function);
  /// The version of a register at this point, that of its entry if it was not touched.
  int current(RegisterId r);
  /// From here on the register has what it had at entry; a version of its own if `fresh`.
  void enter_again(RegisterId r, bool fresh = false);

  const std::vector<RegisterId>& touched() const { return touched_; }  ///< registers with a version, each once
  int entry(RegisterId r) const { return entry_[r]; }  ///< kNoVersion when it was not read before a write

  std::vector<Version> versions;
  std::vector<Line> lines;

 private:
  const BoundProgram& program_;
  std::vector<int> entry_, current_, count_;
  std::vector<RegisterId> touched_;

  int add_version(RegisterId r, bool entry);
};

/// A lifetime: Setup, then Predict and Learn as one step over and over.
struct LifetimeBodies {
  explicit LifetimeBodies(const BoundProgram& program);

  Body setup, step;
  std::size_t learn_begins = 0;   ///< index of the first line of Learn in step.lines
  int y = kNoVersion;             ///< of the step: y after Predict
  int blank_target = kNoVersion;  ///< of the step: target as Predict sees it, which is zero
  /// Registers that Predict, Learn, or later steps read as they were before a step; without params, constants, x and
  /// target.
  std::vector<RegisterId> carried;
};

/// Marks versions: varied from the params on, also from x or from what Setup left if asked; useful back from y.
void mark_activity(const BoundProgram& program, LifetimeBodies& bodies, bool from_inputs, bool from_state);

/// Whether registers are params or constants, which no function writes.
bool never_written(const BoundProgram& program, RegisterId r);
/// By register, whether Predict or Learn write it.
std::vector<char> changed_by_steps(const BoundProgram& program);
/// The param whose value a register has at birth, or the register itself.
RegisterId born_as(const BoundProgram& program, RegisterId r);

}  // namespace mlz::vm::adjoint
