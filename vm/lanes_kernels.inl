// The kernels of lanes_kernels.hpp for one level of the processor. The including file defines
// MLZ_LEVEL (a name) and MLZ_VECTOR_BYTES, and is compiled with the options of that level.
#include "vm/lanes_kernels.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm::lanes {
namespace {

template <class T>
using VectorFor = typename VectorOf<T, MLZ_VECTOR_BYTES>::type;

/// Calls f(out, a, b, c) with the first entries as vectors, once for each vector of lanes, and the
/// number of vectors from one entry to the next.
template <class T, class F>
MLZ_INLINE void each_vector(const Call<T>& call, F f) {
  using V = VectorFor<T>;
  const std::int64_t step = call.width / Number<V>::count;
  for (std::int64_t l = 0; l < step; ++l) {
    const auto operand = [&](std::size_t k) { return reinterpret_cast<const V*>(call.in[k]) + l; };
    f(reinterpret_cast<V*>(call.out) + l, operand(0), operand(1), operand(2), step);
  }
}

// --- entry by entry
// --------------------------------------------------------------------------------

template <OpId op, class T>
void elementwise(const Call<T>& call) {
  using V = VectorFor<T>;
  constexpr std::size_t arity = elementwise_arity(op);
  const std::int64_t step = call.width / Number<V>::count, n = call.rows * call.cols;
  const auto operand = [&](std::size_t k, std::int64_t entry) {
    return reinterpret_cast<const V*>(call.in[k]) + (k < arity ? call.entries[k][entry] * step : 0);
  };
  V* out = reinterpret_cast<V*>(call.out);
  for (std::int64_t k = 0; k < n; ++k, out += step) {
    const V *a = operand(0, k), *b = operand(1, k), *c = operand(2, k);
    for (std::int64_t l = 0; l < step; ++l) out[l] = apply<op, V>(a[l], arity > 1 ? b[l] : V{}, arity > 2 ? c[l] : V{});
  }
}

template <OpId op, class T>
void flat(const Call<T>& call) {
  using V = VectorFor<T>;
  constexpr std::size_t arity = elementwise_arity(op);
  V* out = reinterpret_cast<V*>(call.out);
  const V* a = reinterpret_cast<const V*>(call.in[0]);
  const V* b = reinterpret_cast<const V*>(call.in[1]);
  const V* c = reinterpret_cast<const V*>(call.in[2]);
  const std::int64_t n = call.rows * call.cols * (call.width / Number<V>::count);
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = apply<op, V>(a[i], arity > 1 ? b[i] : V{}, arity > 2 ? c[i] : V{});
  }
}

// --- moving entries
// --------------------------------------------------------------------------------

template <class T>
void gather(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    for (std::int64_t k = 0; k < call.rows * call.cols; ++k) {
      out[k * step] = call.index[k] < 0 ? V{} : a[call.index[k] * step];
    }
  });
}

template <class T>
void scatter(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    for (std::int64_t k = 0; k < call.terms; ++k)
      out[call.index[k] * step] = a[k * call.col_step[0] * step];
  });
}

template <class T>
void iota(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V*, const V*, const V*, std::int64_t step) {
    for (std::int64_t k = 0; k < call.rows * call.cols; ++k)
      out[k * step] = constant<V>(static_cast<double>(k));
  });
}

template <class T>
void onehot(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    for (std::int64_t i = 0; i < call.rows; ++i) {
      const V place = floor(a[i * step]);
      for (std::int64_t j = 0; j < call.cols; ++j) {
        out[(i * call.cols + j) * step] =
            select(place == constant<V>(static_cast<double>(j)), constant<V>(1), constant<V>(0));
      }
    }
  });
}

// --- sums and other reductions
// ---------------------------------------------------------------------

template <class T>
void products(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V* b, const V*, std::int64_t step) {
    const std::int64_t a_step = call.term_step[0] * step, b_step = call.term_step[1] * step;
    for (std::int64_t i = 0; i < call.rows; ++i) {
      const V* row = a + i * call.row_step[0] * step;
      for (std::int64_t j = 0; j < call.cols; ++j) {
        const V* col = b + j * call.col_step[1] * step;
        out[(i * call.cols + j) * step] =
            sum<V>(call.terms, [=](std::int64_t k) { return row[k * a_step] * col[k * b_step]; });
      }
    }
  });
}

/// Index of the largest term, as index_of_largest gives it for numbers.
template <class V, class Term>
MLZ_INLINE V place_of_largest(std::int64_t n, Term term) {
  V best = constant<V>(__builtin_nan("")), place = constant<V>(0);
  for (std::int64_t i = 0; i < n; ++i) {
    const V a = term(i);
    const auto better = (a == a) & ((best != best) | (a > best));
    best = select(better, a, best);
    place = select(better, constant<V>(static_cast<double>(i)), place);
  }
  return place;
}

template <Fold fold, class V, class Term>
MLZ_INLINE V folded(std::int64_t n, Term term) {
  if constexpr (fold == Fold::sum)
    return sum<V>(n, term);
  else if constexpr (fold == Fold::mean)
    return mean<V>(n, term);
  else if constexpr (fold == Fold::max)
    return largest<V>(n, term);
  else if constexpr (fold == Fold::min)
    return smallest<V>(n, term);
  else if constexpr (fold == Fold::norm)
    return norm<V>(n, term);
  else if constexpr (fold == Fold::std)
    return deviation<V>(n, term);
  else
    return place_of_largest<V>(n, term);
}

template <Fold fold, class T>
void fold_steps(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    const std::int64_t term_step = call.term_step[0] * step;
    for (std::int64_t i = 0; i < call.rows; ++i) {
      for (std::int64_t j = 0; j < call.cols; ++j) {
        const V* first = a + (i * call.row_step[0] + j * call.col_step[0]) * step;
        out[(i * call.cols + j) * step] =
            folded<fold, V>(call.terms, [=](std::int64_t k) { return first[k * term_step]; });
      }
    }
  });
}

template <Fold fold, class T>
void fold_index(const Call<T>& call) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    for (std::int64_t n = 0; n < call.rows * call.cols; ++n) {
      const std::int32_t* index = call.index + n * call.terms;
      out[n * step] =
          folded<fold, V>(call.terms, [=](std::int64_t k) { return a[index[k] * step]; });
    }
  });
}

template <class T, class F>
MLZ_INLINE void each_row(const Call<T>& call, F f) {
  using V = VectorFor<T>;
  each_vector(call, [&](V* out, const V* a, const V*, const V*, std::int64_t step) {
    for (std::int64_t i = 0; i < call.rows; ++i)
      f(a + i * call.cols * step, out + i * call.cols * step, step);
  });
}

template <class T>
void softmax(const Call<T>& call) {
  using V = VectorFor<T>;
  each_row(call,
           [&](const V* a, V* out, std::int64_t step) { softmax_row<V>(call.cols, a, out, step); });
}
template <class T>
void log_softmax(const Call<T>& call) {
  using V = VectorFor<T>;
  each_row(call, [&](const V* a, V* out, std::int64_t step) {
    log_softmax_row<V>(call.cols, a, out, step);
  });
}
template <class T>
void layer_norm(const Call<T>& call) {
  using V = VectorFor<T>;
  each_row(call, [&](const V* a, V* out, std::int64_t step) {
    layer_norm_row<V>(call.cols, a, out, static_cast<T>(call.value), step);
  });
}

// --- the table
// -------------------------------------------------------------------------------------

template <class T>
constexpr Kernels<T> table() {
  Kernels<T> t{};
#define MLZ_ELEMENTWISE(id, ...)                                                 \
  t.elementwise[static_cast<std::size_t>(OpId::id)] = &elementwise<OpId::id, T>; \
  t.flat[static_cast<std::size_t>(OpId::id)] = &flat<OpId::id, T>;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
  t.gather = &gather<T>;
  t.scatter = &scatter<T>;
  t.products = &products<T>;
  t.fold = {&fold_steps<Fold::sum, T>,   &fold_steps<Fold::mean, T>, &fold_steps<Fold::max, T>,
            &fold_steps<Fold::min, T>,   &fold_steps<Fold::norm, T>, &fold_steps<Fold::std, T>,
            &fold_steps<Fold::argmax, T>};
  t.fold_index = {&fold_index<Fold::sum, T>,   &fold_index<Fold::mean, T>,
                  &fold_index<Fold::max, T>,   &fold_index<Fold::min, T>,
                  &fold_index<Fold::norm, T>,  &fold_index<Fold::std, T>,
                  &fold_index<Fold::argmax, T>};
  t.iota = &iota<T>;
  t.onehot = &onehot<T>;
  t.softmax = &softmax<T>;
  t.log_softmax = &log_softmax<T>;
  t.layer_norm = &layer_norm<T>;
  return t;
}

}  // namespace

#define MLZ_JOIN2(a, b) a##_##b
#define MLZ_JOIN(a, b) MLZ_JOIN2(a, b)
extern const Kernels<double> MLZ_JOIN(kernels_f64, MLZ_LEVEL);
extern const Kernels<float> MLZ_JOIN(kernels_f32, MLZ_LEVEL);
constexpr Kernels<double> MLZ_JOIN(kernels_f64, MLZ_LEVEL) = table<double>();
constexpr Kernels<float> MLZ_JOIN(kernels_f32, MLZ_LEVEL) = table<float>();

}  // namespace mlz::vm::lanes
