#include "evolve/numbered/setup_values.hpp"

#include <algorithm>

#include "vm/compact.hpp"
#include "vm/maths.hpp"
#include "vm/reduce.hpp"

namespace mlz::evolve {
namespace {

/// One instruction with its registers; results go to `out`, which is no operand.
struct Call {
  const NumberedOp& op;
  std::size_t n;  // features
  const double* a;
  const double* b;
  std::span<double> out;

  template <class F>
  void each(F f) const {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = f(k);
  }
};

template <class Term>
double sum(std::size_t count, Term term) {
  return vm::sum<double>(static_cast<std::int64_t>(count), [&](std::int64_t k) { return term(static_cast<std::size_t>(k)); });
}

bool elementwise(const Call& c) {
  const bool spread = c.op.in.size() == 2 && c.op.in[0] != c.op.in[1];  // a scalar and something larger
  return vm::visit_elementwise(c.op.op, [&](auto tag) {
    c.each([&](std::size_t k) { return vm::apply<decltype(tag)::id, double>(c.a[spread ? 0 : k], c.b[k], 0.0); });
  });
}

bool moving(const Call& c) {
  switch (c.op.op) {
    case OpId::broadcast: c.each([&](std::size_t) { return c.a[0]; }); return true;
    case OpId::broadcast_vector: c.each([&](std::size_t k) { return c.a[c.op.axis == 0 ? k / c.n : k % c.n]; }); return true;
    case OpId::transpose: c.each([&](std::size_t k) { return c.a[k % c.n * c.n + k / c.n]; }); return true;
    case OpId::outer: c.each([&](std::size_t k) { return c.a[k / c.n] * c.b[k % c.n]; }); return true;
    default: return false;
  }
}

bool product(const Call& c) {
  switch (c.op.op) {
    case OpId::dot: c.out[0] = sum(c.n, [&](std::size_t k) { return c.a[k] * c.b[k]; }); return true;
    case OpId::matvec:
      c.each([&](std::size_t row) { return sum(c.n, [&](std::size_t k) { return c.a[row * c.n + k] * c.b[k]; }); });
      return true;
    case OpId::matmul:
      c.each([&](std::size_t e) {
        return sum(c.n, [&](std::size_t k) { return c.a[e / c.n * c.n + k] * c.b[k * c.n + e % c.n]; });
      });
      return true;
    default: return false;
  }
}

double reduced(OpId op, std::size_t count, const double* from, std::size_t step) {
  const auto term = [=](std::int64_t k) { return from[static_cast<std::size_t>(k) * step]; };
  const auto n = static_cast<std::int64_t>(count);
  if (op == OpId::norm) return vm::norm<double>(n, term);
  if (op == OpId::mean) return vm::mean<double>(n, term);
  return vm::deviation<double>(n, term);
}

void reduction(const Call& c) {
  if (c.op.in[0] == Kind::vector) {
    c.out[0] = reduced(c.op.op, c.n, c.a, 1);
  } else if (c.op.axis < 0) {
    c.out[0] = reduced(c.op.op, c.n * c.n, c.a, 1);
  } else {
    const bool columns = c.op.axis == 0;
    c.each([&](std::size_t k) { return reduced(c.op.op, c.n, c.a + (columns ? k : k * c.n), columns ? c.n : 1); });
  }
}

void compute(const Call& c) {
  if (!elementwise(c) && !moving(c) && !product(c)) reduction(c);
}

}  // namespace

SetupValues::SetupValues(const Banks& banks, std::size_t features)
    : ops_(numbered_ops().data()), banks_(banks), features_(features) {
  constexpr std::size_t kLine = 8;  // nothing else of another thread shall lie on the last cache line
  memory_.reserve(offset(Kind::matrix, banks.count[2]) + kLine);
  scratch_.reserve(features * features + kLine);
  memory_.resize(offset(Kind::matrix, banks.count[2]));
  scratch_.resize(features * features);
}

std::size_t SetupValues::entries(Kind kind) const {
  return kind == Kind::scalar ? 1 : kind == Kind::vector ? features_ : features_ * features_;
}

std::size_t SetupValues::offset(Kind kind, int address) const {
  std::size_t at = static_cast<std::size_t>(address) * entries(kind);
  for (std::size_t k = 0; k < static_cast<std::size_t>(kind); ++k) {
    at += static_cast<std::size_t>(banks_.count[k]) * entries(static_cast<Kind>(k));
  }
  return at;
}

std::span<const double> SetupValues::of(Kind kind, int address) const {
  return {memory_.data() + offset(kind, address), entries(kind)};
}

void SetupValues::execute(const Instruction& i) {
  const NumberedOp& op = ops_[i.op];
  double* const out = memory_.data() + offset(op.out, i.out);
  const auto n = static_cast<std::uint32_t>(features_);
  const auto [low, high] = i.pair();
  switch (op.data) {
    case Data::number: *out = i.number(); return;
    case Data::entry_v: out[vm::entry_of_fraction(low, n)] = static_cast<double>(high); return;
    case Data::entry_m:
      out[vm::entry_of_fraction(i.extra, n) * n + vm::entry_of_fraction(low, n)] = static_cast<double>(high);
      return;
    default: break;
  }
  const double* const a = memory_.data() + offset(op.in[0], i.in[0]);
  const double* const b = op.in.size() < 2 ? a : memory_.data() + offset(op.in[1], i.in[1]);
  const std::size_t size = entries(op.out);
  compute({op, features_, a, b, std::span(scratch_).first(size)});
  std::copy_n(scratch_.begin(), size, out);
}

bool SetupValues::run(const Genome& live) {
  const auto code = live.function(0);
  if (std::any_of(code.begin(), code.end(), [this](const Instruction& i) { return ops_[i.op].random; })) return false;
  std::fill(memory_.begin(), memory_.end(), 0.0);
  for (const Instruction& i : code) execute(i);
  return true;
}

}  // namespace mlz::evolve
