// Products and transposes. Part of dense_kernels.inl.
namespace mlz::vm::dense {
namespace {

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

/// Groups of four entries that a vector holds, for the loops below; one where vectors are shorter.
template <class T>
inline constexpr int kQuads = std::max(1, MLZ_VECTOR_BYTES / (4 * static_cast<int>(sizeof(T))));

/// Four entries from each of `quads` places, `step` apart, side by side in v.
template <int quads, class V, class T>
MLZ_INLINE void load_quads(V& v, const T* a, std::int64_t step) {
  if constexpr (quads == 1) {
    load(v, a);
  } else {
    Vector<T, sizeof(V) / 2> low, high;
    load_quads<quads / 2>(low, a, step);
    load_quads<quads / 2>(high, a + quads / 2 * step, step);
    [&]<int... k>(std::integer_sequence<int, k...>) __attribute__((always_inline)) {
      v = __builtin_shufflevector(low, high, k...);
    }(std::make_integer_sequence<int, 4 * quads>{});
  }
}

/// In each group of four: entries i0 ... i3 of those of a, counted 0 to 3, and of b, 4 to 7.
template <int i0, int i1, int i2, int i3, int quads, class V>
MLZ_INLINE void shuffle_quads(V& out, const V& a, const V& b) {
  constexpr auto from = [](int lane) {
    const int i = std::array{i0, i1, i2, i3}[static_cast<std::size_t>(lane % 4)];
    return lane / 4 * 4 + (i < 4 ? i : 4 * quads + i - 4);
  };
  [&]<int... k>(std::integer_sequence<int, k...>) __attribute__((always_inline)) {
    out = __builtin_shufflevector(a, b, from(k)...);
  }(std::make_integer_sequence<int, 4 * quads>{});
}

/// Adds columns k .. k + 3 of 4 * quads rows, each times its entry of x, to the sums in p, one
/// after the other.
template <int quads, class V, class T>
MLZ_INLINE void take_four_columns(V& p, const T* a, std::int64_t n, const T* x) {
  V row[4];
  unrolled<4>([&](auto r) __attribute__((always_inline)) {
    load_quads<quads>(row[r], a + r * n, 4 * n);
  });
  V low01, low23, high01, high23, column[4];
  shuffle_quads<0, 4, 1, 5, quads>(low01, row[0], row[1]);
  shuffle_quads<0, 4, 1, 5, quads>(low23, row[2], row[3]);
  shuffle_quads<2, 6, 3, 7, quads>(high01, row[0], row[1]);
  shuffle_quads<2, 6, 3, 7, quads>(high23, row[2], row[3]);
  shuffle_quads<0, 1, 4, 5, quads>(column[0], low01, low23);
  shuffle_quads<2, 3, 6, 7, quads>(column[1], low01, low23);
  shuffle_quads<0, 1, 4, 5, quads>(column[2], high01, high23);
  shuffle_quads<2, 3, 6, 7, quads>(column[3], high01, high23);
  unrolled<4>([&](auto c) __attribute__((always_inline)) { p = p + column[c] * x[c]; });
}

/// As dot_rows for rows so short that they are summed in sequence: 4 * quads rows in a vector,
/// `groups` vectors at once.
template <int quads, int groups, class T>
MLZ_INLINE void short_dot_rows(std::int64_t n, const T* a, const T* x, T* out) {
  constexpr int rows = 4 * quads;
  using V = Vector<T, rows * static_cast<int>(sizeof(T))>;
  V p[groups]{};
  std::int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    unrolled<groups>([&](auto g) __attribute__((always_inline)) {
      take_four_columns<quads>(p[g], a + rows * g * n + k, n, x + k);
    });
  }
  for (; k < n; ++k) {
    unrolled<groups>([&](auto g) __attribute__((always_inline)) {
      const T* column = a + rows * g * n + k;
      V v;
      for (int r = 0; r < rows; ++r) v[r] = column[r * n];
      p[g] = p[g] + v * x[k];
    });
  }
  unrolled<groups>([&](auto g) __attribute__((always_inline)) {
    std::memcpy(out + rows * g, &p[g], sizeof(V));
  });
}

template <class T>
void short_matvec(std::int64_t m, std::int64_t n, const T* a, const T* x, T* out) {
  constexpr int quads = kQuads<T>, rows = 4 * quads;
  constexpr bool fits = rows * static_cast<int>(sizeof(T)) <= MLZ_VECTOR_BYTES;
  std::int64_t i = 0;
  if constexpr (fits) {  // else sums would be spilled
    for (; i + 4 * rows <= m; i += 4 * rows) short_dot_rows<quads, 4>(n, a + i * n, x, out + i);
    for (; i + 2 * rows <= m; i += 2 * rows) short_dot_rows<quads, 2>(n, a + i * n, x, out + i);
  }
  for (; i + rows <= m; i += rows) short_dot_rows<quads, 1>(n, a + i * n, x, out + i);
  for (; i + 4 <= m; i += 4) short_dot_rows<1, 1>(n, a + i * n, x, out + i);
  for (; i < m; ++i) {
    T total(0);
    for (std::int64_t k = 0; k < n; ++k) total = total + a[i * n + k] * x[k];
    out[i] = total;
  }
}

template <class T>
void matvec(std::int64_t m, std::int64_t n, const T* a, const T* x, T* out) {
  if (n <= kSequentialTerms<T>) return short_matvec(m, n, a, x, out);
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

}  // namespace
}  // namespace mlz::vm::dense
