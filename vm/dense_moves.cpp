#include <algorithm>
#include <cstring>

#include "vm/dense_entry.hpp"
#include "vm/maths.hpp"
#include "vm/random_ops.hpp"

namespace mlz::vm::dense {
namespace {

template <class T>
void move_entries(T* to, const T* from, std::int64_t n) {
  std::memmove(to, from, static_cast<std::size_t>(n) * sizeof(T));
}

/// A window of rows x cols entries; attr: where it begins and the step between rows, in the operand
/// and in the result.
template <class T>
void run_window(const Entry<T>& e, const Frame<T>& f) {
  const T* from = e.operand(f, 0) + e.attr[0];
  T* to = e.result(f) + e.attr[2];
  if (e.cols == 1) {
    for (std::int64_t i = 0; i < e.rows; ++i) to[i * e.attr[3]] = from[i * e.attr[1]];
    return;
  }
  for (std::int64_t i = 0; i < e.rows; ++i)
    move_entries(to + i * e.attr[3], from + i * e.attr[1], e.cols);
}

template <class T>
void run_fill_window(const Entry<T>& e, const Frame<T>& f) {
  const T value = *e.operand(f, 0);
  for (std::int64_t i = 0; i < e.rows; ++i)
    std::fill_n(e.result(f) + e.attr[2] + i * e.attr[3], e.cols, value);
}

template <class T>
void run_iota(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.cols; ++i) e.result(f)[i] = static_cast<T>(i);
}

template <class T>
void run_transpose(const Entry<T>& e, const Frame<T>& f) {
  f.kernels->transpose(e.rows, e.cols, e.operand(f, 0), e.result(f));
}

/// One row of the result for each of `rows` indices.
template <class T>
void run_onehot(const Entry<T>& e, const Frame<T>& f) {
  std::fill_n(e.result(f), e.rows * e.cols, T(0));
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T index = vm::floor(e.operand(f, 0)[i]);
    if (index >= T(0) && index < static_cast<T>(e.cols))
      e.result(f)[i * e.cols + static_cast<std::int64_t>(index)] = T(1);
  }
}

/// Each of `rows` rows `depth` times in succession.
template <class T>
void run_repeat(const Entry<T>& e, const Frame<T>& f) {
  T* out = e.result(f);
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T* row = e.operand(f, 0) + i * e.cols;
    if (e.cols == 1) std::fill_n(out, e.depth, *row);
    for (std::int64_t k = 0; e.cols > 1 && k < e.depth; ++k)
      move_entries(out + k * e.cols, row, e.cols);
    out += e.depth * e.cols;
  }
}

/// All rows * cols entries `depth` times over.
template <class T>
void run_tile(const Entry<T>& e, const Frame<T>& f) {
  const std::int64_t size = e.rows * e.cols;
  for (std::int64_t k = 0; k < e.depth; ++k)
    move_entries(e.result(f) + k * size, e.operand(f, 0), size);
}

/// attr: height, width, channels, kernel. Entry (dy, dx, channel) of a patch is the pixel (kernel -
/// 1) / 2 before it in both directions and then dy, dx on.
template <class T>
void run_unfold(const Entry<T>& e, const Frame<T>& f) {
  const auto [height, width, channels, kernel] = e.attr;
  const std::int64_t before = (kernel - 1) / 2, line = kernel * channels;
  T* out = e.result(f);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t x0 = x - before, left = std::max<std::int64_t>(0, -x0);
      const std::int64_t right = std::min(kernel, width - x0);
      for (std::int64_t dy = 0; dy < kernel; ++dy, out += line) {
        std::fill_n(out, line, T(0));
        const std::int64_t row = y - before + dy;
        if (row < 0 || row >= height || left >= right) continue;
        move_entries(out + left * channels, e.operand(f, 0) + (row * width + x0 + left) * channels,
                     (right - left) * channels);
      }
    }
  }
}

template <class T>
void emit_get(const BoundProgram& program, const PlanOp& op, Entry<T>& entry) {
  const auto& [row, col, rows, cols] = op.source.attr;
  const std::int64_t step = program.registers[op.source.in[0]].cols;
  entry.rows = rows;
  entry.cols = cols;
  entry.attr = {row * step + col, step, 0, cols};
  entry.run = run_window<T>;
}

template <class T>
void emit_set(const BoundProgram& program, const PlanOp& op, Entry<T>& entry) {
  const auto& [row, col, rows, cols] = op.source.attr;
  const std::int64_t step = program.registers[op.out].cols;
  entry.rows = rows;
  entry.cols = cols;
  entry.attr = {0, cols, row * step + col, step};
  entry.run = program.registers[op.source.in[0]].size() == 1 ? run_fill_window<T> : run_window<T>;
}

template <class T>
void emit_rows_of(const BoundRegister& a, const PlanOp& op, Entry<T>& entry) {
  entry.rows = a.kind == Kind::vector ? a.cols : a.rows;
  entry.cols = a.kind == Kind::vector ? 1 : a.cols;
  entry.depth = op.source.attr[0];
  entry.run = op.source.op == OpId::repeat_rows ? run_repeat<T> : run_tile<T>;
}

// --- random draws ------------------------------------------------------------------------------

/// Draws are made in double and then converted.
template <class T, OpId op>
void run_draw(const Entry<T>& e, const Frame<T>& f) {
  DrawKey key = f.key;
  key.sampler = e.index;
  key.run = e.draw_first + e.draw_stride * f.runs;
  const auto a = static_cast<double>(*e.operand(f, 0)), b = static_cast<double>(*e.operand(f, 1));
  const auto n = static_cast<std::size_t>(e.cols);
  if constexpr (std::is_same_v<T, double>) {
    draw_numbers(op, key, a, b, {e.result(f), n});
  } else {
    draw_numbers(op, key, a, b, {f.draws, n});
    for (std::size_t i = 0; i < n; ++i) e.result(f)[i] = drawn_as<T>(op, f.draws[i], a, b);
  }
}

}  // namespace

template <class T>
bool emit_move(const BoundProgram& program, const PlanOp& op, Entry<T>& entry) {
  const BoundRegister& out = program.registers[op.out];
  const auto input = [&]() -> const BoundRegister& { return program.registers[op.source.in[0]]; };
  entry.rows = 1;
  entry.cols = out.size();
  switch (op.source.op) {
    case OpId::get:
      emit_get(program, op, entry);
      return true;
    case OpId::set:
      emit_set(program, op, entry);
      return true;
    case OpId::iota:
      entry.run = run_iota<T>;
      return true;
    case OpId::transpose:
      entry.rows = input().rows;
      entry.cols = input().cols;
      entry.run = run_transpose<T>;
      return true;
    case OpId::onehot:
      entry.rows = input().size();
      entry.cols = out.cols;
      entry.run = run_onehot<T>;
      return true;
    case OpId::repeat_rows:
    case OpId::tile_rows:
      emit_rows_of(input(), op, entry);
      return true;
    case OpId::unfold:
      entry.attr = op.source.attr;
      entry.run = run_unfold<T>;
      return true;
    default:
      return false;
  }
}
template bool emit_move(const BoundProgram&, const PlanOp&, Entry<double>&);
template bool emit_move(const BoundProgram&, const PlanOp&, Entry<float>&);

template <class T>
bool emit_draw(const BoundProgram& program, const PlanOp& op, Entry<T>& entry) {
  if (!op_info(op.source.op).has(kRandom)) return false;
  entry.rows = 1;
  entry.cols = program.registers[op.out].size();
  if (op.source.in_count < 2) entry.in[1] = entry.in[0];
  entry.index = op.source.sampler;
  entry.draw_first = op.source.draw_first;
  entry.draw_stride = op.source.draw_stride;
  switch (op.source.op) {
    case OpId::uniform:
      entry.run = run_draw<T, OpId::uniform>;
      break;
    case OpId::normal:
      entry.run = run_draw<T, OpId::normal>;
      break;
    case OpId::truncated_normal:
      entry.run = run_draw<T, OpId::truncated_normal>;
      break;
    default:
      entry.run = run_draw<T, OpId::bernoulli>;
  }
  return true;
}
template bool emit_draw(const BoundProgram&, const PlanOp&, Entry<double>&);
template bool emit_draw(const BoundProgram&, const PlanOp&, Entry<float>&);

}  // namespace mlz::vm::dense
