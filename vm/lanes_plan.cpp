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
  for (const auto& code : code_) views_.emplace_back(program_, code, optimised.kept);
  const std::size_t scratch = lay_out(optimised.kept);
  memory_.resize(registers_end_ + scratch);
  for (std::size_t f = 0; f < code_.size(); ++f) {
    for (std::size_t at = 0; at < code_[f].size(); ++at) {
      if (!views_[f].is_skipped(at)) steps_[f].push_back(prepare(code_[f][at], views_[f].operands(at)));
    }
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
  for (std::size_t f = 0; f < code_.size(); ++f) {
    for (std::size_t at = 0; at < code_[f].size(); ++at) {
      if (views_[f].is_skipped(at)) continue;
      const BoundInstruction& i = code_[f][at];
      for (std::size_t k = 0; k < i.in_count; ++k) planner.use(views_[f].operands(at)[k].reg);
      planner.use(i.out);
      planner.next_moment();
      const std::int64_t size = reg(i.out).size();
      if (reads(i, i.out)) scratch = std::max(scratch, size * width_);
      if (op_info(i.op).has(kRandom)) largest_draw_ = std::max(largest_draw_, size);
    }
  }
  places_ = planner.plan();
  registers_end_ = static_cast<std::size_t>(places_.entries);
  return static_cast<std::size_t>(scratch);
}

template <class T>
Step<T> Plan<T>::start(const BoundInstruction& i, const std::array<View, 3>& operands) {
  Step<T> step;
  step.call.out = at(i.out);
  step.call.in.fill(step.call.out);  // kernels form addresses of operands that an op lacks
  for (std::size_t k = 0; k < i.in_count; ++k) step.call.in[k] = at(operands[k].reg) + operands[k].first * width_;
  step.call.width = width_;
  step.call.rows = reg(i.out).rows;
  step.call.cols = reg(i.out).cols;
  step.call.value = i.value;
  return step;
}

template <class T>
Step<T> Plan<T>::prepare(const BoundInstruction& i, const std::array<View, 3>& operands) {
  Step<T> step = start(i, operands);
  if (op_info(i.op).has(kRandom)) {
    step.draw = &i;
    return step;
  }
  if (elementwise(i, operands, step) || rows(i, step)) return step;
  if (moves(i, operands, step) || products(i, step) || reduces(i, step) || reduces_groups(i, step)) {
    keep_operands(i, step);
    return step;
  }
  throw std::logic_error(
      fmt::format("the lanes engine does not know the operation {}", op_info(i.op).name()));
}

/// Kernels other than elementwise ones may not write what they still read.
template <class T>
void Plan<T>::keep_operands(const BoundInstruction& i, Step<T>& step) {
  if (!reads(i, i.out)) return;
  if (i.op == OpId::set) return;  // whole onto itself
  step.copy_to = step.call.out;
  step.copy_count = reg(i.out).size() * width_;
  step.call.out = memory_.data() + registers_end_;
}

template <class T>
bool Plan<T>::elementwise(const BoundInstruction& i, const std::array<View, 3>& operands, Step<T>& step) {
  const auto op = static_cast<std::size_t>(i.op);
  if (kernels_.elementwise[op] == nullptr) return false;
  Call<T>& c = step.call;
  const auto is_whole = [&](std::size_t k) {
    return operands[k].index.empty() && reg(i.in[k]).rows == c.rows && reg(i.in[k]).cols == c.cols;
  };
  bool flat = true;
  for (std::size_t k = 0; k < i.in_count; ++k) flat = flat && is_whole(k);
  step.kernel = flat ? kernels_.flat[op] : kernels_.elementwise[op];
  for (std::size_t k = 0; k < i.in_count && !flat; ++k) {
    const std::int64_t row_step = reg(i.in[k]).rows == 1 ? 0 : reg(i.in[k]).cols, col_step = reg(i.in[k]).cols == 1 ? 0 : 1;
    c.entries[k] = index(c.rows * c.cols, [&](std::int64_t n) {
      const std::int64_t entry = n / c.cols * row_step + n % c.cols * col_step;
      return operands[k].index.empty() ? entry : operands[k].index[static_cast<std::size_t>(entry)];
    });
  }
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
const std::int32_t* Plan<T>::index(std::vector<std::int32_t> list) {
  return indices_.emplace_back(std::move(list)).data();
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
      c.entries[0] = index(c.rows * c.cols, [&](std::int64_t n) { return n / c.cols; });
      c.entries[1] = index(c.rows * c.cols, [&](std::int64_t n) { return n % c.cols; });
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
bool Plan<T>::moves(const BoundInstruction& i, const std::array<View, 3>& operands, Step<T>& step) {
  Call<T>& c = step.call;
  const std::int64_t n = reg(i.out).size();
  const auto& attr = i.attr;
  if (i.op == OpId::set) {
    c.terms = attr[2] * attr[3];
    c.col_step[0] = reg(i.in[0]).size() == 1 ? 0 : 1;
    c.index = index(c.terms, [&](std::int64_t k) { return (attr[0] + k / attr[3]) * c.cols + attr[1] + k % attr[3]; });
    step.kernel = kernels_.scatter;
  } else if (i.op == OpId::iota) {
    step.kernel = kernels_.iota;
  } else if (i.op == OpId::onehot) {
    c.rows = reg(i.in[0]).size(), c.cols = n / c.rows;
    step.kernel = kernels_.onehot;
  } else if (std::vector<std::int32_t> entries = moved_entries(program_, i); !entries.empty()) {
    for (std::int32_t& entry : entries) {
      if (entry >= 0 && !operands[0].index.empty()) entry = operands[0].index[static_cast<std::size_t>(entry)];
    }
    c.index = index(std::move(entries));
    step.kernel = kernels_.gather;
  } else {
    return false;
  }
  return true;
}

template class Plan<double>;
template class Plan<float>;

}  // namespace mlz::vm::lanes
