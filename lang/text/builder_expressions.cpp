#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/text/builder.hpp"
#include "lang/text/tokens.hpp"

namespace mlz::text {

void Builder::fail(const Location& where, std::string message, std::string hint) const {
  throw SyntaxError{where, std::move(message), std::move(hint)};
}

void Builder::fail(std::string_view token, std::string message, std::string hint) const {
  fail(locate(token), std::move(message), std::move(hint));
}

Expr Builder::make(Expr::Kind kind, std::string_view token) {
  if (++nodes_ > kMaxNodes)
    fail(token, fmt::format("a program of more than {} operands", kMaxNodes));
  Expr expr;
  expr.kind = kind;
  expr.where = locate(token);
  return expr;
}

void Builder::push(Expr expr, int depth) {
  if (depth > kMaxDepth) {
    fail(expr.where, fmt::format("an expression more than {} operators deep", kMaxDepth),
         "assign parts of it to names first");
  }
  operands_.push_back({std::move(expr), depth});
}

Builder::Operand Builder::pop() {
  Operand top = std::move(operands_.back());
  operands_.pop_back();
  return top;
}

std::vector<Expr> Builder::pop_from(std::size_t base, int& depth) {
  std::vector<Expr> items;
  items.reserve(operands_.size() - base);
  depth = 0;
  for (std::size_t i = base; i < operands_.size(); ++i) {
    depth = std::max(depth, operands_[i].depth);
    items.push_back(std::move(operands_[i].expr));
  }
  operands_.resize(base);
  return items;
}

void Builder::enter(std::string_view token) {
  if (++nesting_ > kMaxNesting) {
    fail(token, fmt::format("more than {} brackets and signs inside each other", kMaxNesting),
         "assign parts of the expression to names first");
  }
}

void Builder::number(std::string_view token) {
  Expr expr = make(Expr::Kind::number, token);
  expr.value = number_value(token);
  push(std::move(expr), 1);
}

void Builder::name(std::string_view token) {
  Expr expr = make(Expr::Kind::name, token);
  expr.text = token;
  push(std::move(expr), 1);
}

void Builder::hole(std::string_view token) { push(make(Expr::Kind::hole, token), 1); }

void Builder::prefix(std::string_view token) {
  enter(token);
  const char* next = token.data() + token.size();
  const char* end = line_.text.data() + line_.text.size();
  while (next != end && (*next == ' ' || *next == '\t')) ++next;
  const bool literal = token == "-" && next != end && (is_digit(*next) || *next == '.');
  operators_.push_back({token, literal});
}

void Builder::finish_prefix(std::string_view) {
  const Operator op = operators_.back();
  operators_.pop_back();
  leave();
  Operand operand = pop();
  if (op.literal && operand.expr.kind == Expr::Kind::number) {
    const Location sign = locate(op.token);
    Location& where = operand.expr.where;
    if (sign.line == where.line) where.length += where.column - sign.column;
    where.line = sign.line;
    where.column = sign.column;
    operand.expr.value = -operand.expr.value;
    return push(std::move(operand.expr), 1);
  }
  Expr expr = make(Expr::Kind::unary, op.token);
  expr.text = op.token;
  expr.operands.push_back(std::move(operand.expr));
  push(std::move(expr), operand.depth + 1);
}

void Builder::infix(std::string_view token) { operators_.push_back({token}); }

void Builder::finish_infix(std::string_view) {
  const std::string_view token = operators_.back().token;
  operators_.pop_back();
  Operand right = pop();
  Operand left = pop();
  Expr expr = make(Expr::Kind::binary, token);
  expr.text = token;
  expr.operands.reserve(2);
  expr.operands.push_back(std::move(left.expr));
  expr.operands.push_back(std::move(right.expr));
  push(std::move(expr), std::max(left.depth, right.depth) + 1);
}

void Builder::power(std::string_view token) {
  enter(token);
  infix(token);
}

void Builder::finish_power(std::string_view token) {
  leave();
  finish_infix(token);
}

void Builder::transpose(std::string_view token) {
  Operand operand = pop();
  Expr expr = make(Expr::Kind::transpose, token);
  expr.operands.push_back(std::move(operand.expr));
  push(std::move(expr), operand.depth + 1);
}

void Builder::no_chain(std::string_view token) {
  fail(token, "comparisons cannot be chained",
       "write `(a < b) * (b < c)`, or `a < b and b < c` where all is known before the run");
}

void Builder::begin_frame(std::string_view token, std::size_t base) {
  enter(token);
  frames_.emplace_back();
  frames_.back().token = token;
  frames_.back().base = base;
}

Builder::Frame Builder::end_frame() {
  leave();
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  return frame;
}

void Builder::open(std::string_view token) { begin_frame(token, operands_.size()); }

void Builder::comma(std::string_view) { frames_.back().comma = true; }

void Builder::close_group(std::string_view) {
  const Frame frame = end_frame();
  if (!frame.comma) return;
  Expr expr = make(Expr::Kind::tuple, frame.token);
  int depth = 0;
  expr.operands = pop_from(frame.base, depth);
  push(std::move(expr), depth + 1);
}

void Builder::close_list(std::string_view) {
  const Frame frame = end_frame();
  Expr expr = make(Expr::Kind::list, frame.token);
  int depth = 0;
  expr.operands = pop_from(frame.base, depth);
  push(std::move(expr), depth + 1);
}

void Builder::open_call(std::string_view token) { begin_frame(token, operands_.size() - 1); }

void Builder::keyword(std::string_view token) { frames_.back().keyword = token; }

void Builder::argument(std::string_view) {
  Frame& frame = frames_.back();
  Operand value = pop();
  frame.depth = std::max(frame.depth, value.depth);
  frame.arguments.push_back({std::string(frame.keyword), std::move(value.expr)});
  frame.keyword = {};
}

void Builder::close_call(std::string_view) {
  Frame frame = end_frame();
  Expr expr = pop().expr;
  if (expr.kind == Expr::Kind::hole) expr.text = "?";
  expr.kind = Expr::Kind::call;
  expr.arguments = std::move(frame.arguments);
  push(std::move(expr), frame.depth + 1);
}

void Builder::open_index(std::string_view token) { begin_frame(token, operands_.size() - 1); }

void Builder::index_all(std::string_view) { frames_.back().subscripts.push_back({true, {}, {}}); }

void Builder::index_low(std::string_view) {
  Operand low = pop();
  frames_.back().depth = std::max(frames_.back().depth, low.depth);
  frames_.back().subscripts.push_back({false, std::move(low.expr), {}});
}

void Builder::index_colon(std::string_view) { frames_.back().subscripts.back().range = true; }

void Builder::index_high(std::string_view) {
  Operand high = pop();
  frames_.back().depth = std::max(frames_.back().depth, high.depth);
  frames_.back().subscripts.back().hi = std::move(high.expr);
}

void Builder::close_index(std::string_view) {
  Frame frame = end_frame();
  Operand base = pop();
  Expr expr = make(Expr::Kind::index, frame.token);
  expr.where = base.expr.where;
  expr.operands.push_back(std::move(base.expr));
  expr.subscripts = std::move(frame.subscripts);
  push(std::move(expr), std::max(base.depth, frame.depth) + 1);
}

}  // namespace mlz::text
