// Included by stream_kernels.inl: what steps of the protocol need besides operations of programs.

template <class V>
using Mask = decltype(V{} < V{});

template <class V>
MLZ_INLINE Mask<V> load_mask(const V* p) {
  return __builtin_bit_cast(Mask<V>, *p);
}
template <class V>
MLZ_INLINE void store_mask(V* p, Mask<V> mask) {
  *p = __builtin_bit_cast(V, mask);
}

template <class K>
void train_check(const Code* ip, std::byte* base) {
  using V = typename K::V;
  Header& header = *reinterpret_cast<Header*>(base);
  const V *y = K::at(base, ip->a), *label = K::at(base, ip->b);
  V* state = K::at(base, ip->c);
  const V limit = constant<V>(header.limit);
  Mask<V> bad[K::L], found{};
  for (int l = 0; l < K::L; ++l) {
    bad[l] = ~(abs(label[l] - y[l]) <= limit) & load_mask(state + kAlive * K::L + l);
    found |= bad[l];
  }
  if (any(found)) [[unlikely]] {
    for (int l = 0; l < K::L; ++l) {
      const V none = y[l] - y[l];  // zero for finite numbers alone
      store_mask(state + kBad * K::L + l, bad[l]);
      store_mask(state + kBroken * K::L + l, bad[l] & (none != none));
    }
    header.event = 1;
  }
  return next(ip, base);
}

/// Counts one validation example; `value` is what is summed and `error` what the limit is about.
template <class K, class F>
MLZ_INLINE void valid_check(const Code* ip, std::byte* base, F f) {
  using V = typename K::V;
  Header& header = *reinterpret_cast<Header*>(base);
  const V *y = K::at(base, ip->a), *label = K::at(base, ip->b);
  V* state = K::at(base, ip->c);
  const V limit = constant<V>(header.limit);
  Mask<V> fresh[K::L], found{};
  for (int l = 0; l < K::L; ++l) {
    V value, error;
    f(label[l], y[l], value, error);
    state[kSum * K::L + l] = state[kSum * K::L + l] + value;
    V* valid_bad = state + kValidBad * K::L + l;
    fresh[l] = ~(error <= limit) & ~load_mask(valid_bad) & load_mask(state + kAlive * K::L + l);
    store_mask(valid_bad, load_mask(valid_bad) | fresh[l]);
    found |= fresh[l];
  }
  if (header.watch_validation != 0 && any(found)) [[unlikely]] {
    for (int l = 0; l < K::L; ++l) store_mask(state + kBad * K::L + l, fresh[l]);
    header.event = 1;
  }
}

template <class K>
void valid_rms(const Code* ip, std::byte* base) {
  using V = typename K::V;
  valid_check<K>(ip, base, [](V label, V y, V& value, V& error) {
    error = label - y;
    value = error * error;
    error = abs(error);
  });
  return next(ip, base);
}

template <class K>
void valid_accuracy(const Code* ip, std::byte* base) {
  using V = typename K::V;
  valid_check<K>(ip, base, [](V label, V y, V& value, V& error) {
    const V half = constant<V>(0.5), one = constant<V>(1), zero = constant<V>(0);
    const auto wanted = label > half, given = apply<OpId::sigmoid, V>(y, y, y) > half;
    value = select((wanted ^ given) == 0, one, zero);
    error = one - value;
  });
  return next(ip, base);
}

template <class K, bool accuracy>
void finish(const Code* ip, std::byte* base) {
  using V = typename K::V;
  const Header& header = *reinterpret_cast<Header*>(base);
  V* state = K::at(base, ip->c);
  const V one = constant<V>(1), zero = constant<V>(0);
  for (int l = 0; l < K::L; ++l) {
    V* sum = state + kSum * K::L + l;
    V* best = state + kBest * K::L + l;
    V* valid_bad = state + kValidBad * K::L + l;
    V fitness = *sum / constant<V>(header.valid_count);
    if constexpr (!accuracy) {
      fitness = one - constant<V>(2 / 3.141592653589793) * atan(sqrt(fitness));
      fitness = select(fitness == fitness, fitness, zero);
    }
    fitness = select(load_mask(valid_bad), zero, fitness);
    const auto better = (fitness > *best) & load_mask(state + kAlive * K::L + l);
    *best = select(better, fitness, *best);
    *sum = zero;
    store_mask(valid_bad, Mask<V>{});
  }
  return next(ip, base);
}

template <class K>
void draw(const Code* ip, std::byte* base) {
  const Header& header = *reinterpret_cast<Header*>(base);
#if defined(__AVX__)
  _mm256_zeroupper();
#endif
  header.draw(header.context, ip->a);
  return next(ip, base);
}

void end(const Code*, std::byte*) {}
template <class K>
void nothing(const Code* ip, std::byte* base) {
  return next(ip, base);
}

template <class K>
std::size_t run(const Code* code, std::byte* base, const std::byte* examples, std::size_t stride, std::size_t count) {
  using V = typename K::V;
  Header& header = *reinterpret_cast<Header*>(base);
  V* to = K::at(base, header.label);
  const std::int64_t n = K::features(base) + 1;
  const std::size_t entry = header.tasks * sizeof(Entry<V>);
  std::size_t done = 0;
  while (done < count && header.event == 0) {
    const std::byte* from = examples + done * stride;
    // The next example comes from the second-level cache while this one is computed with.
    for (std::size_t ahead = stride; ahead < 2 * stride; ahead += 64) __builtin_prefetch(from + ahead);
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < n; ++i, from += entry) std::memcpy(to + i * K::L, from, K::L * sizeof(V));
    header.example = done;
    code->run(code, base);
    ++done;
  }
#if defined(__AVX__)
  _mm256_zeroupper();
#endif
  return done;
}
