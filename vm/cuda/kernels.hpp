#pragma once
#include <type_traits>

#include "lang/core/draw_blocks.hpp"
#include "vm/cuda/bf16.hpp"
#include "vm/cuda/launch.hpp"
#include "vm/reduce.hpp"

/// The kernels, item by item: what one thread, or one team of threads, does. A GPU calls them from its grid of threads
/// and vm/cuda/host_device.cpp from plain loops, so that all index arithmetic is tested without a GPU.
namespace mlz::vm::cuda {

/// What every kernel is given besides its launch.
template <class T>
struct Frame {
  T* memory = nullptr;
  DrawState* state = nullptr;
  const LaneKey* keys = nullptr;  ///< by lane
};

MLZ_DEVICE inline std::uint32_t divide(std::uint32_t n, const Divider& d) {
  return static_cast<std::uint32_t>((n * d.multiplier) >> 32) >> d.shift;
}
MLZ_DEVICE inline std::uint32_t remainder(std::uint32_t n, std::uint32_t quotient, const Divider& d) {
  return n - quotient * d.by;
}

/// An item of a launch as lane, row and column.
struct Index {
  std::uint32_t lane, i, j;
};
MLZ_DEVICE inline Index index_of(std::uint32_t item, const Divider& size, const Divider& cols) {
  const std::uint32_t lane = divide(item, size);
  const std::uint32_t rest = remainder(item, lane, size);
  const std::uint32_t i = divide(rest, cols);
  return {lane, i, remainder(rest, i, cols)};
}

template <class T>
MLZ_DEVICE T* at(const Frame<T>& f, const Place& p, std::uint32_t lane) {
  return f.memory + p.offset + static_cast<std::int64_t>(lane) * p.lane_step;
}

/// Where a lane's part of a factor in bf16 lies.
template <class T>
MLZ_DEVICE Bf16* at_bf16(const Frame<T>& f, const Place& p, std::uint32_t lane) {
  return reinterpret_cast<Bf16*>(f.memory) + p.offset + static_cast<std::int64_t>(lane) * p.lane_step;
}

// --- teams -------------------------------------------------------------------------------------
// A team is a number of threads that reduce together: `reduce` has a partial per thread, as many as `width`, which are
// joined by halves; `each` gives every thread its share of 0 ... n - 1; `sync` waits for all. With as many threads as
// the written order has partials (vm/reduce.hpp) the result is that of the written order.

/// One thread, with the partials of the written order in its registers.
struct Alone {
  template <class V, class Term, class Join>
  MLZ_DEVICE V reduce(std::int32_t n, V start, Term term, Join join) const {
    if constexpr (std::is_integral_v<V>) {  // positions: any order gives the same
      V best = start;
      for (std::int32_t k = 0; k < n; ++k) best = join(best, term(k));
      return best;
    } else {
      return vm::reduce<V>(n, start, term, join);
    }
  }
  MLZ_DEVICE bool first() const { return true; }
};

template <class T, class Team, class Term>
MLZ_DEVICE T team_sum(const Team& team, std::int32_t n, Term term) {
  if (n <= kSequentialTerms<T>) {  // by every thread: nothing to wait for
    T total = 0;
    for (std::int32_t k = 0; k < n; ++k) total = total + term(k);
    return total;
  }
  return team.reduce(n, T(0), term, [](T a, T b) { return a + b; });
}
template <class T, class Team, class Term>
MLZ_DEVICE T team_largest(const Team& team, std::int32_t n, Term term) {
  return team.reduce(n, -constant<T>(__builtin_inf()), term, [](T a, T b) { return ((b > a) | (b != b)) ? b : a; });
}
template <class T, class Team, class Term>
MLZ_DEVICE T team_smallest(const Team& team, std::int32_t n, Term term) {
  return team.reduce(n, constant<T>(__builtin_inf()), term, [](T a, T b) { return ((b < a) | (b != b)) ? b : a; });
}

// --- chains ------------------------------------------------------------------------------------

/// kChainEntries entries of a row operation; the last four are what fusion joins.
template <class T>
MLZ_DEVICE void row_entries(std::uint8_t op, const T (&in)[4][kChainEntries], T (&out)[kChainEntries]) {
  const auto each = [&](auto f) {
    MLZ_UNROLL
    for (int e = 0; e < kChainEntries; ++e) out[e] = f(in[0][e], in[1][e], in[2][e], in[3][e]);
  };
  switch (op) {
#define MLZ_ELEMENTWISE(id, ...)                                        \
  case static_cast<std::uint8_t>(OpId::id):                             \
    each([](T a, T b, T c, T) { return apply<OpId::id, T>(a, b, c); }); \
    break;
#define MLZ_OP(...)
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
    case static_cast<std::uint8_t>(OpId::copy):
      each([](T a, T, T, T) { return a; });
      break;
    case static_cast<std::uint8_t>(OpId::hole) + 1:
      each([](T a, T b, T c, T) { return a + b * c; });
      break;
    case static_cast<std::uint8_t>(OpId::hole) + 2:
      each([](T a, T b, T c, T) { return a - b * c; });
      break;
    case static_cast<std::uint8_t>(OpId::hole) + 3:
      each([](T a, T b, T c, T d) { return a + b * (c * d); });
      break;
    default:
      each([](T a, T b, T c, T d) { return a - b * (c * d); });
  }
}

template <class T>
MLZ_DEVICE T* chain_entry(const ChainLaunch& c, const Frame<T>& f, const ChainView& v, const Index& x) {
  const std::int64_t lane = v.per_lane != 0 ? static_cast<std::int64_t>(x.lane) * c.lane_step : 0;
  return f.memory + v.offset + lane + static_cast<std::int64_t>(x.i) * v.row_step + (v.col_step != 0 ? x.j : 0u);
}

/// Thread `thread` of `threads` in block `block`: its kChainEntries entries lie `threads` apart. `slots` has room for
/// slots * kChainEntries * threads numbers, shared by the block; a thread touches only its own.
template <class T>
MLZ_DEVICE void run_chain(const ChainLaunch& c, const Frame<T>& f, std::uint32_t block, std::uint32_t thread,
                          std::uint32_t threads, T* slots) {
  constexpr int n = kChainEntries;
  Index x[n];
  bool inside[n];
  T previous[n] = {};
  MLZ_UNROLL
  for (int e = 0; e < n; ++e) {
    const std::uint64_t item = (static_cast<std::uint64_t>(block) * n + e) * threads + thread;
    inside[e] = item < c.total;
    x[e] = index_of(inside[e] ? static_cast<std::uint32_t>(item) : 0u, c.size, c.cols);
  }
  const auto slot = [&](int s, int e) -> T& {
    return slots[(static_cast<std::uint32_t>(s) * n + static_cast<std::uint32_t>(e)) * threads + thread];
  };
  for (int s = 0; s < c.steps; ++s) {
    const ChainStep& step = c.step[s];
    T in[4][n] = {};
    MLZ_UNROLL
    for (int k = 0; k < 4; ++k) {
      if (k >= step.arity) break;
      MLZ_UNROLL
      for (int e = 0; e < n; ++e) {
        if (step.in_slot[k] == kPrevious)
          in[k][e] = previous[e];
        else if (step.in_slot[k] >= 0)
          in[k][e] = slot(step.in_slot[k], e);
        else if (inside[e])
          in[k][e] = *chain_entry(c, f, c.view[step.in_view[k]], x[e]);
      }
    }
    row_entries<T>(step.op, in, previous);
    MLZ_UNROLL
    for (int e = 0; e < n; ++e) {
      if (step.out_slot >= 0)
        slot(step.out_slot, e) = previous[e];
      else if (step.out_slot == kInMemory && inside[e])
        *chain_entry(c, f, c.view[step.out_view], x[e]) = previous[e];
    }
  }
}

// --- moves -------------------------------------------------------------------------------------

template <class T>
MLZ_DEVICE T unfold_entry(const MoveLaunch& m, const T* from, std::uint32_t pixel, std::uint32_t entry) {
  const auto width = static_cast<std::int32_t>(m.width.by);
  const std::uint32_t row = divide(pixel, m.width), dy = divide(entry, m.line);
  const std::uint32_t along = remainder(entry, dy, m.line), dx = divide(along, m.channels);
  const std::int32_t y = static_cast<std::int32_t>(row + dy) - m.before;
  const std::int32_t x = static_cast<std::int32_t>(remainder(pixel, row, m.width) + dx) - m.before;
  if (y < 0 || y >= m.height || x < 0 || x >= width) return T(0);
  return from[(static_cast<std::int64_t>(y) * width + x) * m.channels.by + remainder(along, dx, m.channels)];
}

template <class T>
MLZ_DEVICE T moved_entry(const MoveLaunch& m, const T* from, const Index& x) {
  switch (m.kind) {
    case MoveLaunch::Kind::iota:
      return static_cast<T>(x.j);
    case MoveLaunch::Kind::onehot:
      return vm::floor(from[x.i]) == static_cast<T>(x.j) ? T(1) : T(0);
    case MoveLaunch::Kind::unfold:
      return unfold_entry(m, from, x.i, x.j);
    default:
      return from[m.from_start + divide(x.i, m.repeat) * m.from_row + x.j * m.from_col];
  }
}

template <class T>
MLZ_DEVICE void run_move(const MoveLaunch& m, const Frame<T>& f, std::uint32_t item) {
  const Index x = index_of(item, m.size, m.cols);
  at(f, m.to, x.lane)[m.to_start + x.i * m.to_row + x.j] = moved_entry(m, at(f, m.from, x.lane), x);
}

// --- reductions --------------------------------------------------------------------------------

template <class T, class Team, class Term>
MLZ_DEVICE T index_of_team_largest(const Team& team, std::int32_t n, Term term) {
  const std::int32_t best = team.reduce(
      n, std::int32_t{-1}, [&](std::int32_t k) { return term(k) == term(k) ? k : -1; },
      [&](std::int32_t a, std::int32_t b) {
        if (a < 0 || b < 0) return a < 0 ? b : a;
        const T x = term(a), y = term(b);
        return y > x || (y == x && b < a) ? b : a;
      });
  return static_cast<T>(best < 0 ? 0 : best);
}

template <class T, class Team, class Term>
MLZ_DEVICE T fold_entry(OpId op, const Team& team, std::int32_t n, Term term) {
  const T count = static_cast<T>(n);
  if (op == OpId::max) return team_largest<T>(team, n, term);
  if (op == OpId::min) return team_smallest<T>(team, n, term);
  if (op == OpId::argmax) return index_of_team_largest<T>(team, n, term);
  const auto squares = [&](auto k) { return term(k) * term(k); };
  if (op == OpId::norm) return vm::sqrt(team_sum<T>(team, n, squares));
  const T total = team_sum<T>(team, n, term);
  if (op == OpId::sum) return total;
  const T m = total / count;
  if (op == OpId::mean) return m;
  return vm::sqrt(team_sum<T>(team, n, squares) / count - m * m);
}

template <class T, class Team>
MLZ_DEVICE void run_fold(const FoldLaunch& l, const Frame<T>& f, const Team& team, std::uint32_t item) {
  const Index x = index_of(item, l.size, l.cols);
  const std::uint32_t band = divide(x.i, l.across);
  const T* from =
      at(f, l.from, x.lane) + band * l.band_step + remainder(x.i, band, l.across) * l.row_step + x.j * l.col_step;
  const auto term = [&](auto index) {
    const auto k = static_cast<std::uint32_t>(index);
    if (k < l.line.by) return from[k * l.term_step];
    const std::uint32_t line = divide(k, l.line);
    return from[line * l.line_step + remainder(k, line, l.line) * l.term_step];
  };
  const T value = fold_entry<T>(l.op, team, l.terms, term);
  if (team.first()) at(f, l.to, x.lane)[remainder(item, x.lane, l.size)] = value;
}

template <class T, class Team>
MLZ_DEVICE void run_rows(const RowsLaunch& l, const Frame<T>& f, const Team& team, std::uint32_t item) {
  const std::uint32_t lane = divide(item, l.rows);
  const std::int64_t start = static_cast<std::int64_t>(remainder(item, lane, l.rows)) * l.cols;
  const T* a = at(f, l.from, lane) + start;
  T* out = at(f, l.to, lane) + start;
  if (l.op == OpId::layer_norm) {
    const T m = team_sum<T>(team, l.cols, [&](auto k) { return a[k]; }) / static_cast<T>(l.cols);
    const T variance =
        team_sum<T>(team, l.cols, [&](auto k) { return (a[k] - m) * (a[k] - m); }) / static_cast<T>(l.cols);
    const T root = vm::sqrt(variance + static_cast<T>(l.eps));
    team.sync();  // out may be a: all have read before anyone writes
    team.each(l.cols, [&](std::int32_t k) { out[k] = (a[k] - m) / root; });
    return;
  }
  const T m = team_largest<T>(team, l.cols, [&](auto k) { return a[k]; });
  const T total = team_sum<T>(team, l.cols, [&](auto k) { return vm::exp(a[k] - m); });
  team.sync();
  if (l.op == OpId::softmax) {
    team.each(l.cols, [&](std::int32_t k) { out[k] = vm::exp(a[k] - m) / total; });
  } else {
    const T log_total = vm::log(total);
    team.each(l.cols, [&](std::int32_t k) { out[k] = (a[k] - m) - log_total; });
  }
}

// --- products ----------------------------------------------------------------------------------

template <class T, class Team>
MLZ_DEVICE void run_product(const ProductLaunch& l, const Frame<T>& f, const Team& team, std::uint32_t item) {
  const Index x = index_of(item, l.size, l.cols);
  const T* a = at(f, l.a, x.lane) + x.i * l.a_row;
  const T* b = at(f, l.b, x.lane) + x.j * l.b_col;
  const T value = team_sum<T>(team, l.terms, [&](auto k) { return a[k * l.a_term] * b[k * l.b_term]; });
  if (team.first()) at(f, l.to, x.lane)[remainder(item, x.lane, l.size)] = value;
}

template <class T>
MLZ_DEVICE void run_round(const RoundLaunch& l, const Frame<T>& f, std::uint32_t item) {
  const std::uint32_t lane = divide(item, l.size), i = remainder(item, lane, l.size);
  at_bf16(f, l.to, lane)[i] = to_bf16(static_cast<float>(at(f, l.from, lane)[i]));
}

// --- draws -------------------------------------------------------------------------------------

MLZ_DEVICE inline double drawn(OpId op, double u, double a, double b) {
  if (op == OpId::uniform) return uniform_entry(u, a, b);
  if (op == OpId::normal) return normal_entry(u, a, b);
  if (op == OpId::truncated_normal) return truncated_normal_entry(u, a, b);
  return bernoulli_entry(u, a);
}

template <class T>
MLZ_DEVICE T drawn_as(OpId op, double u, double a, double b) {
  const double value = drawn(op, u, a, b);
  return op == OpId::uniform ? inside<T>(value, a, b) : static_cast<T>(value);
}

template <class T>
MLZ_DEVICE void run_draw(const DrawLaunch& l, const Frame<T>& f, std::uint32_t item) {
  const std::uint32_t lane = divide(item, l.pairs), pair = remainder(item, lane, l.pairs);
  const DrawKey key{f.keys[lane].seed, static_cast<std::uint32_t>(f.state->stream),
                    static_cast<std::uint32_t>(f.keys[lane].lifetime), l.sampler,
                    l.draw_first + l.draw_stride * f.state->runs[l.function]};
  const DrawPair u = draw_pair(key, pair);
  const auto a = static_cast<double>(*at(f, l.a, lane)), b = static_cast<double>(*at(f, l.b, lane));
  T* out = at(f, l.to, lane) + 2 * static_cast<std::int64_t>(pair);
  out[0] = drawn_as<T>(l.op, u.first, a, b);
  if (2 * pair + 1 < l.size) out[1] = drawn_as<T>(l.op, u.second, a, b);
}

}  // namespace mlz::vm::cuda
