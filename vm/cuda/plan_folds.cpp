#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;

/// `rows` x `cols` results of `terms` terms that lie `step` apart.
FoldLaunch fold_of(const Context& c, const PlanOp& op, const Place& to, std::int64_t rows, std::int64_t cols,
                   std::int64_t terms, std::int64_t step) {
  FoldLaunch f;
  f.total = c.total(op.out, rows * cols);
  f.size = make_divider(rows * cols);
  f.cols = make_divider(cols);
  f.line = make_divider(terms);
  f.from = c.place(op.source.in[0]);
  f.to = to;
  f.terms = static_cast<std::int32_t>(terms);
  f.col_step = 1;
  f.term_step = step;
  return f;
}

FoldLaunch over_axis(const Context& c, const PlanOp& op, const Place& to) {
  const BoundRegister& a = c.at(op.source.in[0]);
  const std::int64_t axis = op.source.attr[0];
  FoldLaunch f;
  if (axis == 0 && a.kind == Kind::matrix) {
    f = fold_of(c, op, to, 1, a.cols, a.rows, a.cols);
  } else if (axis == 1) {
    f = fold_of(c, op, to, a.rows, 1, a.cols, 1);
    f.band_step = a.cols;
  } else {
    f = fold_of(c, op, to, 1, 1, a.size(), 1);
  }
  f.op = op.source.op;
  return f;
}

/// Groups of rows; entries of a vector are rows of one entry.
FoldLaunch of_groups(const Context& c, const PlanOp& op, const Place& to) {
  const BoundRegister& a = c.at(op.source.in[0]);
  const std::int64_t cols = a.kind == Kind::vector ? 1 : a.cols, times = op.source.attr[0];
  const std::int64_t groups = a.size() / cols / times;
  const bool strided = op.source.op == OpId::sum_strided || op.source.op == OpId::mean_strided;
  FoldLaunch f = strided ? fold_of(c, op, to, 1, groups * cols, times, groups * cols)
                         : fold_of(c, op, to, groups, cols, times, cols);
  if (!strided) f.band_step = times * cols;
  f.op = op.source.op == OpId::mean_groups || op.source.op == OpId::mean_strided ? OpId::mean : OpId::sum;
  return f;
}

FoldLaunch pool(const Context& c, const PlanOp& op, const Place& to) {
  const std::int64_t width = op.source.attr[1], window = op.source.attr[2];
  const std::int64_t channels = c.at(op.source.in[0]).cols, across = width / window;
  FoldLaunch f = fold_of(c, op, to, c.at(op.out).rows, channels, window * window, channels);
  f.across = make_divider(across);
  f.line = make_divider(window);
  f.band_step = window * width * channels;
  f.row_step = window * channels;
  f.line_step = width * channels;
  f.op = op.source.op == OpId::max_pool ? OpId::max : OpId::mean;
  return f;
}

RowsLaunch rows_of(const Context& c, const PlanOp& op, const Place& to) {
  const BoundRegister& a = c.at(op.source.in[0]);
  RowsLaunch r;
  r.op = op.source.op;
  r.threads = a.cols >= c.tuning.block_terms ? kBlock : kTeam;
  r.total = c.total(op.out, a.rows);
  r.rows = make_divider(a.rows);
  r.from = c.place(op.source.in[0]);
  r.to = to;
  r.cols = static_cast<std::int32_t>(a.cols);
  r.eps = op.source.value;
  return r;
}

/// Neighbouring results read neighbouring entries: one thread each is then enough, where there are many.
bool reads_along_rows(const FoldLaunch& f) { return f.term_step != 1 && f.cols.by >= 16; }

}  // namespace

bool plan_fold(const Context& c, const PlanOp& op, const Place& to, Launch& out) {
  FoldLaunch f;
  switch (op.source.op) {
    case OpId::sum:
    case OpId::mean:
    case OpId::max:
    case OpId::min:
    case OpId::norm:
    case OpId::std:
    case OpId::argmax:
      f = over_axis(c, op, to);
      break;
    case OpId::sum_groups:
    case OpId::sum_strided:
    case OpId::mean_groups:
    case OpId::mean_strided:
      f = of_groups(c, op, to);
      break;
    case OpId::max_pool:
    case OpId::mean_pool:
      f = pool(c, op, to);
      break;
    case OpId::softmax:
    case OpId::log_softmax:
    case OpId::layer_norm:
      out.work = rows_of(c, op, to);
      return true;
    default:
      return false;
  }
  f.threads = reads_along_rows(f) ? kOneThread : c.threads_for(f.terms);
  out.work = f;
  return true;
}

}  // namespace mlz::vm::cuda
