#pragma once
#include <cstddef>

#include "lang/core/op_table.hpp"
#include "vm/maths_fit.hpp"
#include "vm/numbers.hpp"

/// The maths of entries: the functions that the expressions of ops.def call, and those expressions
/// as templates. Every engine computes an entry through this file, whether one number or a vector
/// at a time, so that there is one choice of maths per number type.
///
/// In f64 exp, log, pow and the trigonometric functions are the C library's. The others, and all of
/// f32 but pow, use additions, products, quotients and square roots that are rounded one by one, and
/// selections; no fused multiply-add. Equal arguments therefore give equal bits (of a NaN, only that
/// it is one) in every vector width, at every kernel level, and in f32 on every processor. Errors of
/// the latter are below 1 unit in the last place for exp, log, asin and acos, below 2 for sin, cos
/// and atan, below 3 for tan and tanh, over the whole range with infinities, subnormal numbers and
/// signed zeros; tests/vm_maths measures them. Polynomials are minimax fits (Remez) made for these
/// intervals.
namespace mlz::vm {

/// Reduction of large arguments: |a| = n pi/2 + high + low with |high + low| <= pi/4. Any finite a.
struct QuarterTurns {
  double high, low;
  std::uint32_t n;  ///< modulo 2^32
};
MLZ_DEVICE QuarterTurns reduce_quarter_turns(double a);

MLZ_DEVICE double library_pow(double a, double b);
MLZ_DEVICE float library_pow(float a, float b);
MLZ_DEVICE double library_exp(double a);
MLZ_DEVICE double library_log(double a);
MLZ_DEVICE double library_sin(double a);
MLZ_DEVICE double library_cos(double a);
MLZ_DEVICE double library_tan(double a);
MLZ_DEVICE double library_asin(double a);
MLZ_DEVICE double library_acos(double a);
MLZ_DEVICE double library_atan(double a);

MLZ_LEVEL_BEGIN

/// The sum of c[i] x^i. Odd and even terms are summed apart, which halves the chain of dependent
/// operations.
template <class T, int n>
MLZ_INLINE T polynomial(T x, const Entry<T> (&c)[n]) {
  const T y = x * x;
  T even = constant<T>(c[(n - 1) / 2 * 2]), odd = constant<T>(c[(n - 2) / 2 * 2 + 1]);
#pragma GCC unroll 8
  for (int i = (n - 1) / 2 * 2 - 2; i >= 0; i -= 2) even = even * y + constant<T>(c[i]);
#pragma GCC unroll 8
  for (int i = (n - 2) / 2 * 2 - 1; i >= 0; i -= 2) odd = odd * y + constant<T>(c[i]);
  return even + x * odd;
}

/// 2^k for a whole number k that keeps it normal.
template <class T>
MLZ_INLINE T power_of_two(T k) {
  if constexpr (is_wide<T>)
    return from_bits<T>(to_bits(k + constant<T>(kRounder<T> + 1023)) << 52);
  else
    return from_bits<T>(to_bits(k + constant<T>(kRounder<T> + 127)) << 23);
}

/// exp(x) = 2^k (1 + rest), with |x| such that k stays within the exponents of T or a little
/// beyond.
template <class T>
MLZ_INLINE void split_exp(T x, T& k, T& rest) {
  const T rounder = constant<T>(kRounder<T>);
  k = (x * constant<T>(0x1.71547652b82fep+0) + rounder) - rounder;
  const T r = is_wide<T>
                  ? (x - k * constant<T>(0x1.62e42feep-1)) - k * constant<T>(0x1.a39ef35793c76p-33)
                  : (x - k * constant<T>(0x1.62e0p-1)) - k * constant<T>(0x1.0bfbe8p-15);
  rest = r + (r * r) * polynomial(r, Fit<Entry<T>>::exp());
}

template <class T>
MLZ_INLINE T fast_exp(T a) {
  // Below `low` the result rounds to 0, which subnormal numbers on the way would make slow.
  const T low = constant<T>(is_wide<T> ? -746.0 : -104.0), high = constant<T>(is_wide<T> ? 710.0 : 89.0);
  const T zero = constant<T>(0);
  const T x = select(a < low, zero, select(a > high, high, a));
  T k, rest;
  split_exp(x, k, rest);
  // The scale is applied in two steps, so that results just below overflow and subnormal ones come
  // out right.
  const T rounder = constant<T>(kRounder<T>);
  const T half = (k * constant<T>(0.5) + rounder) - rounder;
  const T result = ((constant<T>(1) + rest) * power_of_two(half)) * power_of_two(k - half);
  return select(a < low, zero, result);
}

template <class T>
MLZ_INLINE T fast_log(T a) {
  using B = BitsOf<T>;
  constexpr int mantissa = is_wide<T> ? 52 : 23;
  const T smallest = constant<T>(is_wide<T> ? 0x1p-1022 : 0x1p-126);
  const auto tiny = a < smallest;
  const T scaled = select(tiny, a * constant<T>(is_wide<T> ? 0x1p54 : 0x1p25), a);
  // scaled = 2^k m with m in [sqrt(1/2), sqrt(2))
  const B root = to_bits(constant<T>(is_wide<T> ? 0x1.6a09e667f3bcdp-1 : 0x1.6a09e6p-1f));
  const B bits = to_bits(scaled) + (to_bits(constant<T>(1)) - root);
  const B mask = to_bits(smallest) - 1;
  const T m = from_bits<T>((bits & mask) + root);
  const T base = constant<T>(is_wide<T> ? 0x1p52 : 0x1p23);
  const T biased = from_bits<T>((bits >> mantissa) | to_bits(base)) - base;
  const T bias = is_wide<T> ? select(tiny, constant<T>(1023 + 54), constant<T>(1023))
                            : select(tiny, constant<T>(127 + 25), constant<T>(127));
  const T k = biased - bias;
  const T f = m - constant<T>(1);
  const T s = f / (constant<T>(2) + f);
  const T z = s * s;
  const T half = constant<T>(0.5) * (f * f);
  const T rest = s * (half + z * polynomial(z, Fit<Entry<T>>::log()));
  const T ln2_high = constant<T>(is_wide<T> ? 0x1.62e42feep-1 : 0x1.62e0p-1);
  const T ln2_low = constant<T>(is_wide<T> ? 0x1.a39ef35793c76p-33 : 0x1.0bfbe8p-15);
  const T value = k * ln2_high - ((half - (rest + k * ln2_low)) - f);
  const T infinity = constant<T>(__builtin_inf());
  const T zero = constant<T>(0);
  const T finite =
      select(a > zero, value, select(a == zero, -infinity, constant<T>(__builtin_nan(""))));
  return select(a < infinity, finite,
                a);  // infinity and NaN stay; -infinity went with the negative numbers
}

/// |a| = n pi/2 + r + low with |r| <= pi/4; the low bits of `n` are right.
template <class T>
MLZ_INLINE void reduce_angle(T a, T& r, T& low, BitsOf<T>& n) {
  const T x = abs(a), rounder = constant<T>(kRounder<T>);
  const T turns = x * constant<T>(0x1.45f306dc9c883p-1) + rounder;
  const T k = turns - rounder;
  n = to_bits(turns);
  if constexpr (is_wide<T>) {
    const T y = x - k * constant<T>(0x1.921fb544p+0), w = k * constant<T>(0x1.0b4611a6p-34);
    const T high = y - w;
    low = ((y - high) - w) - k * constant<T>(0x1.3198a2e037073p-69);
    r = high + low;
    low = (high - r) + low;
  } else {
    const T y = ((x - k * constant<T>(0x1.921p+0)) - k * constant<T>(0x1.f6ap-13)) -
                k * constant<T>(0x1.11p-26);
    const T w = k * constant<T>(0x1.68c234p-39);
    r = y - w;
    low = (y - r) - w;
  }
  // Beyond these limits the products above would not be exact.
  const auto large = x > constant<T>(is_wide<T> ? 1.6e6 : 3200.0);
  if (any(large)) [[unlikely]] {
    for (int i = 0; i < Number<T>::count; ++i) {
      const Entry<T> one = entry_of(x, i);
      if (!(one > (is_wide<T> ? 1.6e6 : 3200.0))) continue;
      const QuarterTurns q = reduce_quarter_turns(one);
      const Entry<T> high = static_cast<Entry<T>>(q.high);
      set_entry(r, i, high);
      set_entry(low, i, static_cast<Entry<T>>((q.high - high) + q.low));
      set_entry(n, i, q.n);
    }
  }
}

/// sin and cos of r + low for |r| <= pi/4.
template <class T>
MLZ_INLINE T sin_kernel(T r, T low) {
  const T z = r * r;
  return r + (r * (z * polynomial(z, Fit<Entry<T>>::sin())) + low);
}
template <class T>
MLZ_INLINE T cos_kernel(T r, T low) {
  const T z = r * r, half = constant<T>(0.5) * z, one = constant<T>(1);
  const T w = one - half;
  return w + (((one - w) - half) + (z * (z * polynomial(z, Fit<Entry<T>>::cos())) - r * low));
}

/// Moves bit 1 of n to the sign bit.
template <class T>
MLZ_INLINE BitsOf<T> half_turn_sign(BitsOf<T> n) {
  return (n & 2) << (is_wide<T> ? 62 : 30);
}

template <class T>
MLZ_INLINE T fast_sin(T a) {
  T r, low;
  BitsOf<T> n;
  reduce_angle(a, r, low, n);
  const T value = select((n & 1) != 0, cos_kernel(r, low), sin_kernel(r, low));
  return flip_sign(value, half_turn_sign<T>(n) ^ sign_bits(a));
}

template <class T>
MLZ_INLINE T fast_cos(T a) {
  T r, low;
  BitsOf<T> n;
  reduce_angle(a, r, low, n);
  const T value = select((n & 1) != 0, sin_kernel(r, low), cos_kernel(r, low));
  return flip_sign(value, half_turn_sign<T>(n + (n & 1)));
}

template <class T>
MLZ_INLINE T fast_tan(T a) {
  T r, low;
  BitsOf<T> n;
  reduce_angle(a, r, low, n);
  const T s = sin_kernel(r, low), c = cos_kernel(r, low);
  const auto odd = (n & 1) != 0;
  return flip_sign(select(odd, -c, s) / select(odd, s, c), sign_bits(a));
}

template <class T>
inline constexpr double kHalfPi = is_wide<T> ? 0x1.921fb54442d18p+0 : 0x1.921fb6p+0;
template <class T>
inline constexpr double kHalfPiLow = is_wide<T> ? 0x1.1a62633145c07p-54 : -0x1.777a5cp-25;

/// What asin and acos share. `p` is (asin(t) - t)/t where t = |a| up to 1/2 and t = sqrt((1 -
/// |a|)/2) above; there t = root + rest with a root of half the digits.
template <class T>
struct ArcParts {
  decltype(T{} < T{}) big;
  T p, t, root, rest;
};
template <class T>
MLZ_INLINE ArcParts<T> arc_parts(T a) {
  const T x = abs(a), one = constant<T>(1), half = constant<T>(0.5), zero = constant<T>(0);
  ArcParts<T> out;
  out.big = x > half;
  const T z = select(out.big, (one - x) * half, x * x);
  out.p = z * polynomial(z, Fit<Entry<T>>::asin());
  out.t = sqrt(z);
  const BitsOf<T> high_half = ~to_bits(constant<T>(0)) << (is_wide<T> ? 32 : 12);
  out.root = from_bits<T>(to_bits(out.t) & high_half);
  const T sum = out.t + out.root;
  out.rest = (z - out.root * out.root) / select(sum == zero, one, sum);
  return out;
}

template <class T>
MLZ_INLINE T fast_asin(T a) {
  const ArcParts<T> arc = arc_parts(a);
  const T x = abs(a), two = constant<T>(2), quarter_pi = constant<T>(kHalfPi<T> / 2);
  const T small = x + x * arc.p;
  const T low = two * (arc.t * arc.p) - (constant<T>(kHalfPiLow<T>) - two * arc.rest);
  const T large = quarter_pi - (low - (quarter_pi - two * arc.root));
  return flip_sign(select(arc.big, large, small), sign_bits(a));
}

template <class T>
MLZ_INLINE T fast_acos(T a) {
  const ArcParts<T> arc = arc_parts(a);
  const T two = constant<T>(2), half_pi = constant<T>(kHalfPi<T>),
          half_pi_low = constant<T>(kHalfPiLow<T>);
  const T small = half_pi - (a - (half_pi_low - a * arc.p));
  const T near_one = two * (arc.root + (arc.t * arc.p + arc.rest));
  const T near_minus_one = two * (half_pi - (arc.t + (arc.t * arc.p - half_pi_low)));
  return select(arc.big, select(a > constant<T>(0), near_one, near_minus_one), small);
}

template <class T>
MLZ_INLINE T fast_atan(T a) {
  // atan(x) = offset + atan(t) with |t| <= tan(pi/8): t = x, (x - 1)/(x + 1) or -1/x
  const T x = abs(a), one = constant<T>(1), zero = constant<T>(0);
  const auto middle = x > constant<T>(0.41421356237309503),
             large = x > constant<T>(2.414213562373095);
  const T top = select(large, -one, select(middle, x - one, x));
  const T bottom = select(large, x, select(middle, x + one, one));
  const T t = top / bottom;
  const T half_pi = constant<T>(kHalfPi<T>), half_pi_low = constant<T>(kHalfPiLow<T>);
  const T high = select(large, half_pi, select(middle, constant<T>(kHalfPi<T> / 2), zero));
  const T low = select(large, half_pi_low, select(middle, constant<T>(kHalfPiLow<T> / 2), zero));
  const T z = t * t;
  return flip_sign(high + (t + (t * (z * polynomial(z, Fit<Entry<T>>::atan())) + low)), sign_bits(a));
}

/// In f64 the C library's function, entry by entry: AutoML-Zero's programs amplify a difference in the
/// last place within a few steps, and its recorded results are those of such a library. In f32 the
/// function above.
#define MLZ_MATHS(name)                                                        \
  template <class T>                                                           \
  MLZ_INLINE T name(T a) {                                                     \
    if constexpr (!is_wide<T>) {                                               \
      return fast_##name(a);                                                   \
    } else if constexpr (Number<T>::count == 1) {                              \
      return library_##name(a);                                                \
    } else {                                                                   \
      T out;                                                                   \
      for (int i = 0; i < Number<T>::count; ++i) out[i] = library_##name(a[i]); \
      return out;                                                              \
    }                                                                          \
  }
MLZ_MATHS(exp)
MLZ_MATHS(log)
MLZ_MATHS(sin)
MLZ_MATHS(cos)
MLZ_MATHS(tan)
MLZ_MATHS(asin)
MLZ_MATHS(acos)
MLZ_MATHS(atan)
#undef MLZ_MATHS

template <class T>
MLZ_INLINE T tanh(T a) {
  const T limit = constant<T>(is_wide<T> ? 22.0 : 10.0),
          one = constant<T>(1);  // tanh rounds to 1 there
  const T x = select(abs(a) > limit, limit, abs(a));
  T k, rest;
  split_exp(x + x, k, rest);
  const T scale = power_of_two(k);
  const T t = scale * rest + (scale - one);  // exp(2x) - 1
  return flip_sign(t / (t + constant<T>(2)), sign_bits(a));
}

template <class T>
MLZ_INLINE T pow(T a, T b) {
  if constexpr (Number<T>::count == 1) {
    return library_pow(a, b);
  } else {
    T out;
    for (int i = 0; i < Number<T>::count; ++i) out[i] = library_pow(Entry<T>(a[i]), Entry<T>(b[i]));
    return out;
  }
}

/// One entry of an elementwise op; operands it lacks are ignored. `T` is a number type of
/// numbers.hpp.
template <OpId op, class T>
MLZ_INLINE T apply([[maybe_unused]] T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
#define MLZ_ELEMENTWISE(id, names, symbol, operands, flags, cost, automl, gradient, meaning, ...) \
  if constexpr (op == OpId::id) return __VA_ARGS__;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
}

inline constexpr std::size_t kOpCount = static_cast<std::size_t>(OpId::hole);

/// How many operands an elementwise op takes; 0 for other ops.
constexpr std::size_t elementwise_arity(OpId op) {
  const auto words = [](const char* text) {
    std::size_t n = *text != '\0' ? 1 : 0;
    for (; *text != '\0'; ++text) n += *text == ' ' ? 1 : 0;
    return n;
  };
  switch (op) {
#define MLZ_ELEMENTWISE(id, names, symbol, operands, ...) \
  case OpId::id:                                          \
    return words(operands);
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
    default:
      return 0;
  }
}

template <OpId op>
struct OpTag {
  static constexpr OpId id = op;
};

/// Calls `f(OpTag<op>{})` for the elementwise op of that number; false when the op is not
/// elementwise.
template <class F>
bool visit_elementwise(OpId op, F&& f) {
  switch (op) {
#define MLZ_ELEMENTWISE(id, ...) \
  case OpId::id:                 \
    f(OpTag<OpId::id>{});        \
    return true;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
    default:
      return false;
  }
}

MLZ_LEVEL_END
}  // namespace mlz::vm
