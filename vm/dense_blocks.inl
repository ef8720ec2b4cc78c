// Operations entry by entry. Part of dense_kernels.inl.
namespace mlz::vm::dense {
namespace {

template <RowOp op, class V>
MLZ_INLINE V entry(V a, [[maybe_unused]] V b, [[maybe_unused]] V c, [[maybe_unused]] V d) {
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
    return apply<static_cast<OpId>(op), V>(a, b, c);
}

/// The operands of one row: where they begin, or one number for the whole row.
template <int arity, unsigned pattern, class T>
struct RowOperands {
  using V = NativeVector<T>;
  const T* at[4];
  V all[4]{};

  MLZ_INLINE RowOperands(const Block<T>& x, std::int64_t i) {
    unrolled<4>([&](auto k) __attribute__((always_inline)) {
      at[k] = k < arity ? x.in[k] + i * x.in_step[k] : nullptr;
      if constexpr (k < arity && (pattern >> k & 1) != 0) fill_lanes(all[k], *at[k]);
    });
  }
  template <int k>
  MLZ_INLINE V get(std::int64_t j) const {
    if constexpr (k >= arity || (pattern >> k & 1) != 0) {
      return all[k];
    } else {
      V v;
      load(v, at[k] + j);
      return v;
    }
  }
};

// `out` is either an operand, entry for entry, or apart from all of them. The last vector of a row may be read beyond
// the row, and what is computed from there is dropped.
template <RowOp op, int arity, unsigned pattern, class T>
void block(const Block<T>& x) {
  using V = NativeVector<T>;
  constexpr int width = Number<V>::count;
  for (std::int64_t i = 0; i < x.rows; ++i) {
    T* out = x.out + i * x.out_step;
    const RowOperands<arity, pattern, T> in(x, i);
    const auto at = [&](std::int64_t j) __attribute__((always_inline)) {
      return entry<op, V>(in.template get<0>(j), in.template get<1>(j), in.template get<2>(j),
                          in.template get<3>(j));
    };
    std::int64_t j = 0;
    const std::int64_t last = x.cols - width;
#pragma GCC unroll 4
    for (; j <= last; j += width) {
      const V v = at(j);
      std::memcpy(out + j, &v, sizeof v);
    }
    if (j < x.cols) store_some(at(j), out + j, x.cols - j);
  }
}

template <class T>
using BlockTable = std::array<std::array<BlockKernel<T>, 16>, kRowOps>;

/// One number per row for every operand can only occur where there is one column, which then is
/// run as a row, so the pattern with every bit set is left out, except for one operand (a fill).
template <RowOp op, int arity, class T, unsigned pattern = 0>
void add_blocks(BlockTable<T>& table) {
  constexpr unsigned all = (1u << arity) - 1;
  constexpr bool scaled = op == kAddScaled || op == kSubScaled;
  if constexpr ((op == row_op(OpId::copy) || pattern < all) && (!scaled || (pattern & 2) != 0)) {
    table[op][pattern] = &block<op, arity, pattern, T>;
  }
  if constexpr (pattern < all) add_blocks<op, arity, T, pattern + 1>(table);
}

template <class T>
BlockTable<T> block_table() {
  BlockTable<T> table{};
#define MLZ_ELEMENTWISE(id, ...) \
  add_blocks<row_op(OpId::id), static_cast<int>(elementwise_arity(OpId::id)), T>(table);
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

}  // namespace
}  // namespace mlz::vm::dense
