#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

constexpr long kMostLines = 200'000;

bool handed_in(const std::string& name) {
  return name == "x" || name == "target" || name == "reward" || name == "action" || name == "done";
}

bool is_literal_fraction(const Index& index) {
  return index.kind == Index::Kind::at && index.lo.kind() == StaticExpr::Kind::number && index.lo.value() >= 0;
}

}  // namespace

void Lowering::emit(CoreLine line) {
  if (dry_) return;
  if (++emitted_ > kMostLines) throw TooLong{};
  line.hold = line.hold || hold_;
  out_->push_back(std::move(line));
}

void Lowering::lower_function(const FunctionDefinition& definition, Function which) {
  const auto i = static_cast<std::size_t>(which);
  function_ = which;
  core_.hold[i] = definition.hold;
  for (const Parameter& p : definition.parameters) {
    if (handed_in(p.name)) continue;
    error(p.where, fmt::format("the task hands in x, target, reward, action and done; nothing called `{}`", p.name),
          "these names may be listed for the reader; sizes, params and state need no listing");
  }
  out_ = &core_.functions[i];
  lower_block(definition.body);
}

void Lowering::lower_block(const std::vector<Statement>& body) {
  for (const Statement& statement : body) lower_statement(statement);
}

void Lowering::lower_statement(const Statement& s) {
  current_ = s.where;
  const bool held = std::exchange(hold_, hold_ || s.hold);
  switch (s.kind) {
    case Statement::Kind::assign: lower_assign(s); break;
    case Statement::Kind::loop: lower_loop(s); break;
    case Statement::Kind::branch: lower_branch(s); break;
    case Statement::Kind::pass: break;
    case Statement::Kind::hole: {
      CoreLine line;
      line.kind = CoreLine::Kind::hole;
      line.hole_count = s.hole_count;
      line.where = s.where;
      emit(std::move(line));
      break;
    }
    case Statement::Kind::result:
      error(s.where, scope_->helper == nullptr ? "`return` belongs in a helper; Setup, Predict and Learn assign registers"
                                               : "`return` must be the last line of a helper");
      break;
    case Statement::Kind::expression:
      if (s.value.kind == Expr::Kind::call && s.value.text == "NoOp" && s.value.arguments.empty()) {
        CoreLine line;
        line.where = s.where;
        emit(std::move(line));
      } else {
        error(s.where, "this computes a value and drops it", fmt::format("assign it: a = {}", print(s.value)));
      }
  }
  hold_ = held;
}

bool Lowering::bind_static_local(const Statement& s) {
  if (scope_->helper == nullptr || s.targets.size() != 1 || s.targets[0].kind != Expr::Kind::name) return false;
  const std::string& name = s.targets[0].text;
  if (!scope_->single_assigned.count(name)) return false;
  const auto value = as_static(s.value);
  if (!value) return false;
  scope_->names[name] = {Value::Kind::constant, s.where, *value, {}, {}, name};
  return true;
}

void Lowering::lower_assign(const Statement& s) {
  if (s.targets.size() > 1 || s.value.kind == Expr::Kind::tuple) return lower_several(s);
  if (bind_static_local(s)) return;
  assign(s.targets[0], build(s.value), &s);
}

void Lowering::lower_several(const Statement& s) {
  std::vector<Pending> values;
  const Module* module = nullptr;
  if (s.value.kind == Expr::Kind::tuple) {
    for (const Expr& item : s.value.operands) values.push_back(build(item));
  } else if (s.value.kind == Expr::Kind::call) {
    if (const FunctionDefinition* helper = find_helper(s.value, module)) values = inline_helper(s.value, *helper, *module);
    else values.push_back(build(s.value));
  } else {
    values.push_back(build(s.value));
  }
  if (values.empty()) return;
  if (values.size() != s.targets.size()) {
    error(s.where, fmt::format("{} names on the left, {} value{} on the right", s.targets.size(), values.size(),
                               values.size() == 1 ? "" : "s"));
    return;
  }
  // All right sides are computed before the first name changes.
  for (std::size_t i = 0; i < values.size(); ++i) {
    Value value = materialise(std::move(values[i]));
    const bool changes = std::any_of(s.targets.begin(), s.targets.begin() + static_cast<std::ptrdiff_t>(i), [&](const Expr& t) {
      return value.kind == Value::Kind::reg && names(t, value.ref.name);
    });
    if (changes) value = materialise(finish(OpId::copy, {value}, {}, s.where));
    values[i] = atom(value);
  }
  for (std::size_t i = 0; i < values.size(); ++i) assign(s.targets[i], std::move(values[i]), &s);
}

/// Whether a target is (a part of) the register of that name; a target may be new.
bool Lowering::names(const Expr& target, const std::string& name) const {
  const Expr* base = &target;
  while (base->kind == Expr::Kind::index) base = &base->operands[0];
  const auto local = scope_->names.find(base->text);
  return (local == scope_->names.end() ? base->text : local->second.ref.name) == name;
}

void Lowering::lower_loop(const Statement& s) {
  CoreLine line;
  line.kind = CoreLine::Kind::loop;
  line.where = s.where;
  line.hold = hold_;
  const Expr* range = &s.value;
  const bool reversed = range->text == "reversed" && range->arguments.size() == 1;
  if (reversed) range = &range->arguments[0].value;
  const std::size_t count = range->arguments.size();
  if (range->kind != Expr::Kind::call || range->text != "range" || count < 1 || count > 3 || (reversed && count > 2)) {
    error(s.value.where, "a loop runs over range(n), range(first, last), range(first, last, step) or reversed(range(...))");
    return;
  }
  std::vector<StaticExpr> bounds;
  for (const Argument& a : range->arguments) {
    const auto bound = need_static(a.value, "the bound of a loop");
    if (!bound) return;
    bounds.push_back(*bound);
  }
  const StaticExpr one = StaticExpr::number(1);
  line.first = count == 1 ? StaticExpr::number(0) : bounds[0];
  line.last = count == 1 ? bounds[0] : bounds[1];
  line.step = count == 3 ? bounds[2] : one;
  if (reversed) {
    const auto down = [&](const StaticExpr& e) {
      const StaticExpr less = StaticExpr::call("-", {e, one});
      const auto dim = Dim::of(less, core_.sizes);
      return dim ? dim->expr() : less;
    };
    line.first = std::exchange(line.last, down(line.first));
    line.first = down(line.first);
    line.step = StaticExpr::number(-1);
  }
  const bool taken = declaration(s.variable) != nullptr || find_register(s.variable) != nullptr ||
                     std::find(loops_.begin(), loops_.end(), s.variable) != loops_.end();
  if (taken && scope_->helper == nullptr) {
    error(s.where, fmt::format("`{}` is already in use and cannot be a loop variable", s.variable), "choose another name");
    return;
  }
  line.variable = taken || scope_->helper != nullptr ? fresh(s.variable) : s.variable;
  identifiers_.insert(line.variable);
  const auto shadowed = scope_->names.find(s.variable);
  const std::optional<Value> outer = shadowed == scope_->names.end() ? std::nullopt : std::optional(shadowed->second);
  scope_->names[s.variable] = {Value::Kind::constant, s.where, StaticExpr::name(line.variable), {}, {}, s.variable};
  loops_.push_back(line.variable);
  std::vector<CoreLine>* block = std::exchange(out_, &line.body);
  lower_block(s.body);
  out_ = block;
  loops_.pop_back();
  if (outer) scope_->names[s.variable] = *outer;
  else scope_->names.erase(s.variable);
  emit(std::move(line));
}

void Lowering::lower_branch(const Statement& s) {
  CoreLine line;
  line.kind = CoreLine::Kind::branch;
  line.where = s.where;
  const long before = diagnostics_.count();
  const auto condition = as_static(s.value);
  if (!condition) {
    if (diagnostics_.count() == before) {
      error(s.value.where, "`if` is decided before the run, and this is not known then",
            "to choose by data use where(condition, a, b)");
    }
    return;
  }
  line.condition = *condition;
  std::vector<CoreLine>* block = std::exchange(out_, &line.body);
  lower_block(s.body);
  out_ = &line.otherwise;
  lower_block(s.otherwise);
  out_ = block;
  emit(std::move(line));
}

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
    if (scalar_y && !batched_) return resolve_register("s1", target.where);
    if (find_register(name) != nullptr || numbered_kind(name) != 0) return resolve_register(name, target.where);
  }
  if (!shape_known) {
    error(target.where, fmt::format("the shape of `{}` is not known", name), "declare it: state a : vector[n]");
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
  const Expr* base = &target;
  while (base->kind == Expr::Kind::index) base = &base->operands[0];
  const auto seen = first_seen_.find(base->text);
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
  if (value.takes_any_shape && shape.kind != Kind::scalar) {
    std::vector<StaticExpr>& dims = line.attributes[static_cast<std::size_t>(op_info(line.op).attribute("shape"))];
    dims = {shape.dims[0].expr()};
    if (shape.kind == Kind::matrix) dims.push_back(shape.dims[1].expr());
  }
  emit(std::move(line));
}

void Lowering::assign_index(const Expr& target, Pending pending) {
  std::vector<const Expr*> rest;
  Value out = family_member(target, rest);
  if (out.kind != Value::Kind::reg || pending.value.kind == Value::Kind::bad) {
    if (out.kind != Value::Kind::bad && pending.value.kind != Value::Kind::bad) {
      error(target.where, fmt::format("`{}` cannot be assigned to", print(target)), "only registers and their parts can");
    }
    return;
  }
  const RegisterInfo* info = find_register(out.ref.name);
  if ((info != nullptr && info->is_param) || rest.size() > 1) {
    error(target.where, rest.size() > 1 ? "index once on the left: W[i, j] = ..."
                                        : fmt::format("`{}` is a param and cannot be assigned to", out.ref.name),
          rest.size() > 1 ? "" : fmt::format("to change a copy of it declare: state {}2 = {}", out.ref.name, out.ref.name));
    return;
  }
  const Expr* base = &target;
  while (base->kind == Expr::Kind::index) base = &base->operands[0];
  if (scope_->helper == nullptr && handed_in(base->text)) {
    error(target.where, fmt::format("`{}` is handed in by the task and cannot be assigned to", base->text));
    return;
  }
  if (rest.empty()) {
    const bool constant = pending.value.kind == Value::Kind::constant;
    const Shape given = constant ? Shape::scalar() : pending.value.shape;
    const bool free = pending.value.kind == Value::Kind::hole || (pending.takes_any_shape && out.shape.kind != Kind::scalar);
    if (free || fits(out.shape, given, target, pending.value)) store(std::move(pending), out.ref, out.shape);
    return;
  }
  auto index = build_subscripts(rest[0]->subscripts);
  if (!index) return;
  const bool numbered = numbered_kind(out.ref.name) != 0 && declaration(out.ref.name) == nullptr;
  const bool full = index->size() == static_cast<std::size_t>(out.shape.kind);
  const bool literal = full && std::all_of(index->begin(), index->end(), is_literal_fraction);
  if (numbered && literal && scope_->helper == nullptr) {
    return assign_fraction(target, out.ref, *index, materialise(std::move(pending)));
  }
  const Inferred part = index_shape(out.shape, *index, core_.sizes);
  if (!part.ok()) {
    note_shape(error(rest[0]->where, part.error), out);
    return;
  }
  if (pending.takes_any_shape && part.shape.kind != Kind::scalar) {
    const int at = op_info(pending.line.op).attribute("shape");
    auto& dims = pending.line.attributes[static_cast<std::size_t>(at)];
    dims = {part.shape.dims[0].expr()};
    if (part.shape.kind == Kind::matrix) dims.push_back(part.shape.dims[1].expr());
    pending.value.shape = part.shape;
    pending.takes_any_shape = false;
  }
  const Value value = materialise(std::move(pending));
  if (value.kind == Value::Kind::bad) return;
  const Shape given = value.kind == Value::Kind::reg ? value.shape : Shape::scalar();
  if (given.kind != Kind::scalar && !fits(part.shape, given, target, value)) return;
  for (Index& position : *index) {
    // On the left of v<i> and m<i> a lone literal would read as a fraction.
    if (!numbered || !literal) break;
    const double at = position.lo.value();
    position = {Index::Kind::range, position.lo, StaticExpr::number(at + 1)};
  }
  CoreLine line = hole_op({value}, target.where).line;
  line.op = OpId::set;
  line.out = out.ref;
  line.index = *index;
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
