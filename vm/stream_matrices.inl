// Handlers of matrices that are held task by task, for one level of the processor; included by stream_kernels.inl.
//
// A matrix of 16 or 32 features with a number per lane is larger than the first-level cache, and most of its lanes may be
// padding. So those matrices are held as one block per task, column by column: vectors run along a column, which keeps
// sums along rows in their written order. Scalars and vectors have a number per lane as everywhere.

/// Shapes and addresses of such matrices.
template <class K>
struct Apart {
  using T = Entry<typename K::V>;
  using V = typename VectorOf<T, (K::kFeatures * static_cast<int>(sizeof(T)) < MLZ_VECTOR_BYTES
                                      ? K::kFeatures * static_cast<int>(sizeof(T))
                                      : MLZ_VECTOR_BYTES)>::type;
  static constexpr int F = K::kFeatures;
  static constexpr int N = Number<V>::count;
  static constexpr int C = F / N;               ///< vectors of a column
  static constexpr int kLanes = K::L * Number<typename K::V>::count;
  static constexpr int G = C >= 4 ? 1 : C >= 2 ? 2 : 4;  ///< tasks whose sums overlap

  MLZ_INLINE static int tasks(const std::byte* base) { return static_cast<int>(reinterpret_cast<const Header*>(base)->tasks); }
  MLZ_INLINE static T* numbers(std::byte* base, std::uint32_t offset) { return reinterpret_cast<T*>(base + offset); }
  MLZ_INLINE static V* matrix(std::byte* base, std::uint32_t offset, int task) {
    return reinterpret_cast<V*>(base + offset) + task * F * C;
  }
  /// Room number `k` of the size of a matrix with a number per lane.
  MLZ_INLINE static std::uint32_t room(const std::byte* base, std::uint32_t k) {
    return reinterpret_cast<const Header*>(base)->scratch + k * kLanes * F * F * static_cast<std::uint32_t>(sizeof(T));
  }
};

/// Every entry `x`, which subtracting +0 leaves as it is.
template <class V>
MLZ_INLINE V spread_number(Entry<V> x) {
  return x - V{};
}

/// The numbers of `a` and, behind them, `b` that stand at the given places.
template <class V>
MLZ_INLINE V picked(V a, V b, BitsOf<V> places) {
#if defined(__clang__)
  constexpr unsigned n = Number<V>::count;
  V out;
  for (unsigned i = 0; i < n; ++i) out[i] = places[i] < n ? a[places[i]] : b[places[i] - n];
  return out;
#else
  return __builtin_shuffle(a, b, places);
#endif
}

/// Transposes a square of numbers held in its rows.
template <class V, int n>
MLZ_INLINE void transpose_square(V (&row)[n]) {
  using Index = BitsOf<V>;
#pragma GCC unroll 8
  for (int s = n / 2; s > 0; s /= 2) {
    Index low{}, high{};
    for (int i = 0; i < n; ++i) {
      low[i] = static_cast<unsigned>((i & s) == 0 ? i : n + i - s);
      high[i] = static_cast<unsigned>((i & s) == 0 ? i + s : n + i);
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) {
      if ((i & s) != 0) continue;
      const V a = row[i], b = row[i + s];
      row[i] = picked<V>(a, b, low);
      row[i + s] = picked<V>(a, b, high);
    }
  }
}

/// to[c, r] = from[r, c] for rows and columns that are whole squares; strides in numbers.
template <class T, int rows, int columns, int from_stride, int to_stride>
MLZ_INLINE void transpose_into(const T* from, T* to) {
  constexpr int bytes = MLZ_VECTOR_BYTES;
  constexpr int fits = bytes / static_cast<int>(sizeof(T));
  constexpr int n = fits < rows ? (fits < columns ? fits : columns) : (rows < columns ? rows : columns);
  using V = typename VectorOf<T, n * static_cast<int>(sizeof(T))>::type;
  for (int r = 0; r < rows; r += n) {
    for (int c = 0; c < columns; c += n) {
      V square[n];
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) std::memcpy(&square[i], from + (r + i) * from_stride + c, sizeof(V));
      transpose_square<V, n>(square);
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) std::memcpy(to + (c + i) * to_stride + r, &square[i], sizeof(V));
    }
  }
}

/// A vector register as one row per task, or back.
template <class K>
MLZ_INLINE void rows_of(const Entry<typename K::V>* from, Entry<typename K::V>* to) {
  using A = Apart<K>;
  transpose_into<typename A::T, A::F, A::kLanes, A::kLanes, A::F>(from, to);
}
template <class K>
MLZ_INLINE void lanes_of(const Entry<typename K::V>* from, Entry<typename K::V>* to) {
  using A = Apart<K>;
  transpose_into<typename A::T, A::kLanes, A::F, A::F, A::kLanes>(from, to);
}

/// Rows of the tasks from `first` on: sums over the columns, those from left to right of G tasks at once.
template <class K, int G>
MLZ_INLINE void matvec_tasks(std::byte* base, std::uint32_t a, const typename Apart<K>::T* b, int first,
                             typename Apart<K>::V* rows) {
  using A = Apart<K>;
  using V = typename A::V;
  const V* column = A::matrix(base, a, first);
  if constexpr (A::F > kSequentialTerms<V>) {
    for (int task = first; task < first + G; ++task) {
      for (int c = 0; c < A::C; ++c) {
        const V* const entries = A::matrix(base, a, task) + c;
        const typename A::T* const x = b + task;
        rows[task * A::C + c] = long_sum_of<V, A::F>([=](std::int64_t k) {
          return entries[k * A::C] * spread_number<V>(x[k * A::kLanes]);
        });
      }
    }
    return;
  }
  V total[G * A::C];
  for (V& t : total) t = V{};
#pragma GCC unroll 4
  for (int k = 0; k < A::F; ++k) {
    for (int g = 0; g < G; ++g) {
      const V x = spread_number<V>(b[k * A::kLanes + first + g]);
      for (int c = 0; c < A::C; ++c) total[g * A::C + c] = total[g * A::C + c] + column[(g * A::F + k) * A::C + c] * x;
    }
  }
  for (int i = 0; i < G * A::C; ++i) rows[first * A::C + i] = total[i];
}

/// All tasks from `first` on, G of them at a time and what is left in smaller groups.
template <class K, int G>
MLZ_INLINE void matvec_groups(std::byte* base, std::uint32_t a, const typename Apart<K>::T* b, int first,
                              typename Apart<K>::V* rows) {
  const int tasks = Apart<K>::tasks(base);
  for (; first + G <= tasks; first += G) matvec_tasks<K, G>(base, a, b, first, rows);
  if constexpr (G > 1) matvec_groups<K, G / 2>(base, a, b, first, rows);
}

template <class K, bool plus>
void matvec_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  const typename A::T* b = A::numbers(base, ip->b);
  auto* rows = reinterpret_cast<typename A::V*>(base + A::room(base, 0));
  matvec_groups<K, A::G>(base, ip->a, b, 0, rows);
  lanes_of<K>(reinterpret_cast<const typename A::T*>(rows), A::numbers(base, ip->out));
  if constexpr (plus) {
    typename K::V* out = K::at(base, ip->out);
    const typename K::V* c = K::at(base, ip->c);
    for (int i = 0; i < A::F * K::L; ++i) out[i] = out[i] + c[i];
  }
  return next(ip, base);
}

/// m[i, k] = f(a[i] b[k], c[i, k]).
template <class K, class Join>
MLZ_INLINE void outer_tasks(const Code* ip, std::byte* base, Join join) {
  using A = Apart<K>;
  using V = typename A::V;
  const typename A::T* b = A::numbers(base, ip->b);
  const std::uint32_t room = A::room(base, 0);
  rows_of<K>(A::numbers(base, ip->a), A::numbers(base, room));
  const V* rows = reinterpret_cast<const V*>(base + room);
  for (int t = 0; t < A::tasks(base); ++t) {
    V *out = A::matrix(base, ip->out, t), *old = A::matrix(base, ip->c, t);
    V a[A::C];
    for (int c = 0; c < A::C; ++c) a[c] = rows[t * A::C + c];
#pragma GCC unroll 4
    for (int k = 0; k < A::F; ++k) {
      const V x = spread_number<V>(b[k * A::kLanes + t]);
      for (int c = 0; c < A::C; ++c) out[k * A::C + c] = join(a[c] * x, old + k * A::C + c);
    }
  }
}

template <class K>
void outer_apart(const Code* ip, std::byte* base) {
  using V = typename Apart<K>::V;
  outer_tasks<K>(ip, base, [](V product, const V*) { return product; });
  return next(ip, base);
}
template <class K, Join join>
void outer_sum_apart(const Code* ip, std::byte* base) {
  using V = typename Apart<K>::V;
  outer_tasks<K>(ip, base, [](V product, const V* c) { return joined<join>(product, *c); });
  return next(ip, base);
}

template <class K, OpId op>
void elementwise_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  using V = typename A::V;
  V* out = A::matrix(base, ip->out, 0);
  const V *a = A::matrix(base, ip->a, 0), *b = A::matrix(base, ip->b, 0);
  const int n = A::tasks(base) * A::F * A::C;
#pragma GCC unroll 4
  for (int i = 0; i < n; ++i) out[i] = apply<op, V>(a[i], elementwise_arity(op) > 1 ? b[i] : V{}, V{});
  return next(ip, base);
}

template <class K>
void copy_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  const auto bytes = static_cast<std::size_t>(A::tasks(base) * A::F) * A::C * sizeof(typename A::V);
  std::memmove(base + ip->out, base + ip->a, bytes);
  return next(ip, base);
}

template <class K>
void scale_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  using V = typename A::V;
  for (int t = 0; t < A::tasks(base); ++t) {
    const V s = spread_number<V>(A::numbers(base, ip->a)[t]);
    V *out = A::matrix(base, ip->out, t), *b = A::matrix(base, ip->b, t);
    for (int i = 0; i < A::F * A::C; ++i) out[i] = s * b[i];
  }
  return next(ip, base);
}

/// One entry of a matrix; `out` is its address in the block of the first task.
template <class K>
void set_constant_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  double value;
  std::memcpy(&value, &ip->b, sizeof value);
  for (int t = 0; t < A::tasks(base); ++t) A::numbers(base, ip->out)[t * A::F * A::F] = static_cast<typename A::T>(value);
  return next(ip, base);
}
template <class K>
void set_apart(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  for (int t = 0; t < A::tasks(base); ++t) A::numbers(base, ip->out)[t * A::F * A::F] = A::numbers(base, ip->a)[t];
  return next(ip, base);
}

/// The matrix at `from`, held task by task, with a number per lane at `to`; or back.
template <class K>
void to_lanes(std::byte* base, std::uint32_t from, std::uint32_t to) {
  using A = Apart<K>;
  for (int t = 0; t < A::tasks(base); ++t) {
    for (int e = 0; e < A::F * A::F; ++e) {
      A::numbers(base, to)[e * A::kLanes + t] = A::numbers(base, from)[t * A::F * A::F + e % A::F * A::F + e / A::F];
    }
  }
}
template <class K>
void from_lanes(std::byte* base, std::uint32_t from, std::uint32_t to) {
  using A = Apart<K>;
  for (int t = 0; t < A::tasks(base); ++t) {
    for (int e = 0; e < A::F * A::F; ++e) {
      A::numbers(base, to)[t * A::F * A::F + e % A::F * A::F + e / A::F] = A::numbers(base, from)[e * A::kLanes + t];
    }
  }
}

/// The rest of the operations, which are not worth a form of their own: through copies with a number per lane.
template <class K, Handler inner, Bank result, Bank first, Bank second>
void through_lanes(const Code* ip, std::byte* base) {
  using A = Apart<K>;
  Code code[2] = {*ip, {&end, 0, 0, 0, 0}};
  if constexpr (first == Bank::matrix) to_lanes<K>(base, ip->a, code[0].a = A::room(base, 1));
  if constexpr (second == Bank::matrix) to_lanes<K>(base, ip->b, code[0].b = A::room(base, 2));
  if constexpr (result == Bank::matrix) code[0].out = A::room(base, 3);
  inner(code, base);
  if constexpr (result == Bank::matrix) from_lanes<K>(base, code[0].out, ip->out);
  return next(ip, base);
}

/// The handler of a compact operation that has a matrix among its operands.
template <class K, int op>
constexpr Handler apart_handler() {
  constexpr CompactOpInfo info = kCompactOpTable[op];
  if constexpr (info.op == OpId::set) return &set_apart<K>;
  else if constexpr (info.keeps_rest) return &set_constant_apart<K>;
  else if constexpr (info.op == OpId::copy) return &copy_apart<K>;
  else if constexpr (info.op == OpId::mul && info.a == Bank::scalar) return &scale_apart<K>;
  else if constexpr (info.op == OpId::outer) return &outer_apart<K>;
  else if constexpr (info.op == OpId::matvec) return &matvec_apart<K, false>;
  else if constexpr (info.a == Bank::matrix && info.out == Bank::matrix && elementwise_arity(info.op) > 0) {
    return &elementwise_apart<K, info.op>;
  } else {
    // The form for any number of features, which there is anyway.
    return &through_lanes<K, handler_in_lanes<Shape<Entry<typename K::V>, Apart<K>::kLanes, 0>, op>(), info.out, info.a, info.b>;
  }
}
