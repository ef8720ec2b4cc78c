#include <algorithm>

#include "vm/dense_entry.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm::dense {
namespace {

/// What becomes of a sum: itself, the mean, the root.
enum class Finish : std::int64_t { none, mean, root };

/// rows folds of `depth` entries in succession.
template <class T, Fold fold, Finish finish>
void run_rows(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T total =
        f.kernels->fold[static_cast<std::size_t>(fold)](e.depth, e.operand(f, 0) + i * e.depth);
    if constexpr (finish == Finish::mean)
      e.result(f)[i] = total / static_cast<T>(e.depth);
    else if constexpr (finish == Finish::root)
      e.result(f)[i] = vm::sqrt(total);
    else
      e.result(f)[i] = total;
  }
}

/// `rows` blocks, one after the other, of `depth` rows of `cols` entries, each folded into one row
/// of the result.
template <class T, Fold fold, Finish finish>
void run_columns(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.rows; ++i) {
    T* out = e.result(f) + i * e.cols;
    f.kernels->fold_columns[static_cast<std::size_t>(fold)](
        e.depth, e.cols, e.cols, e.operand(f, 0) + i * e.depth * e.cols, out);
    for (std::int64_t j = 0; finish != Finish::none && j < e.cols; ++j) {
      out[j] = finish == Finish::mean ? out[j] / static_cast<T>(e.depth) : vm::sqrt(out[j]);
    }
  }
}

template <class T>
T deviation_of(T total, T squares, T n) {
  const T m = total / n;
  return vm::sqrt(squares / n - m * m);
}

template <class T>
void run_row_deviations(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T* a = e.operand(f, 0) + i * e.depth;
    const T total = f.kernels->fold[static_cast<std::size_t>(Fold::sum)](e.depth, a);
    const T squares = f.kernels->fold[static_cast<std::size_t>(Fold::squares)](e.depth, a);
    e.result(f)[i] = deviation_of(total, squares, static_cast<T>(e.depth));
  }
}

/// One column after the other of a single block.
template <class T>
void run_column_deviations(const Entry<T>& e, const Frame<T>& f) {
  constexpr std::int64_t width = 64;
  T total[width], squares[width];
  for (std::int64_t j = 0; j < e.cols; j += width) {
    const std::int64_t n = std::min(width, e.cols - j);
    const T* a = e.operand(f, 0) + j;
    f.kernels->fold_columns[static_cast<std::size_t>(Fold::sum)](e.depth, e.cols, n, a, total);
    f.kernels->fold_columns[static_cast<std::size_t>(Fold::squares)](e.depth, e.cols, n, a,
                                                                     squares);
    for (std::int64_t k = 0; k < n; ++k) {
      e.result(f)[j + k] = deviation_of(total[k], squares[k], static_cast<T>(e.depth));
    }
  }
}

/// rows = results, depth = entries compared; attr: steps between results and between entries.
template <class T>
void run_argmax(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T* a = e.operand(f, 0) + i * e.attr[0];
    e.result(f)[i] = static_cast<T>(
        index_of_largest<T>(e.depth, [=, &e](std::int64_t k) { return a[k * e.attr[1]]; }));
  }
}

enum class RowFunction { softmax, log_softmax, layer_norm };

template <class T, RowFunction function>
void run_row_function(const Entry<T>& e, const Frame<T>& f) {
  for (std::int64_t i = 0; i < e.rows; ++i) {
    const T* a = e.operand(f, 0) + i * e.cols;
    T* out = e.result(f) + i * e.cols;
    if constexpr (function == RowFunction::softmax)
      f.kernels->softmax(e.cols, a, out);
    else if constexpr (function == RowFunction::log_softmax)
      f.kernels->log_softmax(e.cols, a, out);
    else
      f.kernels->layer_norm(e.cols, a, out, e.value);
  }
}

/// rows x cols windows of attr[2] x attr[2] pixels of attr[3] channels; an image row has attr[1]
/// pixels.
template <class T, Fold fold, bool divide>
void run_pool(const Entry<T>& e, const Frame<T>& f) {
  const std::int64_t window = e.attr[2], channels = e.attr[3], count = window * window;
  for (std::int64_t block = 0; block < e.rows * e.cols; ++block) {
    const std::int64_t y = block / e.cols * window, x = block % e.cols * window;
    for (std::int64_t dy = 0; dy < window; ++dy) {
      const T* row = e.operand(f, 0) + ((y + dy) * e.attr[1] + x) * channels;
      std::copy_n(row, window * channels, f.tiles + dy * window * channels);
    }
    T* out = e.result(f) + block * channels;
    f.kernels->fold_columns[static_cast<std::size_t>(fold)](count, channels, channels, f.tiles,
                                                            out);
    for (std::int64_t c = 0; divide && c < channels; ++c) out[c] = out[c] / static_cast<T>(count);
  }
}

template <class T, Fold fold, Finish finish>
void set_fold(bool columns, Entry<T>& entry) {
  entry.run = columns ? run_columns<T, fold, finish> : run_rows<T, fold, finish>;
}

/// Chooses the loop for a reduction whose sizes are set.
template <class T>
void set_run(OpId op, bool columns, Entry<T>& entry) {
  switch (op) {
    case OpId::mean:
    case OpId::mean_groups:
    case OpId::mean_strided:
      set_fold<T, Fold::sum, Finish::mean>(columns, entry);
      break;
    case OpId::max:
      set_fold<T, Fold::largest, Finish::none>(columns, entry);
      break;
    case OpId::min:
      set_fold<T, Fold::smallest, Finish::none>(columns, entry);
      break;
    case OpId::norm:
      set_fold<T, Fold::squares, Finish::root>(columns, entry);
      break;
    case OpId::std:
      entry.run = columns ? run_column_deviations<T> : run_row_deviations<T>;
      break;
    case OpId::argmax:
      entry.run = run_argmax<T>;
      break;
    default:
      set_fold<T, Fold::sum, Finish::none>(columns, entry);
  }
}

template <class T>
void emit_axis(const BoundRegister& a, const PlanOp& op, Entry<T>& entry) {
  const std::int64_t axis = op.source.attr[0];
  const bool columns = axis == 0 && a.kind == Kind::matrix;
  entry.rows = columns || axis != 1 ? 1 : a.rows;
  entry.cols = columns ? a.cols : 1;
  entry.depth = columns ? a.rows : axis == 1 ? a.cols : a.size();
  set_run(op.source.op, columns, entry);
  if (op.source.op != OpId::argmax) return;
  entry.rows = columns ? a.cols : entry.rows;
  entry.attr[0] = columns ? 1 : entry.depth;
  entry.attr[1] = columns ? a.cols : 1;
}

/// Groups of rows; entries of a vector are rows of one entry.
template <class T>
void emit_groups(const BoundRegister& a, const PlanOp& op, Entry<T>& entry) {
  const std::int64_t rows = a.kind == Kind::vector ? a.cols : a.rows;
  const std::int64_t cols = a.kind == Kind::vector ? 1 : a.cols;
  const bool strided = op.source.op == OpId::sum_strided || op.source.op == OpId::mean_strided;
  entry.depth = op.source.attr[0];
  entry.rows = strided ? 1 : rows / entry.depth;
  entry.cols = strided ? rows / entry.depth * cols : cols;
  set_run(op.source.op, entry.cols > 1, entry);
}

template <class T>
void emit_rows(const BoundRegister& a, const PlanOp& op, Entry<T>& entry) {
  entry.rows = a.rows;
  entry.cols = a.cols;
  entry.value = static_cast<T>(op.source.value);
  if (op.source.op == OpId::softmax)
    entry.run = run_row_function<T, RowFunction::softmax>;
  else if (op.source.op == OpId::log_softmax)
    entry.run = run_row_function<T, RowFunction::log_softmax>;
  else
    entry.run = run_row_function<T, RowFunction::layer_norm>;
}

template <class T>
void emit_pool(const BoundRegister& a, const PlanOp& op, Entry<T>& entry) {
  entry.attr = op.source.attr;
  entry.attr[3] = a.cols;
  entry.rows = op.source.attr[0] / op.source.attr[2];
  entry.cols = op.source.attr[1] / op.source.attr[2];
  entry.run = op.source.op == OpId::max_pool ? run_pool<T, Fold::largest, false>
                                             : run_pool<T, Fold::sum, true>;
}

}  // namespace

template <class T>
bool emit_reduction(const BoundProgram& program, const PlanOp& op, Entry<T>& entry) {
  const BoundRegister& a = program.registers[op.source.in[0]];
  switch (op.source.op) {
    case OpId::sum:
    case OpId::mean:
    case OpId::max:
    case OpId::min:
    case OpId::norm:
    case OpId::std:
    case OpId::argmax:
      emit_axis(a, op, entry);
      return true;
    case OpId::sum_groups:
    case OpId::sum_strided:
    case OpId::mean_groups:
    case OpId::mean_strided:
      emit_groups(a, op, entry);
      return true;
    case OpId::softmax:
    case OpId::log_softmax:
    case OpId::layer_norm:
      emit_rows(a, op, entry);
      return true;
    case OpId::max_pool:
    case OpId::mean_pool:
      emit_pool(a, op, entry);
      return true;
    default:
      return false;
  }
}
template bool emit_reduction(const BoundProgram&, const PlanOp&, Entry<double>&);
template bool emit_reduction(const BoundProgram&, const PlanOp&, Entry<float>&);

}  // namespace mlz::vm::dense
