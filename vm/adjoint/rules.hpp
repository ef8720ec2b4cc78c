#pragma once
#include <vector>

#include "vm/adjoint/values.hpp"

namespace mlz::vm::adjoint {

/// The gradient column of the op table at work on one instruction. Its operands, result, and the gradient of its result
/// are registers of the program that the emitter appends to.
class Rule {
 public:
  Rule(Emitter& emitter, const BoundInstruction& instruction, RegisterId gradient);

  /// What the gradient of each operand gains, in shapes that broadcast with the operand or are those of the result;
  /// `set` has one more for the value it changes.
  std::vector<Value> gradients() const;

 private:
  Emitter& emitter_;
  BoundInstruction i_;  // with registers of the new program
  Value g_;

  Value operand(std::size_t k) const;
  std::int64_t axis() const { return i_.attr[0]; }
  std::int64_t terms() const;

  // Functions of the column that depend on the instruction.
  Value over(const Value& v) const;     ///< a result of a reduction, to be broadcast with its operand
  Value total(const Value& v) const;    ///< sums over the reduced dimensions, broadcast
  Value average(const Value& v) const;  ///< means, likewise
  Value shared(const Value& g, const Value& chosen) const;  ///< g for the entries chosen, in equal parts
  Value unpooled(const Value& v) const;                     ///< each entry for all of its block, zero outside blocks
  Value shared_in_blocks(const Value& g, const Value& chosen) const;
  Value folded(const Value& g) const;  ///< patches added up to an image: the adjoint of unfold
  Value placed(const Value& g) const { return g.as(Value::Kind::placed); }
  Value left(const Value& g) const { return g.as(Value::Kind::left); }
  Value taken(const Value& g) const;  ///< the window of a set, summed where a scalar filled it
  Value standard_draw() const;        ///< the same draw from the distribution with arguments 0 and 1
};

}  // namespace mlz::vm::adjoint
