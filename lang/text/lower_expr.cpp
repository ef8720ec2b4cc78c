#include <fmt/format.h>

#include <algorithm>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

bool literal(const Expr& e, double value) { return e.kind == Expr::Kind::number && e.value == value; }

std::string kinds_text(const std::vector<Value>& operands) {
  std::string out;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    out += i == 0 ? "" : i + 1 == operands.size() ? " and " : ", ";
    out += operands[i].kind == Value::Kind::constant ? "a number" : operands[i].shape.print();
  }
  return out;
}

std::string wanted_text(std::string_view name) {
  std::string out;
  for (OpId id : find_ops(name)) {
    std::string row;
    for (const std::string& letters : op_info(id).operands) {
      std::string one;
      for (char letter : letters) {
        const char* word = letter == 's' ? "scalar" : letter == 'v' ? "vector" : "matrix";
        one += (one.empty() ? "" : "|") + std::string(word);
      }
      row += (row.empty() ? "" : ", ") + one;
    }
    out += (out.empty() ? "(" : " or (") + row + ")";
  }
  return out;
}

bool any(const std::vector<Value>& values, Value::Kind kind) {
  return std::any_of(values.begin(), values.end(), [&](const Value& v) { return v.kind == kind; });
}

}  // namespace

Pending Lowering::atom(Value value) const {
  Pending p;
  p.value = std::move(value);
  return p;
}

Pending Lowering::build(const Expr& e) {
  if (e.kind == Expr::Kind::hole) return atom({Value::Kind::hole, e.where, {}, {}, {}, "?"});
  if (auto constant = as_static(e)) return atom({Value::Kind::constant, e.where, *constant, {}, {}, print(e)});
  switch (e.kind) {
    case Expr::Kind::name: return atom(resolve(e));
    case Expr::Kind::unary: return build_unary(e);
    case Expr::Kind::binary: return build_binary(e);
    case Expr::Kind::call: return build_call(e);
    case Expr::Kind::index: return build_index(e);
    case Expr::Kind::transpose: return build_op("transpose", {operand(e.operands[0])}, {}, e.where);
    case Expr::Kind::list:
    case Expr::Kind::tuple:
      error(e.where, "a list of values cannot stand here", "use concat(a, b) to join vectors");
      break;
    default: break;
  }
  return atom({Value::Kind::bad, e.where, {}, {}, {}, {}});
}

Value Lowering::operand(const Expr& e) {
  Value value = materialise(build(e));
  if (value.kind == Value::Kind::family) {
    error(e.where, fmt::format("`{}` is a family of registers; choose one member", value.ref.name),
          fmt::format("for example {}[0]", value.ref.name));
    value.kind = Value::Kind::bad;
  } else if (value.kind == Value::Kind::list) {
    error(e.where, fmt::format("`{}` is a list of sizes; choose one entry", value.ref.name),
          fmt::format("for example {}[0]", value.ref.name));
    value.kind = Value::Kind::bad;
  }
  return value;
}

Value Lowering::materialise(Pending pending) {
  if (!pending.has_instruction) return pending.value;
  Value value = pending.value;
  if (value.kind == Value::Kind::hole) {
    error(value.where, "an operation with `?` needs a line of its own, assigned to a register whose shape is known");
    value.kind = Value::Kind::bad;
    return value;
  }
  value.kind = Value::Kind::reg;
  if (dry_) return value;
  value.ref = {fresh("t"), {}};
  add_register(value.ref.name, value.shape, {});
  store(std::move(pending), value.ref, value.shape);
  return value;
}

Pending Lowering::build_unary(const Expr& e) {
  if (e.text == "-") return build_op("neg", {operand(e.operands[0])}, {}, e.where);
  error(e.where, "`not` needs a value known before the run", "for registers use equal(a, 0)");
  return atom({Value::Kind::bad, e.where, {}, {}, {}, {}});
}

Pending Lowering::build_binary(const Expr& e) {
  const std::string& op = e.text;
  if (op == "and" || op == "or") {
    error(e.where, fmt::format("`{}` needs values known before the run", op),
          op == "and" ? "for registers use a * b" : "for registers use maximum(a, b)");
    return atom({Value::Kind::bad, e.where, {}, {}, {}, {}});
  }
  const bool one_over = op == "/" && literal(e.operands[0], 1);
  if (one_over) return build_op("reciprocal", {operand(e.operands[1])}, {}, e.where);
  if (op == "**" && literal(e.operands[1], 2)) return build_op("square", {operand(e.operands[0])}, {}, e.where);
  Value a = operand(e.operands[0]);
  Value b = operand(e.operands[1]);
  if (op == "?") return hole_op({a, b}, e.where);
  if (op == "//") {
    const Value quotient = materialise(build_op("/", {a, b}, {}, e.where));
    return build_op("floor", {quotient}, {}, e.where);
  }
  if (op == "%") {
    const Value quotient = materialise(build_op("/", {a, b}, {}, e.where));
    const Value whole = materialise(build_op("floor", {quotient}, {}, e.where));
    const Value product = materialise(build_op("*", {b, whole}, {}, e.where));
    return build_op("-", {a, product}, {}, e.where);
  }
  return build_op(op, {a, b}, {}, e.where);
}

Pending Lowering::hole_op(std::vector<Value> operands, const Location& where) {
  Pending p;
  p.value.where = where;
  p.value.kind = any(operands, Value::Kind::bad) ? Value::Kind::bad : Value::Kind::hole;
  p.has_instruction = p.value.kind == Value::Kind::hole;
  p.line.op = OpId::hole;
  p.line.where = where;
  for (const Value& v : operands) {
    p.line.in.push_back(v.kind == Value::Kind::reg        ? Operand::of(v.ref)
                        : v.kind == Value::Kind::constant ? Operand::of(v.constant)
                                                          : Operand{});
  }
  return p;
}

Pending Lowering::build_op(std::string_view name, std::vector<Value> operands,
                           std::vector<std::vector<StaticExpr>> attributes, const Location& where) {
  if (any(operands, Value::Kind::bad)) return atom({Value::Kind::bad, where, {}, {}, {}, {}});
  if (any(operands, Value::Kind::hole)) {
    Pending p = hole_op(std::move(operands), where);
    p.line.op = find_ops(name).front();
    p.line.attributes = std::move(attributes);
    return p;
  }
  std::vector<Kind> kinds;
  for (const Value& v : operands) kinds.push_back(v.kind == Value::Kind::constant ? Kind::scalar : v.shape.kind);
  const auto id = find_overload(name, kinds);
  if (id) return finish(*id, std::move(operands), std::move(attributes), where);
  const std::string shown = name == "neg" ? "-" : std::string(name);
  Diagnostic& d = error(where, fmt::format("`{}` does not take {}; it takes {}", shown, kinds_text(operands), wanted_text(name)),
                        name == "transpose" ? "a vector is neither row nor column: `@` and `outer` take it as it is" : "");
  for (const Value& v : operands) note_shape(d, v);
  return atom({Value::Kind::bad, where, {}, {}, {}, {}});
}

Pending Lowering::finish(OpId id, std::vector<Value> operands, std::vector<std::vector<StaticExpr>> attributes,
                         const Location& where) {
  const OpInfo& op = op_info(id);
  std::vector<Shape> shapes;
  Pending p = hole_op(operands, where);
  for (const Value& v : operands) shapes.push_back(v.kind == Value::Kind::constant ? Shape::scalar() : v.shape);
  const Inferred inferred = infer_shape(op, shapes, attributes, core_.sizes);
  if (!inferred.ok()) {
    const std::string name = op.symbol.empty() ? op.name() : op.symbol;
    Diagnostic& d = error(where, fmt::format("`{}`: {}", name, inferred.error), inferred.hint);
    for (const Value& v : operands) note_shape(d, v);
    return atom({Value::Kind::bad, where, {}, {}, {}, {}});
  }
  p.has_instruction = true;
  p.value.kind = Value::Kind::reg;
  p.value.shape = inferred.shape;
  p.line.op = id;
  const int shape_attribute = op.attribute("shape");
  p.takes_any_shape = op.rule == ShapeRule::shaped && shape_attribute >= 0 &&
                      (attributes.empty() || attributes[static_cast<std::size_t>(shape_attribute)].empty());
  p.line.attributes = std::move(attributes);
  p.line.attributes.resize(op.attributes.size());
  return p;
}

std::optional<std::vector<Index>> Lowering::build_subscripts(const std::vector<Subscript>& subscripts) {
  std::vector<Index> out;
  for (const Subscript& s : subscripts) {
    Index index;
    const auto bound = [&](const Expr& e, StaticExpr& to) {
      if (e.kind == Expr::Kind::none) return true;
      const auto value = need_static(e, "an index");
      if (value) to = *value;
      return value.has_value();
    };
    if (!bound(s.lo, index.lo) || !bound(s.hi, index.hi)) return {};
    const bool all = s.range && s.lo.kind == Expr::Kind::none && s.hi.kind == Expr::Kind::none;
    index.kind = all ? Index::Kind::all : s.range ? Index::Kind::range : Index::Kind::at;
    out.push_back(std::move(index));
  }
  return out;
}

Value Lowering::family_member(const Expr& e, std::vector<const Expr*>& rest) {
  std::vector<const Expr*> chain;
  const Expr* base = &e;
  while (base->kind == Expr::Kind::index) {
    chain.insert(chain.begin(), base);
    base = &base->operands[0];
  }
  Value value = base->kind == Expr::Kind::name ? resolve(*base) : operand(*base);
  std::size_t used = 0;
  if (value.kind == Value::Kind::family) {
    const RegisterInfo info = *find_register(value.ref.name);
    std::map<std::string, StaticExpr> names;
    for (; used < chain.size() && used < info.family.size(); ++used) {
      const auto& subscripts = chain[used]->subscripts;
      const auto index = subscripts.size() == 1 && !subscripts[0].range
                             ? need_static(subscripts[0].lo, "the index of a family")
                             : std::nullopt;
      if (!index) {
        error(chain[used]->where, fmt::format("a member of `{}` is chosen by one index", info.name),
              fmt::format("for example {}[0]", info.name));
        value.kind = Value::Kind::bad;
        return value;
      }
      const auto normal = Dim::of(*index, core_.sizes);
      StaticExpr position = normal ? normal->expr() : *index;
      if (normal && normal->constant().value_or(0) < 0) {
        const auto from_end = Dim::of(info.family[used].count, core_.sizes);
        if (from_end) position = (*from_end + *normal).expr();
      }
      value.ref.member.push_back(position);
      names[info.family[used].variable] = position;
    }
    if (used == info.family.size()) {
      value.kind = Value::Kind::reg;
      value.shape = substitute(info.shape, names, core_.sizes);
    }
  }
  rest.assign(chain.begin() + static_cast<std::ptrdiff_t>(used), chain.end());
  return value;
}

Pending Lowering::build_index(const Expr& e) {
  std::vector<const Expr*> rest;
  Value value = family_member(e, rest);
  value.where = e.where;
  if (value.kind == Value::Kind::family || value.kind == Value::Kind::list) {
    error(e.where, fmt::format("`{}` needs more indices", value.ref.name));
    value.kind = Value::Kind::bad;
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto index = value.kind == Value::Kind::bad ? std::nullopt : build_subscripts(rest[i]->subscripts);
    if (!index || value.kind == Value::Kind::constant) {
      if (index) error(rest[i]->where, "a number cannot be indexed");
      return atom({Value::Kind::bad, e.where, {}, {}, {}, {}});
    }
    const Inferred inferred = index_shape(value.shape, *index, core_.sizes);
    if (!inferred.ok()) {
      note_shape(error(rest[i]->where, inferred.error), value);
      return atom({Value::Kind::bad, e.where, {}, {}, {}, {}});
    }
    Pending p = hole_op({value}, rest[i]->where);
    p.has_instruction = true;
    p.value.kind = Value::Kind::reg;
    p.value.shape = inferred.shape;
    p.line.op = OpId::get;
    p.line.index = *index;
    if (i + 1 == rest.size()) return p;
    value = materialise(std::move(p));
  }
  return atom(value);
}

}  // namespace mlz::text
