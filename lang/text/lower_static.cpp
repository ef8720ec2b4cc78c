#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

constexpr double kLargestSize = 9e15;

/// Whether a quotient in `e` has the number 0 below the line.
bool divides_by_zero(const StaticExpr& e) {
  std::string why;
  const std::string& f = e.text();
  const bool quotient = e.kind() == StaticExpr::Kind::call && (f == "/" || f == "//" || f == "%");
  if (quotient && evaluate(e.args()[1], {}, why) == 0.0) return true;
  return std::any_of(e.args().begin(), e.args().end(), divides_by_zero);
}

}  // namespace

const mlz::Declaration* Lowering::declaration(const std::string& name) const {
  for (const mlz::Declaration& d : core_.declarations) {
    if (d.name == name) return &d;
  }
  return nullptr;
}

std::optional<StaticExpr> Lowering::as_static(const Expr& e) {
  switch (e.kind) {
    case Expr::Kind::number: return StaticExpr::number(e.value);
    case Expr::Kind::name: {
      const Value value = resolve(e);
      if (value.kind == Value::Kind::constant) return value.constant;
      return {};
    }
    case Expr::Kind::unary: {
      const auto a = as_static(e.operands[0]);
      if (!a) return {};
      return StaticExpr::call(e.text == "-" ? "neg" : "not", {*a});
    }
    case Expr::Kind::binary: {
      if (find_static_function(e.text) == nullptr) return {};
      const auto a = as_static(e.operands[0]);
      const auto b = a ? as_static(e.operands[1]) : std::nullopt;
      if (!b) return {};
      return StaticExpr::call(e.text, {*a, *b});
    }
    case Expr::Kind::call: return static_call(e);
    case Expr::Kind::index: {
      if (e.operands[0].kind != Expr::Kind::name || e.subscripts.size() != 1 || e.subscripts[0].range) return {};
      const Value list = resolve(e.operands[0]);
      if (list.kind != Value::Kind::list) return {};
      const auto index = need_static(e.subscripts[0].lo, "the index of a list of sizes");
      if (!index) return {};
      return StaticExpr::element(list.ref.name, *index);
    }
    default: return {};
  }
}

std::optional<StaticExpr> Lowering::static_call(const Expr& e) {
  if (e.text == "len" && e.arguments.size() == 1) return static_length(e.arguments[0].value);
  const StaticFunction* f = find_static_function(e.text);
  if (f == nullptr || static_cast<std::size_t>(f->arity) != e.arguments.size()) return {};
  std::vector<StaticExpr> args;
  for (const Argument& argument : e.arguments) {
    if (!argument.keyword.empty()) return {};
    const auto value = as_static(argument.value);
    if (!value) return {};
    args.push_back(*value);
  }
  return StaticExpr::call(e.text, std::move(args));
}

std::optional<StaticExpr> Lowering::static_length(const Expr& e) {
  if (e.kind == Expr::Kind::name) {
    const Value value = resolve(e);
    if (value.kind == Value::Kind::list) return StaticExpr::call("len", {StaticExpr::name(value.ref.name)});
    if (value.kind == Value::Kind::family) return find_register(value.ref.name)->family[0].count;
  }
  // The number of entries or rows follows from the shape alone, so nothing is emitted to find it.
  const bool was_dry = std::exchange(dry_, true);
  const Pending value = build(e);
  dry_ = was_dry;
  if (value.value.kind != Value::Kind::reg || value.value.shape.kind == Kind::scalar) return {};
  return value.value.shape.dims[0].expr();
}

std::optional<StaticExpr> Lowering::need_static(const Expr& e, const std::string& purpose) {
  const long before = diagnostics_.count();
  if (auto value = as_static(e)) return value;
  if (diagnostics_.count() == before) {
    error(e.where, fmt::format("`{}` is not known before the run, as {} must be", print(e), purpose),
          std::string("use numbers, sizes, consts and loop variables") +
              (purpose == "an index" ? "; an entry chosen by data is dot(v, onehot(i, n)), a row onehot(i, n) @ W" : ""));
  }
  return {};
}

bool Lowering::sizes_only(const StaticExpr& expr, const Location& where) {
  bool ok = true;
  expr.visit_names([&](const std::string& name) {
    const mlz::Declaration* d = declaration(name);
    if (d == nullptr || d->kind == mlz::Declaration::Kind::size || !ok) return;
    error(where, fmt::format("`{}` is a const; a shape is made of sizes", name), fmt::format("declare `size {} = ...`", name));
    ok = false;
  });
  return ok;
}

/// Says why an expression cannot be a size.
void Lowering::not_a_size(const StaticExpr& expr, const Location& where) {
  std::string why;
  const auto value = evaluate(expr, {}, why);
  if (divides_by_zero(expr)) {
    error(where, fmt::format("`{}` is a division by zero", expr.print()));
  } else if (value && std::fabs(*value) > kLargestSize) {
    error(where, fmt::format("`{}` is too large to be a size", expr.print()));
  } else {
    error(where, fmt::format("`{}` is not a whole number, so it cannot be a size", expr.print()), "use // to divide sizes");
  }
}

std::optional<StaticExpr> Lowering::need_size(const Expr& e) {
  const auto value = need_static(e, "a size");
  if (!value || !sizes_only(*value, e.where)) return {};
  if (value->kind() != StaticExpr::Kind::list && !Dim::of(*value, core_.sizes)) {
    not_a_size(*value, e.where);
    return {};
  }
  return value;
}

}  // namespace mlz::text
