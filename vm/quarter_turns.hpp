#pragma once
#include <math.h>

#include "vm/maths.hpp"

/// Reduction of large angles, for the one function that each kind of code has of it (reduce_quarter_turns).
namespace mlz::vm {
MLZ_LEVEL_BEGIN

/// 64 bits of 2/pi from bit `first` after the point on; bits before the point are 0.
MLZ_INLINE std::uint64_t two_over_pi_bits(int first) {
  /// The first bits after the point; enough for the largest exponent.
  static constexpr std::uint64_t bits[] = {
      0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
      0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
      0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
      0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};
  if (first <= -64) return 0;
  if (first < 0) return bits[0] >> -first;
  const int word = first / 64, shift = first % 64;
  return shift == 0 ? bits[word] : bits[word] << shift | bits[word + 1] >> (64 - shift);
}

/// |a| = n pi/2 + high + low; NaN where a is not finite.
MLZ_INLINE QuarterTurns quarter_turns(double a) {
  using Wide = unsigned __int128;
  a = vm::abs(a);
  if (!(a < __builtin_inf())) return {__builtin_nan(""), 0, 0};
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(::frexp(a, &exponent) * 0x1p53);
  exponent -= 53;  // a = mantissa * 2^exponent
  // Bits of 2/pi before `first` give whole multiples of 4 quarter turns and more. The product of
  // the mantissa with the next 192 bits, modulo 2^192, holds 3 bits of the number of turns and 189
  // bits of their fraction.
  const int first = exponent - 3;
  const Wide low = static_cast<Wide>(mantissa) * two_over_pi_bits(first + 128);
  const Wide middle = static_cast<Wide>(mantissa) * two_over_pi_bits(first + 64) + (low >> 64);
  const Wide high = static_cast<Wide>(mantissa) * two_over_pi_bits(first) + (middle >> 64);
  const Wide top = high << 64 | static_cast<std::uint64_t>(middle);
  auto n = static_cast<std::uint32_t>(top >> 125);
  Wide fraction = top << 3;
  // The nearest whole number of quarter turns leaves a fraction in [-1/2, 1/2).
  const bool negative = fraction >> 127 != 0;
  if (negative) {
    fraction = -fraction;
    ++n;
  }
  const auto lead = static_cast<double>(static_cast<std::uint64_t>(fraction >> 64) >> 11);  // exact
  const auto tail = static_cast<double>(static_cast<std::uint64_t>(fraction >> 11));        // the next 64 bits
  const double f_high = lead * 0x1p-53, f_low = tail * 0x1p-117;
  const double sum = f_high + f_low, rest = (f_high - sum) + f_low;
  // (sum + rest) * pi/2, with the product of the leading parts split into exact halves (Dekker
  // 1971)
  constexpr double pi_half = 0x1.921fb54442d18p+0, pi_low = 0x1.1a62633145c07p-54;
  const auto halves = [](double v, double& h, double& l) {
    h = __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, v) & ~std::uint64_t{0x7ffffff});
    l = v - h;
  };
  double sum_h, sum_l, pi_h, pi_l;
  halves(sum, sum_h, sum_l);
  halves(pi_half, pi_h, pi_l);
  const double product = sum * pi_half;
  const double error = ((sum_h * pi_h - product) + sum_h * pi_l + sum_l * pi_h) + sum_l * pi_l;
  const double low_part = error + (sum * pi_low + rest * pi_half);
  const double r = product + low_part, r_low = (product - r) + low_part;
  return negative ? QuarterTurns{-r, -r_low, n} : QuarterTurns{r, r_low, n};
}

MLZ_LEVEL_END
}  // namespace mlz::vm
