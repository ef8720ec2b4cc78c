#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;

/// A product as rows and columns: the result has m x n entries, each the sum of k terms.
struct Sizes {
  std::int64_t m = 1, n = 1, k = 1;
  bool a_transposed = false, b_transposed = false;
};

Sizes sizes_of(const Context& c, const PlanOp& op) {
  const BoundRegister &a = c.at(op.source.in[0]), &b = c.at(op.source.in[1]);
  const bool ta = op.transposed[0], tb = op.transposed[1];
  switch (op.source.op) {
    case OpId::dot:
      return {1, 1, a.size(), false, false};
    case OpId::matvec:
      return {ta ? a.cols : a.rows, 1, ta ? a.rows : a.cols, ta, false};
    case OpId::vecmat:
      return {1, tb ? b.rows : b.cols, a.size(), false, tb};
    default:
      return {ta ? a.cols : a.rows, tb ? b.rows : b.cols, ta ? a.rows : a.cols, ta, tb};
  }
}

std::int32_t narrow(std::int64_t n) { return static_cast<std::int32_t>(n); }

ProductLaunch by_kernel(const Context& c, const PlanOp& op, const Sizes& s, const Place& to) {
  ProductLaunch p;
  p.total = c.total(op.out, s.m * s.n);
  p.size = make_divider(s.m * s.n);
  p.cols = make_divider(s.n);
  p.a = c.place(op.source.in[0]);
  p.b = c.place(op.source.in[1]);
  p.to = to;
  p.terms = narrow(s.k);
  p.a_row = s.a_transposed ? 1 : s.k;
  p.a_term = s.a_transposed ? s.m : 1;
  p.b_term = s.b_transposed ? 1 : s.n;
  p.b_col = s.b_transposed ? s.k : 1;
  // Where the terms of neighbouring results are neighbours, one thread each reads them together.
  const bool along_rows = (s.n >= 16 && !s.b_transposed) || (s.n == 1 && s.m >= 16 && s.a_transposed);
  p.threads = along_rows ? kOneThread : c.threads_for(s.k);
  return p;
}

GemmLaunch by_gemm(const Context& c, const PlanOp& op, const Sizes& s, const Place& to) {
  GemmLaunch g;
  g.a_transposed = s.a_transposed;
  g.b_transposed = s.b_transposed;
  g.m = narrow(s.m);
  g.n = narrow(s.n);
  g.k = narrow(s.k);
  g.lda = narrow(s.a_transposed ? s.m : s.k);
  g.ldb = narrow(s.b_transposed ? s.k : s.n);
  g.ldc = narrow(s.n);
  g.batch = narrow(c.lanes(op.out));
  g.a = c.place(op.source.in[0]);
  g.b = c.place(op.source.in[1]);
  g.c = to;
  if (op.accumulate_scale != kNoRegister) {
    g.alpha = op.source.value * c.at(op.accumulate_scale).constant;
    if (c.dtype == DType::f32) g.alpha = static_cast<float>(g.alpha);
    g.beta = 1;
  }
  return g;
}

/// The vectors of all lanes as the rows of one matrix, times a matrix that all lanes share.
GemmLaunch lanes_by_gemm(const Context& c, const PlanOp& op, const Sizes& s, const Place& to) {
  const bool matvec = op.source.op == OpId::matvec;
  GemmLaunch g;
  g.m = c.layout.lanes;
  g.n = narrow(matvec ? s.m : s.n);
  g.k = narrow(s.k);
  g.a = c.place(op.source.in[matvec ? 1 : 0]);
  g.b = c.place(op.source.in[matvec ? 0 : 1]);
  g.c = to;
  g.b_transposed = matvec ? !s.a_transposed : s.b_transposed;
  g.lda = g.ldc = narrow(c.layout.lane_entries);
  g.ldb = g.b_transposed ? g.k : g.n;
  return g;
}

GemvLaunch by_gemv(const Context& c, const PlanOp& op, const Place& to) {
  const bool matvec = op.source.op == OpId::matvec;
  const BoundRegister& matrix = c.at(op.source.in[matvec ? 0 : 1]);
  GemvLaunch g;
  g.down = matvec ? op.transposed[0] : !op.transposed[1];
  g.rows = narrow(matrix.rows);
  g.cols = narrow(matrix.cols);
  g.batch = narrow(c.lanes(op.out));
  g.a = c.place(op.source.in[matvec ? 0 : 1]);
  g.x = c.place(op.source.in[matvec ? 1 : 0]);
  g.to = to;
  return g;
}

bool is_product(OpId op) { return op == OpId::dot || op == OpId::matvec || op == OpId::vecmat || op == OpId::matmul; }

}  // namespace

bool plan_product(const Context& c, const PlanOp& op, const Place& to, Launch& out) {
  if (!is_product(op.source.op)) return false;
  const Sizes s = sizes_of(c, op);
  const bool vector = op.source.op == OpId::matvec || op.source.op == OpId::vecmat;
  if (op.accumulate_scale != kNoRegister) {
    out.work = by_gemm(c, op, s, to);
  } else if (!c.use_blas || op.source.op == OpId::dot) {
    out.work = by_kernel(c, op, s, to);
  } else if (!vector) {
    const bool worth_it = s.m * s.n * s.k >= c.tuning.gemm_work;
    if (worth_it)
      out.work = by_gemm(c, op, s, to);
    else
      out.work = by_kernel(c, op, s, to);
  } else {
    const std::int64_t entries = s.m * s.n * s.k;
    const RegisterId matrix = op.source.in[op.source.op == OpId::matvec ? 0 : 1];
    const RegisterId x = op.source.in[op.source.op == OpId::matvec ? 1 : 0];
    const bool one_for_all = c.lanes(op.out) > 1 && c.layout.shared[matrix] != 0 && c.layout.shared[x] == 0 &&
                             c.layout.lane_entries < (std::int64_t{1} << 31);
    if (one_for_all && entries * c.layout.lanes >= c.tuning.gemm_work)
      out.work = lanes_by_gemm(c, op, s, to);
    else if (entries >= c.tuning.gemv_entries)
      out.work = by_gemv(c, op, to);
    else
      out.work = by_kernel(c, op, s, to);
  }
  return true;
}

}  // namespace mlz::vm::cuda
