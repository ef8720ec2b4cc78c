#pragma once
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

}  // namespace mlz::vm
