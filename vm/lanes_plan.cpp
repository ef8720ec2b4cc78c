#include "vm/lanes_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace mlz::vm::lanes {

template <class T>
void Plan<T>::Aligned::resize(std::size_t n) {
  constexpr std::size_t line = kPadding;
  bytes.assign(n * sizeof(T) + line, std::byte{0});
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  begin = reinterpret_cast<T*>((address + line - 1) / line * line);
}

template <class T>
Plan<T>::Plan(const Optimised& optimised, int lanes, Level level)
    : program_(optimised.program),
      code_{program_.code[0], program_.code[1], program_.code[2], optimised.fixed},
      kernels_(kernels<T>(level)) {
  constexpr std::int64_t per_line = kPadding / static_cast<std::int64_t>(sizeof(T));
  width_ = (lanes + per_line - 1) / per_line * per_line;
  const std::size_t scratch = lay_out(optimised.kept);
  memory_.resize(registers_end_ + scratch);
  for (std::size_t f = 0; f < code_.size(); ++f) {
    for (const BoundInstruction& i : code_[f]) steps_[f].push_back(prepare(i));
  }
}

/// Places all registers; returns the numbers needed for scratch: the largest result that cannot be
/// made in place.
template <class T>
std::size_t Plan<T>::lay_out(const std::vector<char>& kept) {
  std::int64_t scratch = 0;
  std::vector<std::int64_t> sizes;
  for (const BoundRegister& r : program_.registers) sizes.push_back(r.size() * width_);
  MemoryPlanner planner(program_, std::move(sizes), kept);
  for (const auto& code : code_) {
    for (const BoundInstruction& i : code) {
      for (std::size_t k = 0; k < i.in_count; ++k) planner.use(i.in[k]);
      planner.use(i.out);
      planner.next_moment();
      const std::int64_t size = reg(i.out).size();
      if (std::find(i.in.begin(), i.in.begin() + i.in_count, i.out) != i.in.begin() + i.in_count) {
        scratch = std::max(scratch, size * width_);
      }
      if (op_info(i.op).has(kRandom)) largest_draw_ = std::max(largest_draw_, size);
    }
  }
  places_ = planner.plan();
  registers_end_ = static_cast<std::size_t>(places_.entries);
  return static_cast<std::size_t>(scratch);
}

template <class T>
Step<T> Plan<T>::start(const BoundInstruction& i) {
  Step<T> step;
  step.call.out = at(i.out);
  step.call.in.fill(step.call.out);  // kernels form addresses of operands that an op lacks
  for (std::size_t k = 0; k < i.in_count; ++k) step.call.in[k] = at(i.in[k]);
  step.call.width = width_;
  step.call.rows = reg(i.out).rows;
  step.call.cols = reg(i.out).cols;
  step.call.value = i.value;
  return step;
}

template <class T>
Step<T> Plan<T>::prepare(const BoundInstruction& i) {
  Step<T> step = start(i);
  if (op_info(i.op).has(kRandom)) {
    step.draw = &i;
    return step;
  }
  if (elementwise(i, step) || rows(i, step)) return step;
  if (moves(i, step) || moves_rows(i, step) || products(i, step) || reduces(i, step) ||
      reduces_groups(i, step)) {
    keep_operands(i, step);
    return step;
  }
  throw std::logic_error(
      fmt::format("the lanes engine does not know the operation {}", op_info(i.op).name()));
}

/// Kernels other than elementwise ones may not write what they still read.
template <class T>
void Plan<T>::keep_operands(const BoundInstruction& i, Step<T>& step) {
  if (std::find(i.in.begin(), i.in.begin() + i.in_count, i.out) == i.in.begin() + i.in_count)
    return;
  if (i.op == OpId::set) return;  // whole onto itself
  step.copy_to = step.call.out;
  step.copy_count = reg(i.out).size() * width_;
  step.call.out = memory_.data() + registers_end_;
}

template <class T>
bool Plan<T>::elementwise(const BoundInstruction& i, Step<T>& step) {
  const auto op = static_cast<std::size_t>(i.op);
  if (kernels_.elementwise[op] == nullptr) return false;
  bool flat = true;
  for (std::size_t k = 0; k < i.in_count; ++k) {
    const BoundRegister& r = reg(i.in[k]);
    flat = flat && r.rows == step.call.rows && r.cols == step.call.cols;
    step.call.row_step[k] = r.rows == 1 ? 0 : r.cols;
    step.call.col_step[k] = r.cols == 1 ? 0 : 1;
  }
  step.kernel = flat ? kernels_.flat[op] : kernels_.elementwise[op];
  return true;
}

template <class T>
bool Plan<T>::rows(const BoundInstruction& i, Step<T>& step) {
  switch (i.op) {
    case OpId::softmax:
      step.kernel = kernels_.softmax;
      return true;
    case OpId::log_softmax:
      step.kernel = kernels_.log_softmax;
      return true;
    case OpId::layer_norm:
      step.kernel = kernels_.layer_norm;
      return true;
    default:
      return false;
  }
}

template <class T>
template <class F>
const std::int32_t* Plan<T>::index(std::int64_t n, F f) {
  std::vector<std::int32_t>& list = indices_.emplace_back();
  for (std::int64_t k = 0; k < n; ++k) list.push_back(static_cast<std::int32_t>(f(k)));
  return list.data();
}

template <class T>
bool Plan<T>::products(const BoundInstruction& i, Step<T>& step) {
  Call<T>& c = step.call;
  const BoundRegister& a = reg(i.in[0]);
  const BoundRegister& b = reg(i.in[1 % i.in_count]);
  switch (i.op) {
    case OpId::dot:
      c.terms = a.size();
      c.term_step = {1, 1, 0};
      break;
    case OpId::matvec:  // the result is one row, whose columns are the rows of the matrix
      c.terms = b.size(), c.rows = a.rows, c.cols = 1;
      c.row_step[0] = a.cols, c.term_step = {1, 1, 0};
      break;
    case OpId::vecmat:
      c.terms = a.size(), c.col_step[1] = 1, c.term_step = {1, b.cols, 0};
      break;
    case OpId::matmul:
      c.terms = a.cols, c.row_step[0] = a.cols, c.col_step[1] = 1, c.term_step = {1, b.cols, 0};
      break;
    case OpId::outer:
      c.row_step = {1, 0, 0}, c.col_step = {0, 1, 0};
      step.kernel = kernels_.elementwise[static_cast<std::size_t>(OpId::mul)];
      return true;
    default:
      return false;
  }
  step.kernel = kernels_.products;
  return true;
}

/// The fold of an op, or kFolds.
std::size_t fold_of(OpId op) {
  switch (op) {
    case OpId::sum:
    case OpId::sum_groups:
    case OpId::sum_strided:
      return static_cast<std::size_t>(Fold::sum);
    case OpId::mean:
    case OpId::mean_groups:
    case OpId::mean_strided:
    case OpId::mean_pool:
      return static_cast<std::size_t>(Fold::mean);
    case OpId::max:
    case OpId::max_pool:
      return static_cast<std::size_t>(Fold::max);
    case OpId::min:
      return static_cast<std::size_t>(Fold::min);
    case OpId::norm:
      return static_cast<std::size_t>(Fold::norm);
    case OpId::std:
      return static_cast<std::size_t>(Fold::std);
    case OpId::argmax:
      return static_cast<std::size_t>(Fold::argmax);
    default:
      return kFolds;
  }
}

template <class T>
bool Plan<T>::reduces(const BoundInstruction& i, Step<T>& step) {
  if (op_info(i.op).rule != ShapeRule::reduce && op_info(i.op).rule != ShapeRule::argmax)
    return false;
  const BoundRegister& a = reg(i.in[0]);
  Call<T>& c = step.call;
  c.rows = reg(i.out).size(), c.cols = 1;
  if (i.attr[0] < 0)
    c.terms = a.size(), c.term_step[0] = 1;
  else if (i.attr[0] == 0)
    c.terms = a.rows, c.term_step[0] = a.cols, c.row_step[0] = 1;
  else
    c.terms = a.cols, c.term_step[0] = 1, c.row_step[0] = a.cols;
  step.kernel = kernels_.fold[fold_of(i.op)];
  return true;
}

template <class T>
bool Plan<T>::reduces_groups(const BoundInstruction& i, Step<T>& step) {
  const ShapeRule rule = op_info(i.op).rule;
  if (rule != ShapeRule::group && rule != ShapeRule::pool) return false;
  const BoundRegister& a = reg(i.in[0]);
  Call<T>& c = step.call;
  const std::int64_t cols = a.kind == Kind::vector ? 1 : a.cols, count = a.size() / cols;
  if (rule == ShapeRule::group) {
    c.terms = i.attr[0];
    const bool strided = i.op == OpId::sum_strided || i.op == OpId::mean_strided;
    c.index = index(reg(i.out).size() * c.terms, [&](std::int64_t n) {
      const std::int64_t entry = n / c.terms, k = n % c.terms, row = entry / cols;
      return (strided ? k * (count / c.terms) + row : row * c.terms + k) * cols + entry % cols;
    });
  } else {
    const std::int64_t width = i.attr[1], window = i.attr[2], across = width / window;
    c.terms = window * window;
    c.index = index(reg(i.out).size() * c.terms, [&](std::int64_t n) {
      const std::int64_t entry = n / c.terms, k = n % c.terms, block = entry / cols;
      const std::int64_t y = block / across * window + k / window,
                         x = block % across * window + k % window;
      return (y * width + x) * cols + entry % cols;
    });
  }
  step.kernel = kernels_.fold_index[fold_of(i.op)];
  return true;
}

template <class T>
bool Plan<T>::moves(const BoundInstruction& i, Step<T>& step) {
  Call<T>& c = step.call;
  const std::int64_t n = reg(i.out).size(), cols = c.cols;
  const std::int64_t in_cols = i.in_count > 0 ? reg(i.in[0]).cols : 1;
  const auto& attr = i.attr;
  step.kernel = kernels_.gather;
  switch (i.op) {
    case OpId::copy:
    case OpId::reshape:
      c.index = index(n, [](std::int64_t k) { return k; });
      return true;
    case OpId::fill:
    case OpId::broadcast:
      c.index = index(n, [](std::int64_t) { return 0; });
      return true;
    case OpId::get:
      c.index = index(n, [&](std::int64_t k) {
        return (attr[0] + k / attr[3]) * in_cols + attr[1] + k % attr[3];
      });
      return true;
    case OpId::set:
      c.terms = attr[2] * attr[3];
      c.col_step[0] = reg(i.in[0]).size() == 1 ? 0 : 1;
      c.index = index(c.terms, [&](std::int64_t k) {
        return (attr[0] + k / attr[3]) * cols + attr[1] + k % attr[3];
      });
      step.kernel = kernels_.scatter;
      return true;
    case OpId::broadcast_vector:
      c.index = index(n, [&](std::int64_t k) { return attr[0] == 0 ? k / cols : k % cols; });
      return true;
    case OpId::transpose:
      c.index = index(n, [&](std::int64_t k) { return k % cols * in_cols + k / cols; });
      return true;
    case OpId::iota:
      step.kernel = kernels_.iota;
      return true;
    case OpId::onehot:
      c.rows = reg(i.in[0]).size(), c.cols = n / c.rows;
      step.kernel = kernels_.onehot;
      return true;
    default:
      step.kernel = nullptr;
      return false;
  }
}

template <class T>
bool Plan<T>::moves_rows(const BoundInstruction& i, Step<T>& step) {
  Call<T>& c = step.call;
  const std::int64_t n = reg(i.out).size();
  if (i.op == OpId::repeat_rows || i.op == OpId::tile_rows) {
    const BoundRegister& a = reg(i.in[0]);
    const std::int64_t cols = a.kind == Kind::vector ? 1 : a.cols, count = a.size() / cols,
                       times = i.attr[0];
    c.index = index(n, [&](std::int64_t k) {
      return (i.op == OpId::repeat_rows ? k / cols / times : k / cols % count) * cols + k % cols;
    });
  } else if (i.op == OpId::unfold) {
    const std::int64_t height = i.attr[0], width = i.attr[1], channels = i.attr[2],
                       kernel = i.attr[3];
    c.index = index(n, [&](std::int64_t k) -> std::int64_t {
      const std::int64_t pixel = k / c.cols, entry = k % c.cols, before = (kernel - 1) / 2;
      const std::int64_t y = pixel / width + entry / (kernel * channels) - before;
      const std::int64_t x = pixel % width + entry / channels % kernel - before;
      if (y < 0 || y >= height || x < 0 || x >= width) return -1;
      return (y * width + x) * channels + entry % channels;
    });
  } else {
    return false;
  }
  step.kernel = kernels_.gather;
  return true;
}

template class Plan<double>;
template class Plan<float>;

}  // namespace mlz::vm::lanes
