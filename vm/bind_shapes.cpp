#include "vm/bind_shapes.hpp"

#include <fmt/format.h>

namespace mlz::vm {
namespace {

Dims vector(std::int64_t n) { return {Kind::vector, 1, n}; }
Dims matrix(std::int64_t rows, std::int64_t cols) { return {Kind::matrix, rows, cols}; }

/// Rows in the sense of ops that work on rows: the entries of a vector.
std::int64_t row_count(const Dims& d) { return d.kind == Kind::vector ? d.cols : d.rows; }

Dims with_rows(Dims d, std::int64_t rows) {
  (d.kind == Kind::vector ? d.cols : d.rows) = rows;
  return d;
}

/// a * b * c, or -1 when it overflows.
std::int64_t times(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
  std::int64_t ab = 0, abc = 0;
  return __builtin_mul_overflow(a, b, &ab) || __builtin_mul_overflow(ab, c, &abc) ? -1 : abc;
}

struct Request {
  const BoundInstruction& instruction;
  const std::vector<Dims>& in;
  const std::optional<Dims>& asked;
  const Dims& out;
  std::string& why;

  std::optional<Dims> bad(std::string reason) const {
    why = std::move(reason);
    return {};
  }
  std::int64_t attr(int i) const { return instruction.attr[static_cast<std::size_t>(i)]; }
};

std::optional<Dims> broadcast(const Request& r) {
  Dims d = r.in[0];
  for (const Dims& other : r.in) {
    if (d.rows != other.rows && d.rows != 1 && other.rows != 1) return r.bad("the rows differ");
    if (d.cols != other.cols && d.cols != 1 && other.cols != 1) return r.bad("the columns differ");
    d = {std::max(d.kind, other.kind), std::max(d.rows, other.rows), std::max(d.cols, other.cols)};
  }
  return d;
}

std::optional<Dims> reshape(const Request& r) {
  if (!r.asked) return r.bad("the shape is missing");
  if (times(r.asked->rows, r.asked->cols) != r.in[0].size())
    return r.bad("the numbers of entries differ");
  return r.asked;
}

std::optional<Dims> group(const Request& r) {
  const std::int64_t rows = row_count(r.in[0]), times = r.attr(0);
  if (rows % times != 0) return r.bad(fmt::format("{} rows are not a multiple of {}", rows, times));
  return with_rows(r.in[0], rows / times);
}

std::optional<Dims> repeat(const Request& r) {
  std::int64_t rows = 0;
  if (__builtin_mul_overflow(row_count(r.in[0]), r.attr(0), &rows))
    return r.bad("the result is too large");
  return with_rows(r.in[0], rows);
}

std::optional<Dims> product(const Request& r) {
  const Dims &a = r.in[0], &b = r.in[1];
  const std::int64_t inner = row_count(b);
  if (a.cols != inner)
    return r.bad(fmt::format("the product sums over {} and {} entries", a.cols, inner));
  switch (op_info(r.instruction.op).rule) {
    case ShapeRule::dot:
      return Dims{};
    case ShapeRule::matvec:
      return vector(a.rows);
    case ShapeRule::vecmat:
      return vector(b.cols);
    default:
      return matrix(a.rows, b.cols);
  }
}

std::optional<Dims> reduce(const Request& r) {
  const bool index = op_info(r.instruction.op).rule == ShapeRule::argmax;
  if (r.attr(0) < 0 && index && r.in[0].kind == Kind::matrix)
    return r.bad("a matrix needs an axis");
  if (r.attr(0) < 0) return Dims{};
  return vector(r.attr(0) == 0 ? r.in[0].cols : r.in[0].rows);
}

std::optional<Dims> unfold(const Request& r) {
  const std::int64_t pixels = times(r.attr(0), r.attr(1)), channels = r.attr(2), kernel = r.attr(3);
  if (pixels < 0 || times(pixels, channels) != r.in[0].size()) {
    return r.bad("height * width * channels is not the number of entries");
  }
  const std::int64_t entries = times(kernel, kernel, channels);
  return entries < 0 ? r.bad("the kernel is too large") : matrix(pixels, entries);
}

std::optional<Dims> pool(const Request& r) {
  if (times(r.attr(0), r.attr(1)) != r.in[0].rows)
    return r.bad("height * width is not the number of rows");
  const std::int64_t blocks = (r.attr(0) / r.attr(2)) * (r.attr(1) / r.attr(2));
  return blocks < 1 ? r.bad("the window is larger than the image") : matrix(blocks, r.in[0].cols);
}

std::optional<Dims> onehot(const Request& r) {
  const std::int64_t n = r.attr(0);
  return r.in[0].kind == Kind::scalar ? vector(n) : matrix(r.in[0].cols, n);
}

bool admitted(const OpInfo& op, const std::vector<Dims>& in) {
  if (in.size() != op.operands.size()) return false;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (op.operands[i].find(kind_letter(in[i].kind)) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

std::string Dims::print() const {
  if (kind == Kind::scalar) return "scalar";
  if (kind == Kind::vector) return fmt::format("vector[{}]", cols);
  return fmt::format("matrix[{}, {}]", rows, cols);
}

Dims dims_of(const BoundRegister& r) { return {r.kind, r.rows, r.cols}; }

std::optional<Dims> result_dims(const BoundInstruction& instruction, const std::vector<Dims>& in,
                                const std::optional<Dims>& asked, const Dims& out,
                                std::string& why) {
  const Request r{instruction, in, asked, out, why};
  const OpInfo& op = op_info(instruction.op);
  if (!admitted(op, in)) return r.bad("it does not take operands of these kinds");
  switch (op.rule) {
    case ShapeRule::broadcast:
      return broadcast(r);
    case ShapeRule::same:
      return in[0];
    case ShapeRule::shaped:
      return asked ? *asked : out;
    case ShapeRule::iota:
      return vector(r.attr(0));
    case ShapeRule::features_vector:
      return vector(out.cols);
    case ShapeRule::square:
      return matrix(in[0].cols, in[0].cols);
    case ShapeRule::reshape:
      return reshape(r);
    case ShapeRule::transpose:
      return matrix(in[0].cols, in[0].rows);
    case ShapeRule::onehot:
      return onehot(r);
    case ShapeRule::repeat:
      return repeat(r);
    case ShapeRule::group:
      return group(r);
    case ShapeRule::dot:
    case ShapeRule::matvec:
    case ShapeRule::vecmat:
    case ShapeRule::matmul:
      return product(r);
    case ShapeRule::outer:
      return matrix(in[0].cols, in[1].cols);
    case ShapeRule::reduce:
    case ShapeRule::argmax:
      return reduce(r);
    case ShapeRule::unfold:
      return unfold(r);
    case ShapeRule::pool:
      return pool(r);
    case ShapeRule::none:
    case ShapeRule::constant:
    case ShapeRule::concat:
    case ShapeRule::index_get:
    case ShapeRule::index_set:
      break;
  }
  return r.bad("it has no shape of its own");
}

}  // namespace mlz::vm
