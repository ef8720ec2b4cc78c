// Row operations: softmax and its like. Part of dense_kernels.inl.
namespace mlz::vm::dense {
namespace {

/// out[i] = f(a[i]), a vector at a time.
template <class T, class F>
MLZ_INLINE void map_row(std::int64_t n, const T* a, T* out, F f) {
  using V = NativeVector<T>;
  constexpr int width = Number<V>::count;
  V x;
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    load(x, a + i);
    x = f(x);
    std::memcpy(out + i, &x, sizeof x);
  }
  if (i < n) {
    load(x, a + i);
    store_some(f(x), out + i, n - i);
  }
}

/// The sum of f(a[i]) in the written order, for f that takes vectors. `rest` is an entry with f(rest) = 0.
template <class T, class F>
MLZ_INLINE T sum_of(std::int64_t n, const T* a, T rest, F f) {
  constexpr int P = kPartials<T>;
  if (n <= kSequentialTerms<T>) {
    T terms[kSequentialTerms<T>], total(0);
    map_row(n, a, terms, f);
    for (std::int64_t i = 0; i < n; ++i) total = total + terms[i];
    return total;
  }
  const auto take = [&](auto& p, const auto& x) __attribute__((always_inline)) { p = p + f(x); };
  Partials<T> p{}, x;
  std::int64_t i = 0;
  for (; i + P <= n; i += P) {
    load(x, a + i);
    each_part(take, p, x);
  }
  if (i < n) {
    load_some(x, a + i, n - i, rest);
    each_part(take, p, x);
  }
  return joined<T>(p, Rule<Fold::sum>{});
}

// Where the largest entry or the mean is not finite, `rest` may not give 0, but then the sum or all results are NaN
// with or without it.

template <class T>
void softmax(std::int64_t n, const T* a, T* out) {
  using V = NativeVector<T>;
  V m;
  fill_lanes(m, fold_row<Fold::largest>(n, a));
  map_row(n, a, out, [=](V x) __attribute__((always_inline)) { return vm::exp<V>(x - m); });
  V total;
  fill_lanes(total, fold_row<Fold::sum>(n, out));
  map_row(n, out, out, [=](V x) __attribute__((always_inline)) { return x / total; });
}

template <class T>
void log_softmax(std::int64_t n, const T* a, T* out) {
  using V = NativeVector<T>;
  V m;
  fill_lanes(m, fold_row<Fold::largest>(n, a));
  const T total = sum_of(n, a, -std::numeric_limits<T>::infinity(),
                         [=](V x) __attribute__((always_inline)) { return vm::exp<V>(x - m); });
  V log_total;
  fill_lanes(log_total, vm::log<T>(total));
  map_row(n, a, out, [=](V x) __attribute__((always_inline)) { return (x - m) - log_total; });
}

template <class T>
void layer_norm(std::int64_t n, const T* a, T* out, T eps) {
  using V = NativeVector<T>;
  const T count = static_cast<T>(n);
  const T mean = fold_row<Fold::sum>(n, a) / count;
  V m, root;
  fill_lanes(m, mean);
  const T squares =
      sum_of(n, a, mean, [=](V x) __attribute__((always_inline)) { return (x - m) * (x - m); });
  fill_lanes(root, vm::sqrt<T>(squares / count + eps));
  map_row(n, a, out, [=](V x) __attribute__((always_inline)) { return (x - m) / root; });
}

}  // namespace
}  // namespace mlz::vm::dense
