#include "vm/reference_ops.hpp"

#include <cmath>
#include <stdexcept>

#include "vm/random_ops.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm {
namespace {

/// Everything an op may look at, and helpers to write its result.
struct Call {
  const BoundInstruction& i;
  const std::vector<Value>& in;
  const BoundRegister& shape;
  const DrawKey& key;
  std::span<double> out;

  std::int64_t attr(std::size_t k) const { return i.attr[k]; }
  double& at(std::int64_t row, std::int64_t col) const {
    return out[static_cast<std::size_t>(row * shape.cols + col)];
  }

  template <class F>  // out[k] = f(k)
  void each(F f) const {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = f(static_cast<std::int64_t>(k));
  }
  template <class F>  // out[r, c] = f(r, c)
  void each_cell(F f) const {
    for (std::int64_t r = 0; r < shape.rows; ++r) {
      for (std::int64_t c = 0; c < shape.cols; ++c) at(r, c) = f(r, c);
    }
  }
};

double broadcast_entry(const Value& v, std::int64_t row, std::int64_t col) {
  return v.at(v.rows == 1 ? 0 : row, v.cols == 1 ? 0 : col);
}

bool elementwise(const Call& c) {
  return visit_elementwise(c.i.op, [&](auto tag) {
    c.each_cell([&](std::int64_t row, std::int64_t col) {
      const auto entry = [&](std::size_t k) {
        return k < c.in.size() ? broadcast_entry(c.in[k], row, col) : 0.0;
      };
      return apply<decltype(tag)::id, double>(entry(0), entry(1), entry(2));
    });
  });
}

void get(const Call& c) {
  for (std::int64_t k = 0; k < c.attr(2) * c.attr(3); ++k) {
    c.out[static_cast<std::size_t>(k)] =
        c.in[0].at(c.attr(0) + k / c.attr(3), c.attr(1) + k % c.attr(3));
  }
}

void set(const Call& c) {
  for (std::int64_t k = 0; k < c.attr(2) * c.attr(3); ++k) {
    c.at(c.attr(0) + k / c.attr(3), c.attr(1) + k % c.attr(3)) =
        c.in[0][c.in[0].size() == 1 ? 0 : k];
  }
}

void onehot(const Call& c) {
  c.each([&](std::int64_t k) {
    return vm::floor(c.in[0][k / c.shape.cols]) == static_cast<double>(k % c.shape.cols) ? 1.0
                                                                                         : 0.0;
  });
}

/// The value with the entries of a vector seen as rows of one entry.
struct Rows {
  const Value& v;
  std::int64_t cols() const { return v.kind == Kind::vector ? 1 : v.cols; }
  std::int64_t count() const { return v.size() / cols(); }
  double at(std::int64_t row, std::int64_t col) const { return v[row * cols() + col]; }
};

/// Result row r is row source(r) of the operand.
template <class Source>
void take_rows(const Call& c, Source source) {
  const Rows a{c.in[0]};
  c.each([&](std::int64_t k) { return a.at(source(k / a.cols()), k % a.cols()); });
}

/// Result row r is the sum of rows row(r, 0) ... row(r, times - 1) of the operand, divided if it is
/// a mean.
template <class Row>
void group_rows(const Call& c, bool divide, Row row) {
  const Rows a{c.in[0]};
  c.each([&](std::int64_t k) {
    const double total = sum<double>(
        c.attr(0), [&](std::int64_t i) { return a.at(row(k / a.cols(), i), k % a.cols()); });
    return divide ? total / static_cast<double>(c.attr(0)) : total;
  });
}

bool rows_op(const Call& c) {
  const std::int64_t times = c.attr(0);
  const auto neighbours = [=](std::int64_t r, std::int64_t i) { return r * times + i; };
  const auto strided = [&](std::int64_t r, std::int64_t i) {
    return i * (Rows{c.in[0]}.count() / times) + r;
  };
  switch (c.i.op) {
    case OpId::repeat_rows:
      take_rows(c, [=](std::int64_t r) { return r / times; });
      return true;
    case OpId::tile_rows:
      take_rows(c, [&](std::int64_t r) { return r % Rows{c.in[0]}.count(); });
      return true;
    case OpId::sum_groups:
      group_rows(c, false, neighbours);
      return true;
    case OpId::mean_groups:
      group_rows(c, true, neighbours);
      return true;
    case OpId::sum_strided:
      group_rows(c, false, strided);
      return true;
    case OpId::mean_strided:
      group_rows(c, true, strided);
      return true;
    default:
      return false;
  }
}

bool moving_op(const Call& c) {
  const auto first = [&](std::int64_t k) { return c.in[0][k]; };
  switch (c.i.op) {
    case OpId::copy:
    case OpId::reshape:
      c.each(first);
      return true;
    case OpId::get:
      get(c);
      return true;
    case OpId::set:
      set(c);
      return true;
    case OpId::fill:
    case OpId::broadcast:
      c.each([&](std::int64_t) { return c.in[0][0]; });
      return true;
    case OpId::iota:
      c.each([](std::int64_t k) { return static_cast<double>(k); });
      return true;
    case OpId::broadcast_vector:
      c.each_cell(
          [&](std::int64_t row, std::int64_t col) { return c.in[0][c.attr(0) == 0 ? row : col]; });
      return true;
    case OpId::transpose:
      c.each_cell([&](std::int64_t row, std::int64_t col) { return c.in[0].at(col, row); });
      return true;
    case OpId::onehot:
      onehot(c);
      return true;
    default:
      return rows_op(c);
  }
}

bool product_op(const Call& c) {
  const Value& a = c.in.empty() ? Value{} : c.in[0];
  const Value& b = c.in.size() < 2 ? a : c.in[1];
  switch (c.i.op) {
    case OpId::dot:
      c.out[0] = sum<double>(a.size(), [&](std::int64_t k) { return a[k] * b[k]; });
      return true;
    case OpId::matvec:
      c.each([&](std::int64_t r) {
        return sum<double>(b.size(), [&](std::int64_t k) { return a.at(r, k) * b[k]; });
      });
      return true;
    case OpId::vecmat:
      c.each([&](std::int64_t n) {
        return sum<double>(a.size(), [&](std::int64_t k) { return a[k] * b.at(k, n); });
      });
      return true;
    case OpId::matmul:
      c.each_cell([&](std::int64_t r, std::int64_t n) {
        return sum<double>(a.cols, [&](std::int64_t k) { return a.at(r, k) * b.at(k, n); });
      });
      return true;
    case OpId::outer:
      c.each_cell([&](std::int64_t r, std::int64_t n) { return a[r] * b[n]; });
      return true;
    default:
      return false;
  }
}

template <class Term>
double reduced(OpId op, std::int64_t n, Term term) {
  switch (op) {
    case OpId::sum:
      return sum<double>(n, term);
    case OpId::mean:
      return mean<double>(n, term);
    case OpId::max:
      return largest<double>(n, term);
    case OpId::min:
      return smallest<double>(n, term);
    case OpId::norm:
      return norm<double>(n, term);
    case OpId::std:
      return deviation<double>(n, term);
    default:
      return static_cast<double>(index_of_largest<double>(n, term));
  }
}

void reduction(const Call& c) {
  const Value& a = c.in[0];
  if (c.attr(0) < 0) {
    c.out[0] = reduced(c.i.op, a.size(), [&](std::int64_t k) { return a[k]; });
  } else if (c.attr(0) == 0) {
    c.each([&](std::int64_t col) {
      return reduced(c.i.op, a.rows, [&](std::int64_t r) { return a.at(r, col); });
    });
  } else {
    c.each([&](std::int64_t row) {
      return reduced(c.i.op, a.cols, [&](std::int64_t k) { return a.at(row, k); });
    });
  }
}

void per_row(const Call& c) {
  for (std::int64_t row = 0; row < c.in[0].rows; ++row) {
    const std::int64_t n = c.in[0].cols;
    const double* a = c.in[0].entries.data() + row * n;
    double* out = c.out.data() + row * n;
    if (c.i.op == OpId::softmax)
      softmax_row(n, a, out);
    else if (c.i.op == OpId::log_softmax)
      log_softmax_row(n, a, out);
    else
      layer_norm_row(n, a, out, c.i.value);
  }
}

bool reducing_op(const Call& c) {
  switch (c.i.op) {
    case OpId::sum:
    case OpId::mean:
    case OpId::max:
    case OpId::min:
    case OpId::norm:
    case OpId::std:
    case OpId::argmax:
      reduction(c);
      return true;
    case OpId::softmax:
    case OpId::log_softmax:
    case OpId::layer_norm:
      per_row(c);
      return true;
    default:
      return false;
  }
}

/// Entry (dy, dx, channel) of a patch is the pixel at (y + dy - (k-1)/2, x + dx - (k-1)/2), 0
/// outside the image.
void unfold(const Call& c) {
  const std::int64_t height = c.attr(0), width = c.attr(1), channels = c.attr(2),
                     kernel = c.attr(3);
  const std::int64_t before = (kernel - 1) / 2;
  c.each_cell([&](std::int64_t pixel, std::int64_t entry) {
    const std::int64_t y = pixel / width + entry / (kernel * channels) - before;
    const std::int64_t x = pixel % width + entry / channels % kernel - before;
    if (y < 0 || y >= height || x < 0 || x >= width) return 0.0;
    return c.in[0][(y * width + x) * channels + entry % channels];
  });
}

void pool(const Call& c) {
  const std::int64_t width = c.attr(1), window = c.attr(2), across = width / window;
  c.each_cell([&](std::int64_t block, std::int64_t channel) {
    const auto term = [&](std::int64_t k) {
      const std::int64_t y = block / across * window + k / window,
                         x = block % across * window + k % window;
      return c.in[0].at(y * width + x, channel);
    };
    return reduced(c.i.op == OpId::max_pool ? OpId::max : OpId::mean, window * window, term);
  });
}

bool image_op(const Call& c) {
  switch (c.i.op) {
    case OpId::unfold:
      unfold(c);
      return true;
    case OpId::max_pool:
    case OpId::mean_pool:
      pool(c);
      return true;
    default:
      return false;
  }
}

bool random_op(const Call& c) {
  if (!op_info(c.i.op).has(kRandom)) return false;
  return draw_numbers(c.i.op, c.key, c.in[0][0], c.i.in_count > 1 ? c.in[1][0] : 0, c.out);
}

}  // namespace

void execute(const BoundInstruction& instruction, const std::vector<Value>& in,
             const BoundRegister& shape, const DrawKey& key, std::span<double> out) {
  const Call c{instruction, in, shape, key, out};
  if (elementwise(c) || moving_op(c) || product_op(c) || reducing_op(c) || image_op(c) ||
      random_op(c))
    return;
  throw std::logic_error("the reference engine does not know the operation " +
                         op_info(instruction.op).name());
}

}  // namespace mlz::vm
