#pragma once
#include <cmath>
#include <cstdint>

#include "lang/core/op_table.hpp"

/// The maths of entries: the functions that the expressions of ops.def call, and those expressions as templates.
/// Every engine computes an entry through this file, so that there is one choice of maths library per number type:
/// libm in double for f64, libm in float for f32. All is inlined always, since some engines compile it for several
/// levels of the processor in one program.
namespace mlz::vm {

template <class T>
[[gnu::always_inline]] constexpr T constant(double value) {
  return static_cast<T>(value);
}

[[gnu::always_inline]] inline double select(bool condition, double a, double b) { return condition ? a : b; }
[[gnu::always_inline]] inline float select(bool condition, float a, float b) { return condition ? a : b; }

#define MLZ_MATHS(name)                                                          \
  [[gnu::always_inline]] inline double name(double a) { return std::name(a); }    \
  [[gnu::always_inline]] inline float name(float a) { return std::name(a); }
MLZ_MATHS(abs)
MLZ_MATHS(floor)
MLZ_MATHS(sqrt)
MLZ_MATHS(sin)
MLZ_MATHS(cos)
MLZ_MATHS(tan)
MLZ_MATHS(asin)
MLZ_MATHS(acos)
MLZ_MATHS(atan)
MLZ_MATHS(exp)
MLZ_MATHS(log)
MLZ_MATHS(tanh)
#undef MLZ_MATHS
[[gnu::always_inline]] inline double pow(double a, double b) { return std::pow(a, b); }
[[gnu::always_inline]] inline float pow(float a, float b) { return std::pow(a, b); }

/// One entry of an elementwise op; operands it lacks are ignored. `T` may be a number or a SIMD batch for which
/// `constant`, `select` and the functions above exist (found by argument-dependent lookup).
template <OpId op, class T>
[[gnu::always_inline]] inline T apply([[maybe_unused]] T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
#define MLZ_ELEMENTWISE(id, names, symbol, operands, flags, cost, automl, meaning, ...) \
  if constexpr (op == OpId::id) return __VA_ARGS__;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
}

template <OpId op>
struct OpTag {
  static constexpr OpId id = op;
};

/// Calls `f(OpTag<op>{})` for the elementwise op of that number; false when the op is not elementwise.
template <class F>
bool visit_elementwise(OpId op, F&& f) {
  switch (op) {
#define MLZ_ELEMENTWISE(id, ...) \
  case OpId::id: f(OpTag<OpId::id>{}); return true;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
    default: return false;
  }
}

}  // namespace mlz::vm
