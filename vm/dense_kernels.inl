// The kernels of dense_kernels.hpp for one level of the processor. The including file defines
// MLZ_LEVEL (a name) and MLZ_VECTOR_BYTES, and is compiled with the options of that level.
//
// Reductions keep their P strided partials (vm/reduce.hpp) as the lanes of vectors of 64 bytes
// together, so that the written order is also the fast one. Reductions over columns keep P vectors,
// one for each partial of some columns. Short sums, which go from left to right, are made for
// several rows or columns at once.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "vm/dense_kernels.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm::dense {
namespace {

#define MLZ_INLINE [[gnu::always_inline]] inline

template <class T, int bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T, int bytes>
using Vector = typename VectorOf<T, bytes>::type;

/// The P partials of one sum: 64 bytes, in vectors of the width that this level has.
template <class T>
struct Partials {
  static constexpr int kParts = 64 / MLZ_VECTOR_BYTES;
  using Part = Vector<T, MLZ_VECTOR_BYTES>;
  Part part[kParts];
};

/// f(0), ..., f(count - 1) with constants, so that arrays of vectors become registers.
template <int count, class F>
MLZ_INLINE void unrolled(F f) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, i>{}), ...);
  }
  (std::make_integer_sequence<int, count>{});
}

/// Calls f(part of p, part of the others) for every part.
template <class T, class F, class... More>
MLZ_INLINE void each_part(F f, Partials<T>& p, More&... more) {
  unrolled<Partials<T>::kParts>([&](auto i) __attribute__((always_inline)) {
    f(p.part[i], more.part[i]...);
  });
}

// --- entry by entry
// --------------------------------------------------------------------------------

template <RowOp op, class T>
MLZ_INLINE T entry(T a, [[maybe_unused]] T b, [[maybe_unused]] T c, [[maybe_unused]] T d) {
  if constexpr (op == row_op(OpId::copy))
    return a;
  else if constexpr (op == kAddProduct)
    return a + b * c;
  else if constexpr (op == kSubProduct)
    return a - b * c;
  else if constexpr (op == kAddScaled)
    return a + b * (c * d);
  else if constexpr (op == kSubScaled)
    return a - b * (c * d);
  else
    return apply<static_cast<OpId>(op), T>(a, b, c);
}

// `out` is either an operand, entry for entry, or apart from all of them, so no turn of the loop
// depends on another.
template <RowOp op, int arity, unsigned pattern, class T>
void block(const Block<T>& x) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    T* out = x.out + i * x.out_step;
    const T* row[4];
    T first[4];
    for (int k = 0; k < 4; ++k) {
      row[k] = k < arity ? x.in[k] + i * x.in_step[k] : nullptr;
      first[k] = k < arity ? *row[k] : T(0);
    }
    const T *a = row[0], *b = row[1], *c = row[2], *d = row[3];
#pragma GCC ivdep
    for (std::int64_t j = 0; j < x.cols; ++j) {
      const T p = arity > 0 && (pattern & 1) == 0 ? a[j] : first[0];
      const T q = arity > 1 && (pattern & 2) == 0 ? b[j] : first[1];
      const T r = arity > 2 && (pattern & 4) == 0 ? c[j] : first[2];
      const T s = arity > 3 && (pattern & 8) == 0 ? d[j] : first[3];
      out[j] = entry<op, T>(p, q, r, s);
    }
  }
}

template <class T>
using BlockTable = std::array<std::array<BlockKernel<T>, 16>, kRowOps>;

/// One row per number of columns can only occur where some operand has all columns, so the pattern
/// with every bit set is left out, except for one operand (a fill).
template <RowOp op, int arity, class T, unsigned pattern = 0>
void add_blocks(BlockTable<T>& table) {
  constexpr unsigned all = (1u << arity) - 1;
  constexpr bool scaled = op == kAddScaled || op == kSubScaled;
  if constexpr ((arity == 1 || pattern < all) && (!scaled || (pattern & 2) != 0)) {
    table[op][pattern] = &block<op, arity, pattern, T>;
  }
  if constexpr (pattern < all) add_blocks<op, arity, T, pattern + 1>(table);
}

constexpr int words(const char* text) {
  int count = *text != '\0' ? 1 : 0;
  for (; *text != '\0'; ++text) count += *text == ' ' ? 1 : 0;
  return count;
}

template <class T>
BlockTable<T> block_table() {
  BlockTable<T> table{};
#define MLZ_ELEMENTWISE(id, names, symbol, operands, ...) \
  add_blocks<row_op(OpId::id), words(operands), T>(table);
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
  add_blocks<row_op(OpId::copy), 1, T>(table);
  add_blocks<kAddProduct, 3, T>(table);
  add_blocks<kSubProduct, 3, T>(table);
  add_blocks<kAddScaled, 4, T>(table);
  add_blocks<kSubScaled, 4, T>(table);
  return table;
}

// --- folds
// -----------------------------------------------------------------------------------------

/// How entries enter partials (`take`) and partials join, for numbers and vectors alike.
template <Fold fold>
struct Rule {
  template <class T>
  static constexpr T start() {
    if constexpr (fold == Fold::largest)
      return -std::numeric_limits<T>::infinity();
    else if constexpr (fold == Fold::smallest)
      return std::numeric_limits<T>::infinity();
    else
      return T(0);
  }
  template <class X>
  MLZ_INLINE static void join(X& p, const X& x) {
    if constexpr (fold == Fold::largest)
      p = (x > p) | (x != x) ? x : p;
    else if constexpr (fold == Fold::smallest)
      p = (x < p) | (x != x) ? x : p;
    else
      p = p + x;
  }
  template <class X>
  MLZ_INLINE static void take(X& p, const X& x) {
    if constexpr (fold == Fold::squares)
      p = p + x * x;
    else
      join(p, x);
  }
};

template <class V, class T>
MLZ_INLINE void load(V& v, const T* from) {
  std::memcpy(&v, from, sizeof v);
}

/// All bits set in the first n lanes; found by reading from the middle of a table.
template <class T>
struct LaneMask {
  using Bits = std::conditional_t<std::is_same_v<T, double>, std::int64_t, std::int32_t>;
  static constexpr int P = kPartials<T>;
  Bits table[2 * P];
  constexpr LaneMask() : table() {
    for (int i = 0; i < P; ++i) table[i] = -1;
  }
  MLZ_INLINE const Bits* first(std::int64_t n) const { return table + P - n; }
};
template <class T>
inline constexpr LaneMask<T> kLaneMask{};

/// n < P entries, and `rest` in the lanes behind them. Reads up to 64 bytes from `from` on,
/// whatever n is.
template <class T>
MLZ_INLINE void load_some(Partials<T>& v, const T* from, std::int64_t n, T rest) {
  using Bits = typename LaneMask<T>::Bits;
  using Mask = Vector<Bits, MLZ_VECTOR_BYTES>;
  constexpr int lanes = MLZ_VECTOR_BYTES / static_cast<int>(sizeof(T));
  unrolled<Partials<T>::kParts>([&](auto i) __attribute__((always_inline)) {
    Mask mask;
    typename Partials<T>::Part x;
    load(mask, kLaneMask<T>.first(n) + i * lanes);
    load(x, from + i * lanes);
    v.part[i] = mask ? x : typename Partials<T>::Part{} + rest;
  });
}

template <class T>
MLZ_INLINE void load(Partials<T>& v, const T* from) {
  constexpr int lanes = MLZ_VECTOR_BYTES / static_cast<int>(sizeof(T));
  unrolled<Partials<T>::kParts>([&](auto i) __attribute__((always_inline)) {
    load(v.part[i], from + i * lanes);
  });
}

/// Joins the halves of a vector until one entry is left.
template <class T, class R, int lanes>
MLZ_INLINE void join_lanes(const Vector<T, lanes* static_cast<int>(sizeof(T))>& v, T& out) {
  constexpr int half = lanes / 2;
  if constexpr (half == 1) {
    out = v[0];
    R::join(out, T(v[1]));
  } else {
    [&]<int... k>(std::integer_sequence<int, k...>) __attribute__((always_inline)) {
      Vector<T, half* static_cast<int>(sizeof(T))> low = __builtin_shufflevector(v, v, k...);
      R::join(low, __builtin_shufflevector(v, v, (k + half)...));
      join_lanes<T, R, half>(low, out);
    }
    (std::make_integer_sequence<int, half>{});
  }
}

/// The result of a fold: halves of the partials are joined, as vm/reduce.hpp says.
template <class T, class R>
MLZ_INLINE T joined(Partials<T>& p, R) {
  constexpr int parts = Partials<T>::kParts;
  if constexpr (parts == 4) {
    R::join(p.part[0], p.part[2]);
    R::join(p.part[1], p.part[3]);
  }
  if constexpr (parts >= 2) R::join(p.part[0], p.part[1]);
  T out;
  join_lanes<T, R, MLZ_VECTOR_BYTES / static_cast<int>(sizeof(T))>(p.part[0], out);
  return out;
}

template <class R, class T, class V>
MLZ_INLINE void start(V& p) {
  p = V{} + R::template start<T>();
}

/// Whether n terms are joined from left to right: short sums are.
template <class R>
constexpr bool in_sequence(std::int64_t n) {
  return !std::is_same_v<R, Rule<Fold::largest>> && !std::is_same_v<R, Rule<Fold::smallest>> &&
         n <= kSequentialTerms;
}

template <Fold fold, class T>
T fold_row(std::int64_t n, const T* a) {
  using R = Rule<fold>;
  constexpr int P = kPartials<T>;
  if (in_sequence<R>(n)) {
    T total = R::template start<T>();
    for (std::int64_t i = 0; i < n; ++i) R::take(total, a[i]);
    return total;
  }
  const auto take = [](auto& p, const auto& x) __attribute__((always_inline)) { R::take(p, x); };
  Partials<T> p, x;
  each_part(
      [](auto& part) __attribute__((always_inline)) { start<R, T>(part); }, p);
  std::int64_t i = 0;
  for (; i + P <= n; i += P) {
    load(x, a + i);
    each_part(take, p, x);
  }
  if (i < n) {
    load_some(x, a + i, n - i, R::template start<T>());  // a missing entry that changes nothing
    each_part(take, p, x);
  }
  return joined<T>(p, R{});
}

/// As Rule::take for x[k] * b[k, j]: the term of vecmat.
struct Product {};

/// Which two of `count` partials the join number t is for, when halves are joined until one is
/// left.
struct Halving {
  int to, from;
  constexpr Halving(int count, int t) : to(t), from(0) {
    int half = count / 2;
    while (to >= half) {
      to -= half;
      half /= 2;
    }
    from = to + half;
  }
};

template <class R, class V, class T>
MLZ_INLINE void take_row(V& p, const T* row, [[maybe_unused]] T factor) {
  V x;
  load(x, row);
  if constexpr (std::is_same_v<R, Product>)
    p = p + x * factor;
  else
    R::take(p, x);
}

template <class R>
using JoinOf = std::conditional_t<std::is_same_v<R, Product>, Rule<Fold::sum>, R>;

/// A fold over n rows for as many columns as a vector of `bytes` has lanes; for Product, row k
/// counts x[k * x_step] times.
template <class R, int bytes, class T>
MLZ_INLINE void column_vector(std::int64_t n, std::int64_t step, const T* a, const T* x,
                              std::int64_t x_step, T* out) {
  using V = Vector<T, bytes>;
  constexpr int P = kPartials<T>;
  V p[P];
  unrolled<P>([&](auto k) __attribute__((always_inline)) { start<JoinOf<R>, T>(p[k]); });
  const auto factor = [=](std::int64_t k) {
    return std::is_same_v<R, Product> ? x[k * x_step] : T(0);
  };
  std::int64_t i = 0;
  for (; i + P <= n; i += P) {
    unrolled<P>([&](auto k) __attribute__((always_inline)) {
      take_row<R>(p[k], a + (i + k) * step, factor(i + k));
    });
  }
  unrolled<P - 1>([&](auto k) __attribute__((always_inline)) {
    if (i + k < n) take_row<R>(p[k], a + (i + k) * step, factor(i + k));
  });
  unrolled<P - 1>([&](auto t) __attribute__((always_inline)) {  // halves: P/2 joins, then P/4, ...
    constexpr Halving at(P, t);
    JoinOf<R>::join(p[at.to], p[at.from]);
  });
  std::memcpy(out, &p[0], sizeof(V));
}

/// As column_vector for `count` vectors in succession and so few rows that they are taken in
/// sequence.
template <class R, int bytes, int count, class T>
MLZ_INLINE void short_columns(std::int64_t n, std::int64_t step, const T* a, const T* x,
                              std::int64_t x_step, T* out) {
  using V = Vector<T, bytes>;
  constexpr int width = bytes / static_cast<int>(sizeof(T));
  V p[count];
  unrolled<count>([&](auto c) __attribute__((always_inline)) { start<JoinOf<R>, T>(p[c]); });
  for (std::int64_t i = 0; i < n; ++i) {
    const T factor = std::is_same_v<R, Product> ? x[i * x_step] : T(0);
    unrolled<count>([&](auto c) __attribute__((always_inline)) {
      take_row<R>(p[c], a + i * step + c * width, factor);
    });
  }
  unrolled<count>([&](auto c) __attribute__((always_inline)) {
    std::memcpy(out + c * width, &p[c], sizeof(V));
  });
}

/// From how many rows on and for how wide ones column_block is faster than column_vector.
inline constexpr std::int64_t kManyRows = 256, kWideRowBytes = 256;
template <class T>
inline constexpr std::int64_t kBlockColumns = 1024 / static_cast<std::int64_t>(sizeof(T));

/// As column_vector for up to kBlockColumns columns, with the partials in memory: reads rows in
/// long runs, where column_vector would touch a new page for every row.
template <class R, class T>
void column_block(std::int64_t n, std::int64_t step, std::int64_t cols, const T* a, const T* x,
                  std::int64_t x_step, T* out) {
  constexpr int P = kPartials<T>;
  alignas(64) T p[P][kBlockColumns<T>];
  for (auto& row : p) std::fill_n(row, cols, JoinOf<R>::template start<T>());
  for (std::int64_t i = 0; i < n; ++i) {
    T* to = p[i % P];
    const T* row = a + i * step;
    if constexpr (std::is_same_v<R, Product>) {
      const T factor = x[i * x_step];
      for (std::int64_t j = 0; j < cols; ++j) to[j] = to[j] + row[j] * factor;
    } else {
      for (std::int64_t j = 0; j < cols; ++j) R::take(to[j], row[j]);
    }
  }
  for (int half = P / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) {
      for (std::int64_t j = 0; j < cols; ++j) JoinOf<R>::join(p[k][j], p[k + half][j]);
    }
  }
  std::copy_n(p[0], cols, out);
}

/// Columns in vectors of `bytes`, what is left in vectors of half that, down to single columns.
template <class R, int bytes, class T>
void few_rows(std::int64_t n, std::int64_t step, std::int64_t cols, const T* a, const T* x,
              std::int64_t x_step, T* out) {
  constexpr int width = bytes / static_cast<int>(sizeof(T));
  std::int64_t j = 0;
  if (in_sequence<R>(n)) {
    for (; j + 4 * width <= cols; j += 4 * width)
      short_columns<R, bytes, 4>(n, step, a + j, x, x_step, out + j);
    for (; j + width <= cols; j += width)
      short_columns<R, bytes, 1>(n, step, a + j, x, x_step, out + j);
  }
  for (; j + width <= cols; j += width) column_vector<R, bytes>(n, step, a + j, x, x_step, out + j);
  if constexpr (width > 1) {
    if (j < cols) few_rows<R, bytes / 2>(n, step, cols - j, a + j, x, x_step, out + j);
  }
}

template <class R, class T>
void columns(std::int64_t n, std::int64_t step, std::int64_t cols, const T* a, const T* x,
             std::int64_t x_step, T* out) {
  if (n < kManyRows || cols * static_cast<std::int64_t>(sizeof(T)) < kWideRowBytes) {
    return few_rows<R, MLZ_VECTOR_BYTES>(n, step, cols, a, x, x_step, out);
  }
  for (std::int64_t j = 0; j < cols; j += kBlockColumns<T>) {
    column_block<R>(n, step, std::min(kBlockColumns<T>, cols - j), a + j, x, x_step, out + j);
  }
}

template <Fold fold, class T>
void fold_columns(std::int64_t n, std::int64_t step, std::int64_t cols, const T* a, T* out) {
  columns<Rule<fold>>(n, step, cols, a, a, 0, out);
}

// --- products
// --------------------------------------------------------------------------------------

template <class T>
void vecmat(std::int64_t n, std::int64_t cols, const T* x, std::int64_t x_step, const T* b,
            T* out) {
  columns<Product>(n, cols, cols, b, x, x_step, out);
}

/// `count` rows at once: their sums are independent, which hides the latency of additions.
template <int count, class T>
MLZ_INLINE void dot_rows(std::int64_t n, const T* a, const T* x, T* out) {
  constexpr int P = kPartials<T>;
  const auto take = [](auto& p, const auto& v, const auto& f) __attribute__((always_inline)) {
    p = p + v * f;
  };
  Partials<T> p[count]{}, factor, v;
  std::int64_t k = 0;
  for (; k + P <= n; k += P) {
    load(factor, x + k);
    unrolled<count>([&](auto r) __attribute__((always_inline)) {
      load(v, a + r * n + k);
      each_part(take, p[r], v, factor);
    });
  }
  if (k < n) {
    load_some(factor, x + k, n - k, T(0));
    unrolled<count>([&](auto r) __attribute__((always_inline)) {
      load_some(v, a + r * n + k, n - k, T(0));
      each_part(take, p[r], v, factor);
    });
  }
  unrolled<count>([&](auto r) __attribute__((always_inline)) {
    out[r] = joined<T>(p[r], Rule<Fold::sum>{});
  });
}

/// Adds columns k .. k + 3 of four rows, each times its entry of x, to the four sums in p, one
/// after the other.
template <class V, class T>
MLZ_INLINE void take_four_columns(V& p, const T* a, std::int64_t n, const T* x) {
  V row[4];
  unrolled<4>([&](auto r) __attribute__((always_inline)) { load(row[r], a + r * n); });
  const V low01 = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
  const V low23 = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
  const V high01 = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
  const V high23 = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
  p = p + __builtin_shufflevector(low01, low23, 0, 1, 4, 5) * x[0];
  p = p + __builtin_shufflevector(low01, low23, 2, 3, 6, 7) * x[1];
  p = p + __builtin_shufflevector(high01, high23, 0, 1, 4, 5) * x[2];
  p = p + __builtin_shufflevector(high01, high23, 2, 3, 6, 7) * x[3];
}

/// As dot_rows for rows so short that they are summed in sequence, four times `groups` rows at
/// once.
template <int groups, class T>
MLZ_INLINE void short_dot_rows(std::int64_t n, const T* a, const T* x, T* out) {
  using V = Vector<T, 4 * static_cast<int>(sizeof(T))>;
  V p[groups]{};
  std::int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    unrolled<groups>([&](auto g) __attribute__((always_inline)) {
      take_four_columns(p[g], a + 4 * g * n + k, n, x + k);
    });
  }
  for (; k < n; ++k) {
    unrolled<groups>([&](auto g) __attribute__((always_inline)) {
      const T* row = a + 4 * g * n + k;
      p[g] = p[g] + V{row[0], row[n], row[2 * n], row[3 * n]} * x[k];
    });
  }
  unrolled<groups>([&](auto g) __attribute__((always_inline)) {
    std::memcpy(out + 4 * g, &p[g], sizeof(V));
  });
}

template <class T>
void short_matvec(std::int64_t m, std::int64_t n, const T* a, const T* x, T* out) {
  std::int64_t i = 0;
  for (; i + 16 <= m; i += 16) short_dot_rows<4>(n, a + i * n, x, out + i);
  for (; i + 4 <= m; i += 4) short_dot_rows<1>(n, a + i * n, x, out + i);
  for (; i < m; ++i) {
    T total(0);
    for (std::int64_t k = 0; k < n; ++k) total = total + a[i * n + k] * x[k];
    out[i] = total;
  }
}

template <class T>
void matvec(std::int64_t m, std::int64_t n, const T* a, const T* x, T* out) {
  if (n <= kSequentialTerms) return short_matvec(m, n, a, x, out);
  std::int64_t i = 0;
  for (; i + 4 <= m; i += 4) dot_rows<4>(n, a + i * n, x, out + i);
  for (; i < m; ++i) dot_rows<1>(n, a + i * n, x, out + i);
}

template <class T>
void transpose(std::int64_t rows, std::int64_t cols, const T* a, T* out) {
  constexpr std::int64_t side = 16;  // of blocks that stay in the first cache
  for (std::int64_t i0 = 0; i0 < rows; i0 += side) {
    for (std::int64_t j0 = 0; j0 < cols; j0 += side) {
      const std::int64_t i1 = std::min(i0 + side, rows), j1 = std::min(j0 + side, cols);
      for (std::int64_t j = j0; j < j1; ++j) {
        for (std::int64_t i = i0; i < i1; ++i) out[j * rows + i] = a[i * cols + j];
      }
    }
  }
}

// --- rows
// ------------------------------------------------------------------------------------------

template <class T>
void softmax(std::int64_t n, const T* a, T* out) {
  const T m = fold_row<Fold::largest>(n, a);
  for (std::int64_t i = 0; i < n; ++i) out[i] = vm::exp(a[i] - m);
  const T total = fold_row<Fold::sum>(n, out);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) out[i] = out[i] / total;
}

template <class T>
void log_softmax(std::int64_t n, const T* a, T* out) {
  const T m = fold_row<Fold::largest>(n, a);
  const T total = vm::sum<T>(n, [=](std::int64_t i) { return vm::exp(a[i] - m); });
  const T log_total = vm::log(total);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) out[i] = (a[i] - m) - log_total;
}

template <class T>
MLZ_INLINE T sum_of_squared_differences(std::int64_t n, const T* a, T from) {
  constexpr int P = kPartials<T>;
  const auto take = [from](auto& p, const auto& x) __attribute__((always_inline)) {
    p = p + (x - from) * (x - from);
  };
  if (n <= kSequentialTerms) {
    T total(0);
    for (std::int64_t i = 0; i < n; ++i) take(total, a[i]);
    return total;
  }
  Partials<T> p{}, x;
  std::int64_t i = 0;
  for (; i + P <= n; i += P) {
    load(x, a + i);
    each_part(take, p, x);
  }
  if (i < n) {
    load_some(x, a + i, n - i,
              from);  // adds 0; where `from` is not finite, all results are NaN in any case
    each_part(take, p, x);
  }
  return joined<T>(p, Rule<Fold::sum>{});
}

template <class T>
void layer_norm(std::int64_t n, const T* a, T* out, T eps) {
  const T count = static_cast<T>(n);
  const T m = fold_row<Fold::sum>(n, a) / count;
  const T root = vm::sqrt(sum_of_squared_differences(n, a, m) / count + eps);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) out[i] = (a[i] - m) / root;
}

template <class T>
Kernels<T> make(const char* level) {
  return {level,
          block_table<T>(),
          {fold_row<Fold::sum, T>, fold_row<Fold::squares, T>, fold_row<Fold::largest, T>,
           fold_row<Fold::smallest, T>},
          {fold_columns<Fold::sum, T>, fold_columns<Fold::squares, T>,
           fold_columns<Fold::largest, T>, fold_columns<Fold::smallest, T>},
          matvec<T>,
          vecmat<T>,
          transpose<T>,
          softmax<T>,
          log_softmax<T>,
          layer_norm<T>};
}

}  // namespace

#define MLZ_JOIN_(a, b) a##b
#define MLZ_JOIN(a, b) MLZ_JOIN_(a, b)
#define MLZ_NAME_(a) #a
#define MLZ_NAME(a) MLZ_NAME_(a)

const Kernels<double>& MLZ_JOIN(kernels_f64_, MLZ_LEVEL)() {
  static const Kernels<double> made = make<double>(MLZ_NAME(MLZ_LEVEL));
  return made;
}

const Kernels<float>& MLZ_JOIN(kernels_f32_, MLZ_LEVEL)() {
  static const Kernels<float> made = make<float>(MLZ_NAME(MLZ_LEVEL));
  return made;
}

}  // namespace mlz::vm::dense
