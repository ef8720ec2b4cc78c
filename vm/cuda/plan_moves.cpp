#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;

/// A move whose result has rows x cols entries in succession.
MoveLaunch move_of(const Context& c, const PlanOp& op, const Place& to, std::int64_t rows, std::int64_t cols) {
  MoveLaunch m;
  m.total = c.total(op.out, rows * cols);
  m.size = make_divider(rows * cols);
  m.cols = make_divider(cols);
  if (op.source.in_count > 0) m.from = c.place(op.source.in[0]);
  m.to = to;
  m.to_row = cols;
  return m;
}

MoveLaunch window(const Context& c, const PlanOp& op, const Place& to, bool set) {
  const auto& [row, col, rows, cols] = op.source.attr;
  const BoundRegister& in = c.at(op.source.in[0]);
  MoveLaunch m = move_of(c, op, to, rows, cols);
  if (set) {
    m.to_row = c.at(op.out).cols;
    m.to_start = row * m.to_row + col;
    m.from_row = in.size() == 1 ? 0 : cols;
    m.from_col = in.size() == 1 ? 0 : 1;
  } else {
    m.from_start = row * in.cols + col;
    m.from_row = in.cols;
    m.from_col = 1;
  }
  return m;
}

MoveLaunch rows_of(const Context& c, const PlanOp& op, const Place& to) {
  const BoundRegister& in = c.at(op.source.in[0]);
  const std::int64_t times = op.source.attr[0], cols = in.kind == Kind::vector ? 1 : in.cols;
  const bool repeat = op.source.op == OpId::repeat_rows;
  MoveLaunch m = repeat ? move_of(c, op, to, in.size() / cols * times, cols) : move_of(c, op, to, times, in.size());
  m.from_row = repeat ? cols : 0;
  m.from_col = 1;
  if (repeat) m.repeat = make_divider(times);
  return m;
}

MoveLaunch transposed(const Context& c, const PlanOp& op, const Place& to) {
  const BoundRegister& in = c.at(op.source.in[0]);
  MoveLaunch m = move_of(c, op, to, in.cols, in.rows);
  m.from_row = 1;
  m.from_col = in.cols;
  return m;
}

MoveLaunch unfolded(const Context& c, const PlanOp& op, const Place& to) {
  const auto& [height, width, channels, kernel] = op.source.attr;
  MoveLaunch m = move_of(c, op, to, height * width, kernel * kernel * channels);
  m.kind = MoveLaunch::Kind::unfold;
  m.width = make_divider(width);
  m.channels = make_divider(channels);
  m.line = make_divider(kernel * channels);
  m.height = static_cast<std::int32_t>(height);
  m.before = static_cast<std::int32_t>((kernel - 1) / 2);
  return m;
}

}  // namespace

Launch copy_launch(const Place& from, const Place& to, std::int64_t size, std::int64_t lanes) {
  MoveLaunch m;
  m.total = static_cast<std::uint32_t>(size * lanes);
  m.size = m.cols = make_divider(size);
  m.from = from;
  m.to = to;
  m.from_col = 1;
  return {m, 0};
}

bool plan_move(const Context& c, const PlanOp& op, const Place& to, Launch& out) {
  const BoundRegister& result = c.at(op.out);
  switch (op.source.op) {
    case OpId::get:
      out.work = window(c, op, to, false);
      return true;
    case OpId::set:
      out.work = window(c, op, to, true);
      return true;
    case OpId::transpose:
      out.work = transposed(c, op, to);
      return true;
    case OpId::repeat_rows:
    case OpId::tile_rows:
      out.work = rows_of(c, op, to);
      return true;
    case OpId::unfold:
      out.work = unfolded(c, op, to);
      return true;
    case OpId::iota:
    case OpId::onehot: {
      MoveLaunch m = move_of(c, op, to, result.size() / result.cols, result.cols);
      m.kind = op.source.op == OpId::iota ? MoveLaunch::Kind::iota : MoveLaunch::Kind::onehot;
      out.work = m;
      return true;
    }
    default:
      return false;
  }
}

bool plan_draw(const Context& c, const PlanOp& op, int function, const Place& to, Launch& out) {
  if (!op_info(op.source.op).has(kRandom)) return false;
  DrawLaunch d;
  const std::int64_t size = c.at(op.out).size(), pairs = (size + 1) / 2;
  d.op = op.source.op;
  d.function = static_cast<std::uint8_t>(function);
  d.total = c.total(op.out, pairs);
  d.size = static_cast<std::uint32_t>(size);
  d.pairs = make_divider(pairs);
  d.a = c.place(op.source.in[0]);
  d.b = op.source.in_count > 1 ? c.place(op.source.in[1]) : d.a;
  d.to = to;
  d.sampler = op.source.sampler;
  d.draw_first = op.source.draw_first;
  d.draw_stride = op.source.draw_stride;
  out.work = d;
  return true;
}

}  // namespace mlz::vm::cuda
