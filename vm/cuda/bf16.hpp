#pragma once
#include <cstdint>

#include "lang/core/device.hpp"

namespace mlz::vm::cuda {

/// The upper half of a float: its sign, its exponent and 8 bits of precision.
struct Bf16 {
  std::uint16_t bits = 0;
};

/// To the nearest, ties to even; beyond the largest number infinity; NaN stays NaN, with its sign.
MLZ_DEVICE inline Bf16 to_bf16(float a) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, a);
  if (a != a) return {static_cast<std::uint16_t>(bits >> 16 | 0x40u)};
  return {static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

MLZ_DEVICE inline float from_bf16(Bf16 a) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(a.bits) << 16);
}

}  // namespace mlz::vm::cuda
