// Vectors of one level, and the partials of sums. Part of dense_kernels.inl.
namespace mlz::vm::dense {
namespace {

/// A vector of `bytes` bytes, which may be as few as one number has.
template <class T, int bytes>
struct VectorType {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T, int bytes>
using Vector = typename VectorType<T, bytes>::type;
/// The vector that this level has.
template <class T>
using NativeVector = Vector<T, MLZ_VECTOR_BYTES>;

/// A vector with x in every lane, -0 included.
template <class V, class T>
MLZ_INLINE void fill_lanes(V& v, T x) {
  v = x - V{};
}

/// The P partials of one sum: 64 bytes, in vectors of the width that this level has.
template <class T>
struct Partials {
  static constexpr int kParts = 64 / MLZ_VECTOR_BYTES;
  using Part = NativeVector<T>;
  Part part[kParts];
};

/// f(0), ..., f(count - 1) with constants, so that arrays of vectors become registers.
template <int count, class F>
MLZ_INLINE void unrolled(F f) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, i>{}), ...);
  }(std::make_integer_sequence<int, count>{});
}

/// Calls f(part of p, part of the others) for every part.
template <class T, class F, class... More>
MLZ_INLINE void each_part(F f, Partials<T>& p, More&... more) {
  unrolled<Partials<T>::kParts>([&](auto i) __attribute__((always_inline)) {
    f(p.part[i], more.part[i]...);
  });
}

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
    typename Partials<T>::Part others;
    fill_lanes(others, rest);
    v.part[i] = mask ? x : others;
  });
}

template <class T>
MLZ_INLINE void load(Partials<T>& v, const T* from) {
  constexpr int lanes = MLZ_VECTOR_BYTES / static_cast<int>(sizeof(T));
  unrolled<Partials<T>::kParts>([&](auto i) __attribute__((always_inline)) {
    load(v.part[i], from + i * lanes);
  });
}

/// Stores the first n entries of a vector.
template <class V, class T>
MLZ_INLINE void store_some(const V& v, T* to, std::int64_t n) {
  for (int i = 0; i < n; ++i) to[i] = v[i];
}

}  // namespace
}  // namespace mlz::vm::dense
