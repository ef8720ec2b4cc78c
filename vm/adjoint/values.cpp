#include "vm/adjoint/values.hpp"

#include <stdexcept>

namespace mlz::vm::adjoint {
namespace {

Emitter& emitter_of(std::initializer_list<const Value*> values) {
  for (const Value* v : values) {
    if (v->has_emitter()) return v->emitter();
  }
  throw std::logic_error("gradient code: an operation on numbers alone");
}

Value unary(OpId op, const Value& a) { return {a.emitter(), a.emitter().op(op, {a.id()})}; }

Value binary(OpId op, const Value& a, const Value& b) {
  Emitter& e = emitter_of({&a, &b});
  return {e, e.op(op, {a.in(e), b.in(e)})};
}

Value on_rows(OpId op, const Value& a, std::int64_t times) {
  return {a.emitter(), a.emitter().op(op, {a.id()}, {times, 0, 0, 0})};
}

Value reduced(OpId op, const Value& a, std::int64_t axis) {
  return {a.emitter(), a.emitter().op(op, {a.id()}, {axis, 0, 0, 0})};
}

Value per_row(OpId op, const Value& a) {
  if (a.dims().kind != Kind::matrix) return reduced(op, a, -1);
  return reshape(reduced(op, a, 1), Dims{Kind::matrix, a.dims().rows, 1});
}

/// A scalar, a row or a column as a whole matrix or vector of that shape.
Value expanded(const Value& a, const Dims& dims) {
  Emitter& e = a.emitter();
  const Dims from = a.dims();
  if (from.size() == 1) return {e, e.op(OpId::fill, {reshape(a, Dims{}).id()}, {}, dims)};
  const Value vector = reshape(a, Dims{Kind::vector, 1, from.size()});
  return reshape(from.rows == 1 ? tile_rows(vector, dims.rows) : repeat_rows(vector, dims.cols), dims);
}

}  // namespace

Value operator+(const Value& a, const Value& b) { return binary(OpId::add, a, b); }
Value operator-(const Value& a, const Value& b) { return binary(OpId::sub, a, b); }
Value operator*(const Value& a, const Value& b) { return binary(OpId::mul, a, b); }
Value operator/(const Value& a, const Value& b) { return binary(OpId::div, a, b); }
Value operator-(const Value& a) { return unary(OpId::neg, a); }
Value operator<(const Value& a, const Value& b) { return binary(OpId::less, a, b); }
Value operator>(const Value& a, const Value& b) { return binary(OpId::greater, a, b); }
Value operator==(const Value& a, const Value& b) { return binary(OpId::equal, a, b); }
Value pow(const Value& a, const Value& b) { return binary(OpId::power, a, b); }
Value exp(const Value& a) { return unary(OpId::exp, a); }
Value log(const Value& a) { return unary(OpId::log, a); }
Value sqrt(const Value& a) { return unary(OpId::sqrt, a); }
Value sin(const Value& a) { return unary(OpId::sin, a); }
Value cos(const Value& a) { return unary(OpId::cos, a); }
Value tanh(const Value& a) { return unary(OpId::tanh, a); }
Value sign(const Value& a) { return unary(OpId::sign, a); }
Value square(const Value& a) { return unary(OpId::square, a); }

Value where(const Value& condition, const Value& yes, const Value& no) {
  Emitter& e = emitter_of({&condition, &yes, &no});
  return {e, e.op(OpId::where, {condition.in(e), yes.in(e), no.in(e)})};
}

Value sum(const Value& a) { return a.dims().kind == Kind::scalar ? a : reduced(OpId::sum, a, -1); }
Value sum(const Value& a, std::int64_t axis) { return reduced(OpId::sum, a, axis); }
Value mean(const Value& a, std::int64_t axis) { return reduced(OpId::mean, a, axis); }

Value matmul(const Value& a, const Value& b) {
  const bool left = a.dims().kind == Kind::matrix, right = b.dims().kind == Kind::matrix;
  if (left) return binary(right ? OpId::matmul : OpId::matvec, a, b);
  return binary(right ? OpId::vecmat : OpId::dot, a, b);
}

Value outer(const Value& a, const Value& b) { return binary(OpId::outer, a, b); }
Value transpose(const Value& a) { return unary(OpId::transpose, a); }
Value reshape(const Value& a, const Value& like) { return reshape(a, like.dims()); }

Value reshape(const Value& a, const Dims& dims) {
  if (a.dims() == dims) return a;
  return {a.emitter(), a.emitter().op(OpId::reshape, {a.id()}, {}, dims)};
}

Value repeat_rows(const Value& a, std::int64_t times) { return on_rows(OpId::repeat_rows, a, times); }
Value tile_rows(const Value& a, std::int64_t times) { return on_rows(OpId::tile_rows, a, times); }
Value sum_groups(const Value& a, std::int64_t times) { return on_rows(OpId::sum_groups, a, times); }
Value sum_strided(const Value& a, std::int64_t times) { return on_rows(OpId::sum_strided, a, times); }

Value row_sum(const Value& a) { return per_row(OpId::sum, a); }
Value row_mean(const Value& a) { return per_row(OpId::mean, a); }
Value row_deviation(const Value& a, double eps) { return sqrt(row_mean(square(a - row_mean(a))) + eps); }

Value gelu_slope(const Value& a) {
  constexpr double kScale = 0.7978845608028654, kCube = 0.044715;
  const Value t = tanh(kScale * (a + kCube * (a * a * a)));
  return 0.5 * (1 + t) + (0.5 * kScale) * a * (1 - t * t) * (1 + (3 * kCube) * (a * a));
}

Value fitted(const Value& a, const Dims& dims) {
  if (!a.has_emitter()) throw std::logic_error("gradient code: a gradient that is a number");
  const Dims from = a.dims();
  if (from == dims) return a;
  if (from.size() == dims.size()) return reshape(a, dims);
  if (from.size() < dims.size()) return expanded(a, dims);
  if (dims.size() == 1) return reshape(sum(a), dims);
  return reshape(sum(a, dims.rows == 1 ? 0 : 1), dims);
}

}  // namespace mlz::vm::adjoint
