#include "evolve/numbered/lane_code.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lang/core/draws.hpp"
#include "vm/maths.hpp"
#include "vm/reduce.hpp"

namespace mlz::evolve::lanes {
namespace {

using Run = void (*)(const Step&, const Frame&);

template <OpId op>
void elementwise(const Step& s, const Frame& f) {
  const std::size_t n = s.size * f.lanes;
  for (std::size_t i = 0; i < n; ++i) s.out[i] = vm::apply<op, double>(s.a[i], s.b[i], 0.0);
}

void scale(const Step& s, const Frame& f) {
  for (std::size_t e = s.size; e-- > 0;) {
    for (std::size_t l = 0; l < f.lanes; ++l) s.out[e * f.lanes + l] = s.a[l] * s.b[e * f.lanes + l];
  }
}

void set_number(const Step& s, const Frame& f) { std::fill_n(s.out, f.lanes, s.low); }
void set_entry(const Step& s, const Frame& f) { std::fill_n(s.out + s.entry * f.lanes, f.lanes, s.low); }

void broadcast(const Step& s, const Frame& f) {
  for (std::size_t e = 0; e < s.size; ++e) std::memcpy(s.out + e * f.lanes, s.a, f.lanes * sizeof(double));
}

void columns(const Step& s, const Frame& f) {  // out[i, j] = a[i]
  for (std::size_t e = 0; e < s.size; ++e) {
    std::memcpy(s.out + e * f.lanes, s.a + e / f.features * f.lanes, f.lanes * sizeof(double));
  }
}

void rows(const Step& s, const Frame& f) {  // out[i, j] = a[j]
  for (std::size_t e = 0; e < s.size; ++e) {
    std::memcpy(s.out + e * f.lanes, s.a + e % f.features * f.lanes, f.lanes * sizeof(double));
  }
}

void outer(const Step& s, const Frame& f) {
  for (std::size_t e = 0; e < s.size; ++e) {
    const double* a = s.a + e / f.features * f.lanes;
    const double* b = s.b + e % f.features * f.lanes;
    for (std::size_t l = 0; l < f.lanes; ++l) s.out[e * f.lanes + l] = a[l] * b[l];
  }
}

void transpose(const Step& s, const Frame& f) {
  const std::size_t n = f.features;
  for (std::size_t e = 0; e < s.size; ++e) {
    std::memcpy(f.scratch + e * f.lanes, s.a + (e % n * n + e / n) * f.lanes, f.lanes * sizeof(double));
  }
  std::memcpy(s.out, f.scratch, s.size * f.lanes * sizeof(double));
}

/// Sums term(k, lane), k < n, for each lane in the written order of reductions.
template <class Term>
void sum_lanes(std::size_t n, const Frame& f, double* out, Term term) {
  if (n <= static_cast<std::size_t>(vm::kSequentialTerms)) {
    std::fill_n(out, f.lanes, 0.0);
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t l = 0; l < f.lanes; ++l) out[l] = out[l] + term(k, l);
    }
    return;
  }
  for (std::size_t l = 0; l < f.lanes; ++l) {
    out[l] = vm::sum<double>(static_cast<std::int64_t>(n),
                             [&](std::int64_t k) { return term(static_cast<std::size_t>(k), l); });
  }
}

/// Each result entry is written by each(entry, its lanes); through scratch, as results may replace an operand.
template <class Each>
void through_scratch(const Step& s, const Frame& f, Each each) {
  for (std::size_t e = 0; e < s.size; ++e) each(e, f.scratch + e * f.lanes);
  std::memcpy(s.out, f.scratch, s.size * f.lanes * sizeof(double));
}

void dot(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t, double* out) {
    sum_lanes(f.features, f, out, [&](std::size_t k, std::size_t l) { return s.a[k * f.lanes + l] * s.b[k * f.lanes + l]; });
  });
}

void matvec(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t row, double* out) {
    sum_lanes(f.features, f, out, [&](std::size_t k, std::size_t l) {
      return s.a[(row * f.features + k) * f.lanes + l] * s.b[k * f.lanes + l];
    });
  });
}

void matmul(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t e, double* out) {
    const std::size_t row = e / f.features, col = e % f.features;
    sum_lanes(f.features, f, out, [&](std::size_t k, std::size_t l) {
      return s.a[(row * f.features + k) * f.lanes + l] * s.b[(k * f.features + col) * f.lanes + l];
    });
  });
}

/// Which entries of the operand a reduction joins: all, or those of column or row e of a matrix.
struct Entries {
  std::size_t n, start, step;
};
enum class Over { vector, matrix, column, row };
template <Over over>
Entries entries(std::size_t e, const Frame& f) {
  if constexpr (over == Over::vector) return {f.features, 0, 1};
  if constexpr (over == Over::matrix) return {f.features * f.features, 0, 1};
  if constexpr (over == Over::column) return {f.features, e, f.features};
  if constexpr (over == Over::row) return {f.features, e * f.features, 1};
}

template <Over over>
void norm(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t e, double* out) {
    const Entries of = entries<over>(e, f);
    const auto term = [&](std::size_t k, std::size_t l) { return s.a[(of.start + k * of.step) * f.lanes + l]; };
    sum_lanes(of.n, f, out, [&](std::size_t k, std::size_t l) { return term(k, l) * term(k, l); });
    for (std::size_t l = 0; l < f.lanes; ++l) out[l] = std::sqrt(out[l]);
  });
}

template <Over over>
void mean(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t e, double* out) {
    const Entries of = entries<over>(e, f);
    sum_lanes(of.n, f, out, [&](std::size_t k, std::size_t l) { return s.a[(of.start + k * of.step) * f.lanes + l]; });
    for (std::size_t l = 0; l < f.lanes; ++l) out[l] = out[l] / static_cast<double>(of.n);
  });
}

template <Over over>
void deviation(const Step& s, const Frame& f) {
  through_scratch(s, f, [&](std::size_t e, double* out) {
    const Entries of = entries<over>(e, f);
    for (std::size_t l = 0; l < f.lanes; ++l) {
      out[l] = vm::deviation<double>(static_cast<std::int64_t>(of.n), [&](std::int64_t k) {
        return s.a[(of.start + static_cast<std::size_t>(k) * of.step) * f.lanes + l];
      });
    }
  });
}

template <class Draw>
void draw(const Step& s, const Frame& f, Draw fill) {
  for (std::size_t l = 0; l < f.lanes; ++l) {
    fill(DrawKey{f.seed, kLifetimeStream, f.lifetimes[l], s.sampler, f.runs}, std::span(f.scratch, s.size));
    for (std::size_t e = 0; e < s.size; ++e) s.out[e * f.lanes + l] = f.scratch[e];
  }
}

void uniform(const Step& s, const Frame& f) {
  draw(s, f, [&](const DrawKey& key, std::span<double> out) { draw_uniform(key, s.low, s.high, out); });
}
void normal(const Step& s, const Frame& f) {
  draw(s, f, [&](const DrawKey& key, std::span<double> out) { draw_normal(key, s.low, s.high, out); });
}

Run elementwise_run(OpId op) {
  Run run = nullptr;
  vm::visit_elementwise(op, [&](auto tag) { run = elementwise<decltype(tag)::id>; });
  return run;
}

Run reduction_run(const NumberedOp& op) {
  const Over over = op.in[0] == Kind::vector ? Over::vector
                    : op.axis < 0            ? Over::matrix
                    : op.axis == 0           ? Over::column
                                             : Over::row;
#define MLZ_OVER(f)                                                        \
  (over == Over::vector   ? f<Over::vector>                                \
   : over == Over::matrix ? f<Over::matrix>                                \
   : over == Over::column ? f<Over::column>                                \
                          : f<Over::row>)
  if (op.op == OpId::norm) return MLZ_OVER(norm);
  if (op.op == OpId::mean) return MLZ_OVER(mean);
  return MLZ_OVER(deviation);
#undef MLZ_OVER
}

Run run_of(const NumberedOp& op) {
  switch (op.op) {
    case OpId::constant: return set_number;
    case OpId::set_fraction: return set_entry;
    case OpId::uniform: return uniform;
    case OpId::normal: return normal;
    case OpId::broadcast: return broadcast;
    case OpId::broadcast_vector: return op.axis == 0 ? columns : rows;
    case OpId::outer: return outer;
    case OpId::transpose: return transpose;
    case OpId::dot: return dot;
    case OpId::matvec: return matvec;
    case OpId::matmul: return matmul;
    case OpId::norm:
    case OpId::mean:
    case OpId::std: return reduction_run(op);
    default: break;
  }
  if (op.op == OpId::mul && op.in[0] != op.in[1]) return scale;
  return elementwise_run(op.op);
}

const std::array<Run, kNumberedOps>& runs() {
  static const auto table = [] {
    std::array<Run, kNumberedOps> made{};
    for (const NumberedOp& op : numbered_ops()) {
      if (op.has_out) made[static_cast<std::size_t>(op.number)] = run_of(op);
    }
    return made;
  }();
  return table;
}

std::size_t entry_at(float fraction, std::size_t n) {
  const auto at = static_cast<std::size_t>(std::floor(static_cast<double>(n) * static_cast<double>(fraction)));
  return std::min(at, n - 1);
}

}  // namespace

std::size_t Layout::offset(Kind kind, int address) const {
  std::size_t at = 0;
  for (int k = 0; k < static_cast<int>(kind); ++k) {
    at += static_cast<std::size_t>(banks.count[static_cast<std::size_t>(k)]) * entries(static_cast<Kind>(k));
  }
  return (at + static_cast<std::size_t>(address) * entries(kind)) * lanes;
}

std::size_t Layout::size() const { return offset(Kind::matrix, banks.count[2]); }

Step make_step(const Instruction& i, const Layout& layout, double* memory, std::uint32_t sampler) {
  const NumberedOp& op = i.info();
  Step s;
  s.run = runs()[i.op];
  s.out = memory + layout.offset(op.out, i.out);
  s.a = op.in.empty() ? s.out : memory + layout.offset(op.in[0], i.in[0]);
  s.b = op.in.size() < 2 ? s.a : memory + layout.offset(op.in[1], i.in[1]);
  s.size = layout.entries(op.out);
  s.sampler = sampler;
  const auto [low, high] = i.pair();
  switch (op.data) {
    case Data::none: break;
    case Data::number: s.low = i.number(); break;
    case Data::entry_v: s.entry = entry_at(low, layout.features); s.low = static_cast<double>(high); break;
    case Data::entry_m:
      s.entry = entry_at(i.extra, layout.features) * layout.features + entry_at(low, layout.features);
      s.low = static_cast<double>(high);
      break;
    case Data::uniform:
    case Data::normal: s.low = static_cast<double>(low); s.high = static_cast<double>(high); break;
  }
  return s;
}

}  // namespace mlz::evolve::lanes
