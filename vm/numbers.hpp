#pragma once
#include <cstdint>

#include "lang/core/device.hpp"

#if defined(__x86_64__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

/// Number types that kernels compute with: double, float, and vectors of them (compiler vector
/// extensions, no intrinsic types). All of them share the helpers below, so that one template
/// serves a single number and a vector.
///
/// Sources may be compiled for several levels of a processor: they define MLZ_LEVEL (v2, v3, v4)
/// before the first include. Everything here and in maths.hpp and reduce.hpp then lives in an
/// inline namespace of that name, so that the linker never joins functions of different levels.
#if defined(MLZ_LEVEL)
#define MLZ_LEVEL_BEGIN inline namespace MLZ_LEVEL {
#else
#define MLZ_LEVEL_BEGIN inline namespace plain {
#endif
#define MLZ_LEVEL_END }
#if defined(__CUDACC__)
#define MLZ_INLINE __device__ __forceinline__
#else
#define MLZ_INLINE [[gnu::always_inline]] inline
#endif

namespace mlz::vm {
MLZ_LEVEL_BEGIN

typedef double f64x2 __attribute__((vector_size(16)));
typedef double f64x4 __attribute__((vector_size(32)));
typedef double f64x8 __attribute__((vector_size(64)));
typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x16 __attribute__((vector_size(64)));
typedef std::uint64_t u64x2 __attribute__((vector_size(16)));
typedef std::uint64_t u64x4 __attribute__((vector_size(32)));
typedef std::uint64_t u64x8 __attribute__((vector_size(64)));
typedef std::uint32_t u32x4 __attribute__((vector_size(16)));
typedef std::uint32_t u32x8 __attribute__((vector_size(32)));
typedef std::uint32_t u32x16 __attribute__((vector_size(64)));

/// What templates need to know of a number type: the type of one entry, that of its bits, and the
/// number of entries.
template <class T>
struct Number;
#define MLZ_NUMBER(type, entry, bits, n) \
  template <>                            \
  struct Number<type> {                  \
    using Entry = entry;                 \
    using Bits = bits;                   \
    static constexpr int count = n;      \
  }
MLZ_NUMBER(double, double, std::uint64_t, 1);
MLZ_NUMBER(float, float, std::uint32_t, 1);
MLZ_NUMBER(f64x2, double, u64x2, 2);
MLZ_NUMBER(f64x4, double, u64x4, 4);
MLZ_NUMBER(f64x8, double, u64x8, 8);
MLZ_NUMBER(f32x4, float, u32x4, 4);
MLZ_NUMBER(f32x8, float, u32x8, 8);
MLZ_NUMBER(f32x16, float, u32x16, 16);
#undef MLZ_NUMBER

template <class T>
using Entry = typename Number<T>::Entry;
template <class T>
using BitsOf = typename Number<T>::Bits;
template <class T>
inline constexpr bool is_wide = sizeof(Entry<T>) == 8;  ///< whether entries are doubles

/// The vector type of `bytes` bytes.
template <class T, int bytes>
struct VectorOf;
template <>
struct VectorOf<double, 16> {
  using type = f64x2;
};
template <>
struct VectorOf<double, 32> {
  using type = f64x4;
};
template <>
struct VectorOf<double, 64> {
  using type = f64x8;
};
template <>
struct VectorOf<float, 16> {
  using type = f32x4;
};
template <>
struct VectorOf<float, 32> {
  using type = f32x8;
};
template <>
struct VectorOf<float, 64> {
  using type = f32x16;
};

/// Every entry `value`.
template <class T>
MLZ_INLINE constexpr T constant(double value) {
  if constexpr (Number<T>::count == 1) {
    return static_cast<T>(value);
  } else {
    T out{};
    for (int i = 0; i < Number<T>::count; ++i) out[i] = static_cast<Entry<T>>(value);
    return out;
  }
}

template <class T>
MLZ_INLINE BitsOf<T> to_bits(T a) {
  return __builtin_bit_cast(BitsOf<T>, a);
}
template <class T>
MLZ_INLINE T from_bits(BitsOf<T> bits) {
  return __builtin_bit_cast(T, bits);
}

/// Entry i of a vector, or a number itself.
template <class T>
MLZ_INLINE Entry<T> entry_of(const T& a, [[maybe_unused]] int i) {
  if constexpr (Number<T>::count == 1)
    return a;
  else
    return a[i];
}
template <class T, class E>
MLZ_INLINE void set_entry(T& a, [[maybe_unused]] int i, E value) {
  if constexpr (requires { a[i] = value; })
    a[i] = value;
  else
    a = value;
}

/// Where `condition` holds a, elsewhere b. The condition is a bool, or a vector of masks as
/// comparisons give.
template <class M, class T>
MLZ_INLINE T select(M condition, T a, T b) {
  return condition ? a : b;
}

/// Whether a condition holds for any entry.
MLZ_INLINE bool any(bool condition) { return condition; }
template <class M>
MLZ_INLINE bool any(M condition) {
#if defined(__AVX512DQ__) && !defined(__CUDACC__)
  if constexpr (sizeof(M) == 64) {
    const __m512i m = __builtin_bit_cast(__m512i, condition);
    return _mm512_test_epi64_mask(m, m) != 0;
  }
#endif
#if defined(__AVX__) && !defined(__CUDACC__)
  if constexpr (sizeof(M) == 32) {
    const __m256i m = __builtin_bit_cast(__m256i, condition);
    return _mm256_testz_si256(m, m) == 0;
  }
#endif
#if defined(__SSE2__) && !defined(__CUDACC__)
  if constexpr (sizeof(M) == 16)
    return _mm_movemask_epi8(__builtin_bit_cast(__m128i, condition)) != 0;
#endif
  std::int64_t found = 0;
  for (unsigned i = 0; i < sizeof(M) / sizeof(condition[0]); ++i) found |= condition[i];
  return found != 0;
}

/// Square root, correctly rounded; NaN below zero.
template <class T>
MLZ_INLINE T sqrt(T a) {
  if constexpr (Number<T>::count == 1) {
    if constexpr (is_wide<T>)
      return __builtin_sqrt(a);
    else
      return __builtin_sqrtf(a);
  } else {
#define MLZ_SQRT(type, intrinsic, register_type)                                   \
  if constexpr (__is_same(T, type)) {                                              \
    return __builtin_bit_cast(T, intrinsic(__builtin_bit_cast(register_type, a))); \
  }
#if defined(__SSE2__) && !defined(__CUDACC__)
    MLZ_SQRT(f64x2, _mm_sqrt_pd, __m128d)
    MLZ_SQRT(f32x4, _mm_sqrt_ps, __m128)
#endif
#if defined(__AVX__) && !defined(__CUDACC__)
    MLZ_SQRT(f64x4, _mm256_sqrt_pd, __m256d)
    MLZ_SQRT(f32x8, _mm256_sqrt_ps, __m256)
#endif
#if defined(__AVX512F__) && !defined(__CUDACC__)
    // The masked forms: the plain ones read an undefined register, which GCC 12 warns of.
    if constexpr (__is_same(T, f64x8)) {
      const __m512d x = __builtin_bit_cast(__m512d, a);
      return __builtin_bit_cast(T, _mm512_mask_sqrt_pd(x, 0xff, x));
    }
    if constexpr (__is_same(T, f32x16)) {
      const __m512 x = __builtin_bit_cast(__m512, a);
      return __builtin_bit_cast(T, _mm512_mask_sqrt_ps(x, 0xffff, x));
    }
#endif
#undef MLZ_SQRT
    T out;
    for (int i = 0; i < Number<T>::count; ++i) out[i] = sqrt(Entry<T>(a[i]));
    return out;
  }
}

/// The sign bit of every entry, all other bits 0.
template <class T>
MLZ_INLINE BitsOf<T> sign_bits(T a) {
  return to_bits(a) & to_bits(constant<T>(-0.0));
}
/// Flips the sign of a where a bit of `signs` (see sign_bits) is set.
template <class T>
MLZ_INLINE T flip_sign(T a, BitsOf<T> signs) {
  return from_bits<T>(to_bits(a) ^ signs);
}

template <class T>
MLZ_INLINE T abs(T a) {
  return from_bits<T>(to_bits(a) & ~to_bits(constant<T>(-0.0)));
}

/// 1.5 * 2^52, or 2^23: added to a number that is small enough, it leaves the nearest whole number
/// in the low bits.
template <class T>
inline constexpr double kRounder = is_wide<T> ? 0x1.8p52 : 0x1.8p23;

/// Largest whole number not above a.
template <class T>
MLZ_INLINE T floor(T a) {
  const T x = abs(a);
  const T rounder = constant<T>(is_wide<T> ? 0x1p52 : 0x1p23);
  T whole = flip_sign((x + rounder) - rounder, sign_bits(a));
  whole = select(whole > a, whole - constant<T>(1), whole);
  // Numbers of 2^52 (2^23) and more are whole, and NaN stays NaN. A zero keeps its sign.
  return select(x < rounder, flip_sign(abs(whole), sign_bits(a)), a);
}

MLZ_LEVEL_END
}  // namespace mlz::vm
