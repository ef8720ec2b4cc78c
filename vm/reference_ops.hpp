#pragma once
#include <span>
#include <vector>

#include "lang/core/draws.hpp"
#include "vm/bound_program.hpp"

namespace mlz::vm {

/// An operand as the reference engine sees it: a shape and a copy of its entries.
struct Value {
  Kind kind = Kind::scalar;
  std::int64_t rows = 1, cols = 1;
  std::vector<double> entries;

  double at(std::int64_t row, std::int64_t col) const {
    return entries[static_cast<std::size_t>(row * cols + col)];
  }
  double operator[](std::int64_t i) const { return entries[static_cast<std::size_t>(i)]; }
  std::int64_t size() const { return rows * cols; }
};

/// Executes one instruction. `shape` is that of the result, whose old entries are in `out`.
void execute(const BoundInstruction& instruction, const std::vector<Value>& in,
             const BoundRegister& shape, const DrawKey& key, std::span<double> out);

}  // namespace mlz::vm
