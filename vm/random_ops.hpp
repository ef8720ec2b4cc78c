#pragma once
#include "lang/core/draw_blocks.hpp"
#include "lang/core/draws.hpp"
#include "lang/core/op_table.hpp"

namespace mlz::vm {

/// Fills `out` with what a random operation draws from its arguments. False where the operation draws nothing.
inline bool draw_numbers(OpId op, const DrawKey& key, double a, double b, std::span<double> out) {
  switch (op) {
    case OpId::uniform: draw_uniform(key, a, b, out); return true;
    case OpId::normal: draw_normal(key, a, b, out); return true;
    case OpId::truncated_normal: draw_truncated_normal(key, a, b, out); return true;
    case OpId::bernoulli: draw_bernoulli(key, a, out); return true;
    default: return false;
  }
}

/// A number that draw_numbers gave, in the number type of a register.
template <class T>
T drawn_as(OpId op, double value, double a, double b) {
  return op == OpId::uniform ? inside<T>(value, a, b) : static_cast<T>(value);
}

}  // namespace mlz::vm
