#include "vm/adjoint/rules.hpp"

#include <algorithm>
#include <cstdlib>

namespace mlz::vm::adjoint {
namespace {

template <class... Values>
std::vector<Value> list(const Values&... values) {
  return {Value(values)...};
}

}  // namespace

Rule::Rule(Emitter& emitter, const BoundInstruction& instruction, RegisterId gradient)
    : emitter_(emitter), i_(instruction), g_(emitter, gradient) {}

Value Rule::operand(std::size_t k) const {
  return k < i_.in_count ? Value(emitter_, i_.in[k]) : Value(Value::Kind::none);
}

/// How many entries make one of the result.
std::int64_t Rule::terms() const {
  if (i_.in_count == 0) return 1;
  if (op_info(i_.op).rule == ShapeRule::pool) return i_.attr[2] * i_.attr[2];
  const Dims a = emitter_.dims(i_.in[0]);
  return axis() < 0 ? a.size() : axis() == 0 ? a.rows : a.cols;
}

Value Rule::over(const Value& v) const { return axis() == 1 ? reshape(v, Dims{Kind::matrix, v.dims().size(), 1}) : v; }

Value Rule::total(const Value& v) const { return over(sum(v, axis())); }
Value Rule::average(const Value& v) const { return over(mean(v, axis())); }
Value Rule::shared(const Value& g, const Value& chosen) const { return chosen * (over(g) / total(chosen)); }

Value Rule::unpooled(const Value& v) const {
  const std::int64_t height = i_.attr[0], width = i_.attr[1], window = i_.attr[2], channels = v.dims().cols;
  const std::int64_t down = height / window * window, across = width / window * window;
  const Value tall = repeat_rows(reshape(v, Dims{Kind::matrix, down / window, across / window * channels}), window);
  const Value blocks = repeat_rows(reshape(tall, Dims{Kind::matrix, down * across / window, channels}), window);
  const Dims whole{Kind::matrix, height * width, channels};
  if (down == height && across == width) return blocks;
  const Dims image{Kind::matrix, height, width * channels};
  const Value made(emitter_, emitter_.op(OpId::fill, {emitter_.constant(0)}, {}, image));
  emitter_.write(made.id(), OpId::set, {reshape(blocks, Dims{Kind::matrix, down, across * channels}).id()},
                 {0, 0, down, across * channels});
  return reshape(made, whole);
}

Value Rule::shared_in_blocks(const Value& g, const Value& chosen) const {
  const Value mean_chosen(emitter_, emitter_.op(OpId::mean_pool, {chosen.id()}, i_.attr));
  return chosen * unpooled(g / (terms() * mean_chosen));
}

Value Rule::folded(const Value& g) const {
  const std::int64_t height = i_.attr[0], width = i_.attr[1], channels = i_.attr[2], kernel = i_.attr[3];
  const std::int64_t before = (kernel - 1) / 2;
  const Dims plane{Kind::matrix, height, width * channels};
  const RegisterId image = emitter_.op(OpId::fill, {emitter_.constant(0)}, {}, plane);
  for (std::int64_t at = 0; at < kernel * kernel; ++at) {
    const std::int64_t dy = at / kernel - before, dx = at % kernel - before;
    const std::int64_t y = std::max<std::int64_t>(0, -dy), x = std::max<std::int64_t>(0, -dx);
    const std::int64_t rows = height - std::abs(dy), cols = width - std::abs(dx);
    if (rows <= 0 || cols <= 0) continue;
    const RegisterId entries = emitter_.op(OpId::get, {g.id()}, {0, at * channels, height * width, channels},
                                           Dims{Kind::matrix, height * width, channels});
    const Dims part{Kind::matrix, rows, cols * channels};
    const RegisterId from = emitter_.op(OpId::get, {reshape(Value(emitter_, entries), plane).id()},
                                        {y, x * channels, rows, cols * channels}, part);
    const Emitter::Attributes window{y + dy, (x + dx) * channels, rows, cols * channels};
    const RegisterId there = emitter_.op(OpId::get, {image}, window, part);
    emitter_.write(image, OpId::set, {emitter_.op(OpId::add, {there, from})}, window);
  }
  return reshape(Value(emitter_, image), operand(0));
}

Value Rule::taken(const Value& g) const {
  const Dims part = emitter_.dims(i_.in[0]);
  const bool fills = part.size() < i_.attr[2] * i_.attr[3];
  const Dims shape = fills ? Dims{Kind::matrix, i_.attr[2], i_.attr[3]} : part;
  return fitted(Value(emitter_, emitter_.op(OpId::get, {g.id()}, i_.attr, shape)), part);
}

Value Rule::standard_draw() const {
  if (!op_info(i_.op).has(kRandom)) return Value(Value::Kind::none);
  BoundInstruction draw = i_;
  draw.in[0] = emitter_.constant(0);
  draw.in[1] = emitter_.constant(1);
  draw.out = emitter_.add_register("draw", emitter_.dims(i_.out));
  emitter_.append(draw);
  return {emitter_, draw.out};
}

std::vector<Value> Rule::gradients() const {
  static const Value zero(Value::Kind::zero), none(Value::Kind::none);
  const Value &g = g_, a = operand(0), b = operand(1), c = operand(2), out(emitter_, i_.out);
  const Value unit = standard_draw();
  const std::int64_t times = i_.attr[0], count = terms(), axis = i_.attr[0];
  const double eps = i_.value;
  static_cast<void>(unit), static_cast<void>(times), static_cast<void>(count), static_cast<void>(axis);
  switch (i_.op) {
#define MLZ_ELEMENTWISE(id, names, symbol, operands, flags, cost, automl, gradient, ...) \
  case OpId::id:                                                                         \
    return list gradient;
#define MLZ_OP(id, names, symbol, operands, attributes, rule, flags, cost, automl, gradient, meaning) \
  case OpId::id:                                                                                      \
    return list gradient;
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
    case OpId::hole: break;
  }
  return {};
}

}  // namespace mlz::vm::adjoint
