#pragma once
#include <cstdint>

#include "vm/maths.hpp"

/// The order in which entries are reduced. It is part of the numerics of the language: in one
/// number type every engine gives the same bits, except where a product is handed to BLAS.
/// `T` below is a number type of numbers.hpp: with a vector, each of its entries is reduced apart.
///
///   A short sum, of at most 64 terms in f64 and 15 in f32, goes from left to right, starting at +0,
///   in f64 as in AutoML-Zero's own small vectors. A longer one has P strided partials, P = 8 in f64
///   and 16 in f32. Partials start at +0. Entry i is added to partial i % P, in increasing i. Then
///   halves are added: p[k] += p[k + P/2] for k < P/2, the same for P/4, ..., 1. The result is p[0].
///   Totals and partials are never -0, so padding a tail with +0 changes nothing. Partials may as
///   well start at their first terms if +0 is added to the result: only signs of zeros differ before.
///
/// What uses it:
///   sum, sum_groups, sum_strided   the entries in order of their index (matrices without an axis:
///                                  row by row)
///   mean, mean_*, mean_pool        sum / n
///   norm                           sqrt(sum of a*a)
///   std                            sqrt(sum of a*a / n - mean * mean), not clamped
///   dot, matvec, vecmat, matmul    each entry: sum of products, in order of the summed index
///   softmax                        m = max, e = exp(a - m), e / sum of e
///   log_softmax                    (a - m) - log(sum of e)
///   layer_norm                     mean, then variance = sum of (a - mean)^2 / n,
///                                  (a - mean) / sqrt(variance + eps)
///   max, min, max_pool             partials at any length, started at -infinity or +infinity; an
///                                  entry replaces a partial if it is beyond it or NaN (so NaN
///                                  stays, and of +0 and -0 the first one)
/// Products and sums are rounded separately: there is no fused multiply-add.
namespace mlz::vm {
MLZ_LEVEL_BEGIN

template <class T>
inline constexpr int kPartials = is_wide<T> ? 8 : 16;

/// Joins partials by halves with `join(p[k], p[k + half])`.
template <class T, class Join>
MLZ_DEVICE T join_partials(T (&p)[kPartials<T>], Join join) {
  for (int half = kPartials<T> / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) p[k] = join(p[k], p[k + half]);
  }
  return p[0];
}

/// Reduces term(0) ... term(n - 1) in the written order from partials that start at `start`.
template <class T, class Term, class Join>
MLZ_DEVICE T reduce(std::int64_t n, T start, Term term, Join join) {
  constexpr int P = kPartials<T>;
  T p[P];
  for (int k = 0; k < P; ++k) p[k] = start;
  std::int64_t i = 0;
  for (; i + P <= n; i += P) {
    for (int k = 0; k < P; ++k) p[k] = join(p[k], term(i + k));
  }
  for (int k = 0; k < P && i + k < n; ++k) p[k] = join(p[k], term(i + k));
  return join_partials<T>(p, join);
}

/// Sums of up to so many terms go from left to right.
template <class T>
inline constexpr std::int64_t kSequentialTerms = is_wide<T> ? 64 : 15;

template <class T, class Term>
MLZ_DEVICE T sum(std::int64_t n, Term term) {
  if (n <= kSequentialTerms<T>) {
    T total = constant<T>(0);
    for (std::int64_t i = 0; i < n; ++i) total = total + term(i);
    return total;
  }
  return reduce<T>(n, constant<T>(0), term, [](T a, T b) { return a + b; });
}

/// sum for n terms, at least P and too many to go from left to right. Terms are taken in their order.
template <class T, int n, class Term>
MLZ_INLINE T long_sum_of(const Term& term) {
  constexpr int P = kPartials<T>;
  static_assert(n >= P && n > kSequentialTerms<T>);
  T p[P];
#pragma GCC unroll 16
  for (int k = 0; k < P; ++k) p[k] = term(k);
#pragma GCC unroll 128
  for (int i = P; i < n; ++i) p[i % P] = p[i % P] + term(i);
#pragma GCC unroll 8
  for (int half = P / 2; half > 0; half /= 2) {
#pragma GCC unroll 16
    for (int k = 0; k < half; ++k) p[k] = p[k] + p[k + half];
  }
  return p[0] + constant<T>(0);
}

template <class T, class Term>
MLZ_DEVICE T mean(std::int64_t n, Term term) {
  return sum<T>(n, term) / constant<T>(static_cast<double>(n));
}

template <class T, class Term>
MLZ_DEVICE T largest(std::int64_t n, Term term) {
  return reduce<T>(n, constant<T>(-__builtin_inf()), term,
                   [](T a, T b) { return select((b > a) | (b != b), b, a); });
}

template <class T, class Term>
MLZ_DEVICE T smallest(std::int64_t n, Term term) {
  return reduce<T>(n, constant<T>(__builtin_inf()), term,
                   [](T a, T b) { return select((b < a) | (b != b), b, a); });
}

template <class T, class Term>
MLZ_DEVICE T norm(std::int64_t n, Term term) {
  return vm::sqrt(sum<T>(n, [&](std::int64_t i) { return term(i) * term(i); }));
}

/// Deviation as AutoML-Zero computes it: NaN where rounding makes the difference negative.
template <class T, class Term>
MLZ_DEVICE T deviation(std::int64_t n, Term term) {
  const T m = mean<T>(n, term);
  const T squares = mean<T>(n, [&](std::int64_t i) { return term(i) * term(i); });
  return vm::sqrt(squares - m * m);
}

/// Index of the largest term, the lowest one on ties; NaN never wins, and 0 when all are NaN.
template <class T, class Term>
MLZ_DEVICE std::int64_t index_of_largest(std::int64_t n, Term term) {
  std::int64_t best = -1;
  for (std::int64_t i = 0; i < n; ++i) {
    if (term(i) == term(i) && (best < 0 || term(i) > term(best))) best = i;
  }
  return best < 0 ? 0 : best;
}

/// Sum of a[i * a_step] * b[i * b_step].
template <class T>
MLZ_DEVICE T sum_of_products(std::int64_t n, const T* a, std::int64_t a_step, const T* b,
                  std::int64_t b_step) {
  return sum<T>(n, [=](std::int64_t i) { return a[i * a_step] * b[i * b_step]; });
}

/// Row operations on entries that lie `step` numbers (or vectors, one number of each row) apart. `out` may be `a`
/// itself, but must not overlap it otherwise.
template <class T>
MLZ_DEVICE void softmax_row(std::int64_t n, const T* a, T* out, std::int64_t step = 1) {
  const T m = largest<T>(n, [=](std::int64_t i) { return a[i * step]; });
  for (std::int64_t i = 0; i < n; ++i) out[i * step] = vm::exp(a[i * step] - m);
  const T total = sum<T>(n, [=](std::int64_t i) { return out[i * step]; });
  for (std::int64_t i = 0; i < n; ++i) out[i * step] = out[i * step] / total;
}

template <class T>
MLZ_DEVICE void log_softmax_row(std::int64_t n, const T* a, T* out, std::int64_t step = 1) {
  const T m = largest<T>(n, [=](std::int64_t i) { return a[i * step]; });
  const T total = sum<T>(n, [=](std::int64_t i) { return vm::exp(a[i * step] - m); });
  const T log_total = vm::log(total);
  for (std::int64_t i = 0; i < n; ++i) out[i * step] = (a[i * step] - m) - log_total;
}

template <class T>
MLZ_DEVICE void layer_norm_row(std::int64_t n, const T* a, T* out, Entry<T> eps, std::int64_t step = 1) {
  const T m = mean<T>(n, [=](std::int64_t i) { return a[i * step]; });
  const T variance = mean<T>(n, [=](std::int64_t i) { return (a[i * step] - m) * (a[i * step] - m); });
  const T root = vm::sqrt(variance + constant<T>(eps));
  for (std::int64_t i = 0; i < n; ++i) out[i * step] = (a[i * step] - m) / root;
}

MLZ_LEVEL_END
}  // namespace mlz::vm
