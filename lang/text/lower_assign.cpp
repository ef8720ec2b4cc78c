#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

bool is_literal_fraction(const Index& index) {
  return index.kind == Index::Kind::at && index.lo.kind() == StaticExpr::Kind::number && index.lo.value() >= 0;
}

const Expr& base_of(const Expr& target) {
  const Expr* base = &target;
  while (base->kind == Expr::Kind::index) base = &base->operands[0];
  return *base;
}

/// Gives a sampler or fill without a shape the shape of what it is assigned to.
void take_shape(CoreLine& line, const Shape& shape) {
  std::vector<StaticExpr>& dims = line.attributes[static_cast<std::size_t>(op_info(line.op).attribute("shape"))];
  dims = {shape.dims[0].expr()};
  if (shape.kind == Kind::matrix) dims.push_back(shape.dims[1].expr());
}

}  // namespace

void Lowering::assign(const Expr& target, Pending value, const Statement* statement) {
  if (value.value.kind == Value::Kind::family || value.value.kind == Value::Kind::list) {
    error(value.value.where, fmt::format("`{}` has several members; assign one at a time", value.value.ref.name));
    value = {};
  }
  if (target.kind == Expr::Kind::name) return assign_name(target, std::move(value), statement);
  if (target.kind == Expr::Kind::index) return assign_index(target, std::move(value));
  error(target.where, "only a register or a part of one can be assigned to");
}

std::optional<Value> Lowering::assigned_register(const Expr& target, const Shape& shape, bool shape_known) {
  const std::string& name = target.text;
  const auto local = scope_->names.find(name);
  if (local != scope_->names.end() && local->second.kind == Value::Kind::reg) return resolve(target);
  const mlz::Declaration* d = scope_->helper == nullptr ? declaration(name) : nullptr;
  if (local != scope_->names.end() || (d != nullptr && d->kind != mlz::Declaration::Kind::state)) {
    const bool param = d != nullptr && d->kind == mlz::Declaration::Kind::param;
    error(target.where, fmt::format("`{}` is {} and cannot be assigned to", name,
                                    param ? "a param" : "known before the run"),
          param ? fmt::format("to change a copy of it declare: state {}2 = {}", name, name) : "choose another name");
    return {};
  }
  if (scope_->helper == nullptr && handed_in(name)) {
    error(target.where, fmt::format("`{}` is handed in by the task and cannot be assigned to", name),
          name == "x" ? "copy it to a register of your own (v0 may be written, as in AutoML-Zero)" : "choose another name");
    return {};
  }
  if (scope_->helper == nullptr) {
    if (poisoned_.count(name)) return {};
    const bool scalar_y = name == "y" && find_register("y") == nullptr && shape_known && shape.kind == Kind::scalar;
    if (scalar_y && !batched_) {
      first_seen_.emplace("s1", target.where);  // `y` has its shape from here, unlike the other numbered registers
      return resolve_register("s1", target.where);
    }
    if (find_register(name) != nullptr || numbered_kind(name) != 0) return resolve_register(name, target.where);
  }
  if (!shape_known) {
    error(target.where, fmt::format("the shape of `{}` is not known, since `?` leaves its value open", name),
          scope_->helper == nullptr ? fmt::format("declare it, as scalar, vector[n] or matrix[n, m]: state {} : scalar", name)
                                    : fmt::format("assign a value of its shape to `{}` first", name));
    return {};
  }
  const std::string full = local_name(name);
  const Value made = register_value(add_register(full, shape, target.where), target.where);
  if (scope_->helper != nullptr) scope_->names[name] = made;
  return made;
}

bool Lowering::fits(const Shape& wanted, const Shape& given, const Expr& target, const Value& source) {
  if (wanted == given) return true;
  Diagnostic& d = error(target.where, fmt::format("`{}` is {} and cannot hold {}", print(target), wanted.print(), given.print()),
                        given.kind == Kind::scalar ? fmt::format("to fill it write {}[:] = ...", print(target)) : "");
  const auto seen = first_seen_.find(base_of(target).text);
  if (seen != first_seen_.end() && seen->second.known()) d.notes.push_back({seen->second, "its shape comes from here"});
  d.notes.push_back({source.where, fmt::format("this is {}", given.print())});
  return false;
}

void Lowering::assign_name(const Expr& target, Pending value, const Statement* statement) {
  if (value.value.kind == Value::Kind::bad) {
    const bool known = find_register(target.text) != nullptr || numbered_kind(target.text) != 0;
    if (scope_->helper != nullptr) scope_->names.emplace(target.text, Value{});
    else if (!known) poisoned_.insert(target.text);
    return;
  }
  const bool constant = value.value.kind == Value::Kind::constant;
  const bool known_shape = value.value.kind != Value::Kind::hole;
  const Shape shape = constant ? Shape::scalar() : value.value.shape;
  const auto out = assigned_register(target, shape, known_shape);
  if (!out) return;
  if (out->kind == Value::Kind::bad) return;
  if (out->kind == Value::Kind::family) {
    error(target.where, fmt::format("`{}` is a family; assign to one member", target.text),
          fmt::format("for example {}[0] = ...", target.text));
    return;
  }
  const bool takes_shape = value.takes_any_shape && out->shape.kind != Kind::scalar;
  if (known_shape && !takes_shape && !fits(out->shape, shape, target, value.value)) return;
  if (statement != nullptr) shapes_[statement] += (shapes_[statement].empty() ? "" : ", ") + out->shape.print();
  store(std::move(value), out->ref, out->shape);
}

void Lowering::store(Pending value, const RegisterRef& out, const Shape& shape) {
  CoreLine line = std::move(value.line);
  line.out = out;
  if (!value.has_instruction) {
    line = {};
    line.where = value.value.where;
    line.out = out;
    line.op = OpId::copy;
    if (value.value.kind == Value::Kind::constant) {
      line.op = OpId::constant;
      line.attributes = {{value.value.constant}};
    } else if (value.value.kind == Value::Kind::hole) {
      line.op = OpId::hole;
    } else {
      line.in = {Operand::of(value.value.ref)};
    }
  }
  if (value.takes_any_shape && shape.kind != Kind::scalar) take_shape(line, shape);
  emit(std::move(line));
}

void Lowering::assign_index(const Expr& target, Pending pending) {
  std::vector<const Expr*> rest;
  const Value out = family_member(target, rest);
  if (!may_assign_part(target, out, rest, pending)) return;
  if (!rest.empty()) return assign_part(target, out, *rest[0], std::move(pending));
  const bool constant = pending.value.kind == Value::Kind::constant;
  const Shape given = constant ? Shape::scalar() : pending.value.shape;
  const bool free = pending.value.kind == Value::Kind::hole || (pending.takes_any_shape && out.shape.kind != Kind::scalar);
  if (free || fits(out.shape, given, target, pending.value)) store(std::move(pending), out.ref, out.shape);
}

/// Whether a member of a family, or a part of a register, may stand on the left; reports why not.
bool Lowering::may_assign_part(const Expr& target, const Value& out, const std::vector<const Expr*>& rest,
                               const Pending& pending) {
  if (out.kind == Value::Kind::bad || pending.value.kind == Value::Kind::bad) return false;
  if (out.kind != Value::Kind::reg) {
    error(target.where, fmt::format("`{}` cannot be assigned to", print(target)), "only registers and their parts can");
    return false;
  }
  if (rest.size() > 1) {
    error(target.where, "index once on the left: W[i, j] = ...");
    return false;
  }
  const RegisterInfo* info = find_register(out.ref.name);
  if (info != nullptr && info->is_param) {
    error(target.where, fmt::format("`{}` is a param and cannot be assigned to", out.ref.name),
          fmt::format("to change a copy of it declare: state {}2 = {}", out.ref.name, out.ref.name));
    return false;
  }
  const std::string& name = base_of(target).text;
  if (scope_->helper != nullptr || !handed_in(name)) return true;
  error(target.where, fmt::format("`{}` is handed in by the task and cannot be assigned to", name));
  return false;
}

/// `W[i, j] = ...`: `part` is the index expression.
void Lowering::assign_part(const Expr& target, const Value& out, const Expr& part, Pending pending) {
  auto index = build_subscripts(part.subscripts);
  if (!index) return;
  const bool numbered = numbered_kind(out.ref.name) != 0 && declaration(out.ref.name) == nullptr;
  const bool full = index->size() == static_cast<std::size_t>(out.shape.kind);
  const bool literal = full && std::all_of(index->begin(), index->end(), is_literal_fraction);
  if (numbered && literal && scope_->helper == nullptr) {
    return assign_fraction(target, out.ref, *index, materialise(std::move(pending)));
  }
  const Inferred inferred = index_shape(out.shape, *index, core_.sizes);
  if (!inferred.ok()) {
    note_shape(error(part.where, inferred.error), out);
    return;
  }
  if (pending.takes_any_shape && inferred.shape.kind != Kind::scalar) {
    take_shape(pending.line, inferred.shape);
    pending.value.shape = inferred.shape;
    pending.takes_any_shape = false;
  }
  const Value value = materialise(std::move(pending));
  if (value.kind == Value::Kind::bad) return;
  const Shape given = value.kind == Value::Kind::reg ? value.shape : Shape::scalar();
  if (given.kind != Kind::scalar && !fits(inferred.shape, given, target, value)) return;
  for (Index& position : *index) {
    // On the left of v<i> and m<i> a lone literal would read as a fraction.
    if (!numbered || !literal) break;
    position = {Index::Kind::range, position.lo, StaticExpr::number(position.lo.value() + 1)};
  }
  CoreLine line = hole_op({value}, target.where).line;
  line.op = OpId::set;
  line.out = out.ref;
  line.index = std::move(*index);
  emit(std::move(line));
}

void Lowering::assign_fraction(const Expr& target, const RegisterRef& ref, const std::vector<Index>& index, const Value& value) {
  if (value.kind == Value::Kind::bad) return;
  const bool fraction = std::all_of(index.begin(), index.end(), [](const Index& i) { return i.lo.value() <= 1; });
  if (!fraction || value.kind != Value::Kind::constant) {
    error(target.where,
          fraction ? fmt::format("`{}` is an entry by fraction, which takes a number", print(target))
                   : fmt::format("the index of `{}` is a fraction from 0 to 1, as in AutoML-Zero", print(target)),
          fmt::format("to write entry {} use a slice: {}[{}:{}] = ...", index[0].lo.print(), ref.name, index[0].lo.print(),
                      index[0].lo.value() + 1));
    return;
  }
  CoreLine line;
  line.op = OpId::set_fraction;
  line.where = target.where;
  line.out = ref;
  line.index = index;
  for (Index& i : line.index) i.kind = Index::Kind::fraction;
  line.attributes = {{value.constant}};
  emit(std::move(line));
}

}  // namespace mlz::text
