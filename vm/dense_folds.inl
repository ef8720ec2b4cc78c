// Folds of rows and columns. Part of dense_kernels.inl.
namespace mlz::vm::dense {
namespace {

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
      p = ((x > p) | (x != x)) ? x : p;
    else if constexpr (fold == Fold::smallest)
      p = ((x < p) | (x != x)) ? x : p;
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
    }(std::make_integer_sequence<int, half>{});
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
  fill_lanes(p, R::template start<T>());
}

/// Whether n terms are joined from left to right: short sums are.
template <class R, class T>
constexpr bool in_sequence(std::int64_t n) {
  return !std::is_same_v<R, Rule<Fold::largest>> && !std::is_same_v<R, Rule<Fold::smallest>> &&
         n <= kSequentialTerms<T>;
}

template <Fold fold, class T>
T fold_row(std::int64_t n, const T* a) {
  using R = Rule<fold>;
  constexpr int P = kPartials<T>;
  if (in_sequence<R, T>(n)) {
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
  if (in_sequence<R, T>(n)) {
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

}  // namespace
}  // namespace mlz::vm::dense
