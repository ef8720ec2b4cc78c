// The handlers of stream_kernels.hpp for one level of the processor. The including file defines MLZ_LEVEL (a name) and
// MLZ_VECTOR_BYTES, and is compiled with the options of that level.
#include <cstring>
#include <utility>

#include "vm/reduce.hpp"
#include "vm/stream_kernels.hpp"

namespace mlz::vm::stream {
namespace {

/// Lanes, features and number type of a set of handlers. F = 0: features are read from the header.
template <class T, int lanes, int F>
struct Shape {
  static constexpr int kFeatures = F;
  static constexpr bool kApart = F >= 16;  ///< matrices are held task by task: see stream_matrices.inl
  static constexpr int kBytes = lanes * static_cast<int>(sizeof(T));
  using V = typename VectorOf<T, (kBytes < MLZ_VECTOR_BYTES ? kBytes : MLZ_VECTOR_BYTES)>::type;
  static constexpr int L = kBytes / static_cast<int>(sizeof(V));  ///< vectors per entry

  MLZ_INLINE static std::int64_t features(const std::byte* base) {
    if constexpr (F > 0) return F;
    const std::int64_t n = reinterpret_cast<const Header*>(base)->features;
    if (n > kMostFeatures) __builtin_unreachable();
    return n;
  }
  /// Vectors of a register of that rank.
  template <int rank>
  MLZ_INLINE static std::int64_t size(const std::byte* base) {
    const std::int64_t n = features(base);
    return (rank == 0 ? 1 : rank == 1 ? n : n * n) * L;
  }
  MLZ_INLINE static V* at(std::byte* base, std::uint32_t offset) { return reinterpret_cast<V*>(base + offset); }
};

MLZ_INLINE void next(const Code* ip, std::byte* base) { return ip[1].run(ip + 1, base); }

// --- entry by entry --------------------------------------------------------------------------------

template <class K, OpId op, int rank>
void elementwise(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b);
  const std::int64_t n = K::template size<rank>(base);
#pragma GCC unroll 8
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = apply<op, V>(a[i], elementwise_arity(op) > 1 ? b[i] : V{}, V{});
  }
  return next(ip, base);
}

/// out = f(a, b[i], c[i]) with one scalar a.
template <class K, int rank, class F>
MLZ_INLINE void with_scalar(const Code* ip, std::byte* base, F f) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b), *c = K::at(base, ip->c);
  V s[K::L];
  for (int l = 0; l < K::L; ++l) s[l] = a[l];
  const std::int64_t n = K::template size<rank>(base);
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < n; i += K::L) {
    for (int l = 0; l < K::L; ++l) out[i + l] = f(s[l], b + i + l, c + i + l);
  }
}

template <class K, int rank>
void scale(const Code* ip, std::byte* base) {
  using V = typename K::V;
  with_scalar<K, rank>(ip, base, [](V s, const V* b, const V*) { return s * *b; });
  return next(ip, base);
}

template <class K, int rank>
void fill(const Code* ip, std::byte* base) {
  using V = typename K::V;
  with_scalar<K, rank>(ip, base, [](V s, const V*, const V*) { return s; });
  return next(ip, base);
}

template <class K, int rank>
void copy(const Code* ip, std::byte* base) {
  typename K::V* out = K::at(base, ip->out);
  const typename K::V* a = K::at(base, ip->a);
  const std::int64_t n = K::template size<rank>(base);
  for (std::int64_t i = 0; i < n; ++i) out[i] = a[i];
  return next(ip, base);
}

/// The constant is a double in the place of b and c.
template <class K>
void set_constant(const Code* ip, std::byte* base) {
  double value;
  std::memcpy(&value, &ip->b, sizeof value);
  for (int l = 0; l < K::L; ++l) K::at(base, ip->out)[l] = constant<typename K::V>(value);
  return next(ip, base);
}

enum class Join { add, sub, reverse };
template <Join join, class V>
MLZ_INLINE V joined(V product, V c) {
  if constexpr (join == Join::add) return c + product;
  else if constexpr (join == Join::sub) return c - product;
  else return product - c;
}

template <class K, Join join>
void scaled_sum(const Code* ip, std::byte* base) {
  using V = typename K::V;
  with_scalar<K, 1>(ip, base, [](V s, const V* b, const V* c) { return joined<join>(s * *b, *c); });
  return next(ip, base);
}

template <class K, int x, int y>
void scalar_pair_op(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b), *c = K::at(base, ip->c);
#pragma GCC unroll 8
  for (int l = 0; l < K::L; ++l) {
    const V first = x == 0 ? a[l] + b[l] : x == 1 ? a[l] - b[l] : a[l] * b[l];
    out[l] = y == 0 ? first + c[l] : y == 1 ? first - c[l] : y == 2 ? first * c[l] : c[l] - first;
  }
  return next(ip, base);
}

// --- vectors and matrices --------------------------------------------------------------------------

template <class K>
void dot(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b);
  [[maybe_unused]] const std::int64_t n = K::features(base);
  for (int l = 0; l < K::L; ++l) {
    const auto term = [=](std::int64_t k) { return a[k * K::L + l] * b[k * K::L + l]; };
    if constexpr (K::kFeatures > kSequentialTerms<V>) out[l] = long_sum_of<V, K::kFeatures>(term);
    else out[l] = sum<V>(n, term);
  }
  return next(ip, base);
}

/// out[i] = sum over k of a[i, k] b[k], plus c[i] where `plus`, for R rows from `first` on: loads of b are shared and
/// additions of different rows overlap.
template <class K, bool plus, int R>
MLZ_INLINE void matvec_rows(const typename K::V* a, const typename K::V* b, [[maybe_unused]] const typename K::V* c,
                            typename K::V* out, std::int64_t n, std::int64_t first) {
  using V = typename K::V;
  constexpr int L = K::L;
  V total[R * L];
  for (V& t : total) t = V{};
  for (std::int64_t k = 0; k < n; ++k) {
    for (int r = 0; r < R; ++r) {
      for (int l = 0; l < L; ++l) {
        total[r * L + l] = total[r * L + l] + a[((first + r) * n + k) * L + l] * b[k * L + l];
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int l = 0; l < L; ++l) {
      const std::int64_t i = (first + r) * L + l;
      out[i] = plus ? total[r * L + l] + c[i] : total[r * L + l];
    }
  }
}

template <class K, bool plus>
void matvec(const Code* ip, std::byte* base) {
  using V = typename K::V;
  const std::int64_t n = K::features(base);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b), *c = K::at(base, ip->c);
  V* out = K::at(base, ip->out == ip->b ? reinterpret_cast<Header*>(base)->scratch : ip->out);
  if (n <= kSequentialTerms<V>) {
    constexpr int R = K::L > 4 ? 2 : 4;
    std::int64_t i = 0;
    for (; i + R <= n; i += R) matvec_rows<K, plus, R>(a, b, c, out, n, i);
    if constexpr (K::kFeatures % R != 0 || K::kFeatures == 0) {
      for (; i < n; ++i) matvec_rows<K, plus, 1>(a, b, c, out, n, i);
    }
  } else {
    for (std::int64_t i = 0; i < n; ++i) {
      for (int l = 0; l < K::L; ++l) {
        const V total = sum<V>(n, [=](std::int64_t k) { return a[(i * n + k) * K::L + l] * b[k * K::L + l]; });
        out[i * K::L + l] = plus ? total + c[i * K::L + l] : total;
      }
    }
  }
  if (ip->out == ip->b) std::memcpy(base + ip->out, out, static_cast<std::size_t>(n) * K::L * sizeof(V));
  return next(ip, base);
}

/// out[i, k] = f(a[i] b[k], c[i, k]).
template <class K, class F>
MLZ_INLINE void outer_rows(const Code* ip, std::byte* base, F f) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b), *c = K::at(base, ip->c);
  const std::int64_t n = K::features(base);
  for (std::int64_t i = 0; i < n; ++i) {
#pragma GCC unroll 4
    for (std::int64_t k = 0; k < n; ++k) {
      for (int l = 0; l < K::L; ++l) {
        const std::int64_t at = (i * n + k) * K::L + l;
        out[at] = f(a[i * K::L + l] * b[k * K::L + l], c + at);
      }
    }
  }
}

template <class K>
void outer(const Code* ip, std::byte* base) {
  using V = typename K::V;
  outer_rows<K>(ip, base, [](V product, const V*) { return product; });
  return next(ip, base);
}

template <class K, Join join>
void outer_sum(const Code* ip, std::byte* base) {
  using V = typename K::V;
  outer_rows<K>(ip, base, [](V product, const V* c) { return joined<join>(product, *c); });
  return next(ip, base);
}

/// Where a result that may not be written before all operands are read goes first, and the copy afterwards.
template <class K>
MLZ_INLINE typename K::V* apart(const Code* ip, std::byte* base) {
  const bool shared = ip->out == ip->a || ip->out == ip->b;
  return K::at(base, shared ? reinterpret_cast<Header*>(base)->scratch : ip->out);
}
template <class K>
MLZ_INLINE void settle(const Code* ip, std::byte* base, const typename K::V* made, std::int64_t vectors) {
  if (made == K::at(base, ip->out)) return;
  std::memcpy(base + ip->out, made, static_cast<std::size_t>(vectors) * sizeof(typename K::V));
}

template <class K>
void matmul(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = apart<K>(ip, base);
  const V *a = K::at(base, ip->a), *b = K::at(base, ip->b);
  const std::int64_t n = K::features(base);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (int l = 0; l < K::L; ++l) {
        out[(i * n + j) * K::L + l] = sum<V>(
            n, [=](std::int64_t k) { return a[(i * n + k) * K::L + l] * b[(k * n + j) * K::L + l]; });
      }
    }
  }
  settle<K>(ip, base, out, n * n * K::L);
  return next(ip, base);
}

template <class K>
void transpose(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = apart<K>(ip, base);
  const V* a = K::at(base, ip->a);
  const std::int64_t n = K::features(base);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (int l = 0; l < K::L; ++l) out[(i * n + j) * K::L + l] = a[(j * n + i) * K::L + l];
    }
  }
  settle<K>(ip, base, out, n * n * K::L);
  return next(ip, base);
}

template <class K, int axis>
void spread(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V* a = K::at(base, ip->a);
  const std::int64_t n = K::features(base);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (int l = 0; l < K::L; ++l) out[(i * n + j) * K::L + l] = a[(axis == 0 ? i : j) * K::L + l];
    }
  }
  return next(ip, base);
}

template <OpId op, class V, class Term>
MLZ_INLINE V reduced(std::int64_t n, Term term) {
  if constexpr (op == OpId::norm) return norm<V>(n, term);
  else if constexpr (op == OpId::mean) return mean<V>(n, term);
  else return deviation<V>(n, term);
}

/// A whole register of that rank to a scalar.
template <class K, OpId op, int rank>
void reduce_all(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V* a = K::at(base, ip->a);
  const std::int64_t n = K::template size<rank>(base) / K::L;
  for (int l = 0; l < K::L; ++l) {
    out[l] = reduced<op, V>(n, [=](std::int64_t k) { return a[k * K::L + l]; });
  }
  return next(ip, base);
}

template <class K, OpId op, int axis>
void reduce_axis(const Code* ip, std::byte* base) {
  using V = typename K::V;
  V* out = K::at(base, ip->out);
  const V* a = K::at(base, ip->a);
  const std::int64_t n = K::features(base);
  for (std::int64_t i = 0; i < n; ++i) {
    for (int l = 0; l < K::L; ++l) {
      out[i * K::L + l] = reduced<op, V>(
          n, [=](std::int64_t k) { return a[(axis == 0 ? k * n + i : i * n + k) * K::L + l]; });
    }
  }
  return next(ip, base);
}

#include "vm/stream_protocol.inl"

#include "vm/stream_tables.inl"

}  // namespace

#define MLZ_JOIN2(a, b) a##_##b
#define MLZ_JOIN(a, b) MLZ_JOIN2(a, b)
const Kernels& MLZ_JOIN(kernels_f64, MLZ_LEVEL)(int lanes, std::int64_t features) {
  return lanes == kNarrow ? pick<double, kNarrow>(features) : pick<double, kWide>(features);
}
const Kernels& MLZ_JOIN(kernels_f32, MLZ_LEVEL)(int lanes, std::int64_t features) {
  return lanes == kNarrow ? pick<float, kNarrow>(features) : pick<float, kWide>(features);
}

}  // namespace mlz::vm::stream
