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

}  // namespace
}  // namespace mlz::vm::dense
