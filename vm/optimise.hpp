#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "vm/bound_program.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// A bound program as engines run it. Its registers begin with those of the program it was made of, under the same
/// numbers; instructions that are not live are gone. Whenever the host may look, every register that it may read has
/// the bits that it would have without any pass.
struct Optimised {
  BoundProgram program;
  /// Computes registers that depend only on what neither Predict nor Learn changes. To be run before either of them
  /// after a birth, Setup, a restored snapshot, or a write to a register that `feeds_fixed`.
  std::vector<BoundInstruction> fixed;
  DType dtype = DType::f64;
  /// By register: whether its value matters between two functions. Writes of the host to others have no effect, and
  /// their memory is used for several of them.
  std::vector<char> kept;
  std::vector<char> feeds_fixed;
};

/// Runs all passes. Instructions keep their samplers and draws.
Optimised optimise(const BoundProgram& program, DType dtype);
/// Runs none; all registers are kept.
Optimised unoptimised(const BoundProgram& program, DType dtype);
/// As print of a bound program, with what `fixed` does.
std::string print(const Optimised& optimised);
/// What stands above the instructions of `fixed` where code is shown.
inline constexpr const char* kFixedHeading = "after Setup, once:\n";

// The passes. Each keeps all bits that can be read; functions may be run in any order.

/// Scalars computed from constants become constants, computed in the number type of the engine.
void fold_constants(Optimised& o);

/// A value of which every entry is then set, window by window, before any is read, is not computed:
///   z = fill(0); z[:, 0:2] = a; z[:, 2:4] = b   ->   z[:, 0:2] = a; z[:, 2:4] = b
void drop_covered(Optimised& o);

/// What a function has computed already, and still has, is copied instead:
///   a = relu(v); b = relu(v)   ->   a = relu(v); b = a
/// Outer products and fills are not: loops make their entries faster than they load them.
void share_common(Optimised& o);

/// What Predict and Learn compute from constants, params and what Setup left moves to `fixed`:
///   W = exp(V)   ->   once: W' = exp(V); each time: W = W'
void move_fixed(Optimised& o);

/// Reads what a copy was made of, and writes where a copy goes to:
///   t = a + b; W = t; c = relu(t)   ->   W = a + b; c = relu(W)
void forward_copies(Optimised& o);

/// Drops instructions whose result nobody reads.
void drop_dead(Optimised& o);

// What the passes share.

/// Whether others than the program may look at a register after a run: observed ones, params, and those with a role.
std::vector<char> visible_registers(const BoundProgram& program);
/// Registers that are visible, or that some function reads before it writes them; and results of `fixed`.
std::vector<char> kept_registers(const BoundProgram& program, const std::vector<BoundInstruction>& fixed);
/// Whether an instruction keeps parts of its result's old value: all `set`s but the first of a concat.
inline bool keeps_old_value(const BoundInstruction& i) { return i.op == OpId::set && i.value == 0; }
/// Whether an instruction has the register among its operands.
inline bool reads(const BoundInstruction& i, RegisterId r) {
  return std::find(i.in.begin(), i.in.begin() + i.in_count, r) != i.in.begin() + i.in_count;
}
/// A new constant register.
RegisterId add_constant(BoundProgram& program, double value);
/// Turns an instruction into a copy of `from`.
void become_copy(BoundInstruction& i, RegisterId from);

/// Numbers for values while a function is read from top to bottom: registers with equal numbers have equal bits.
class ValueNumbers {
 public:
  explicit ValueNumbers(std::size_t registers);

  std::uint32_t of(RegisterId r) const { return number_[r]; }
  /// The register that first held the value of `r`, or r where that one has been written since.
  RegisterId holder(RegisterId r) const { return holder_of(number_[r], r); }
  /// A register that holds a value, or `otherwise`.
  RegisterId holder_of(std::uint32_t number, RegisterId otherwise) const {
    const RegisterId found = first_[number];
    return number_[found] == number ? found : otherwise;
  }
  void write(RegisterId r);
  void copy(RegisterId to, RegisterId from);

 private:
  std::vector<std::uint32_t> number_;  // by register
  std::vector<RegisterId> first_;      // by number: the register that holds it
};

}  // namespace mlz::vm
