#include <fmt/format.h>

#include <algorithm>

#include "lang/text/lowering.hpp"

namespace mlz::text {
namespace {

Value constant_value(StaticExpr expr, const Location& where, const std::string& text) {
  return {Value::Kind::constant, where, std::move(expr), {}, {}, text};
}

Value bad(const Location& where) { return {Value::Kind::bad, where, {}, {}, {}, {}}; }

const Declaration* module_const(const Module& module, const std::string& name) {
  for (const Declaration& d : module.program.declarations) {
    if (d.name == name && d.kind == Declaration::Kind::constant) return &d;
  }
  return nullptr;
}

bool is_task_size(const std::string& name) {
  const auto& names = task_size_names();
  return name == "n_features" || std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string Lowering::fresh(const std::string& stem) {
  if (identifiers_.insert(stem).second && numbered_kind(stem) == 0) return stem;
  for (int& i = ++last_number_[stem];; ++i) {  // names below are taken, and stay so
    const std::string name = fmt::format("{}{}", stem, i);
    if (numbered_kind(name) == 0 && identifiers_.insert(name).second) return name;
  }
}

std::string Lowering::local_name(const std::string& name) {
  return scope_->prefix.empty() ? name : fresh(scope_->prefix + "_" + name);
}

RegisterInfo* Lowering::find_register(const std::string& name) {
  const auto found = register_index_.find(name);
  return found == register_index_.end() ? nullptr : &core_.registers[found->second];
}

RegisterInfo& Lowering::add_register(const std::string& name, const Shape& shape, const Location& where) {
  RegisterInfo info;
  info.name = name;
  info.shape = shape;
  const auto depends = [&](const std::string& used) {
    const bool active = std::find(loops_.begin(), loops_.end(), used) != loops_.end();
    auto& turns = info.per_iteration;
    if (active && std::find(turns.begin(), turns.end(), used) == turns.end()) turns.push_back(used);
  };
  for (const Dim& dim : shape.dims) dim.expr().visit_names(depends);
  register_index_.emplace(name, core_.registers.size());
  core_.registers.push_back(info);
  identifiers_.insert(name);
  first_seen_.emplace(name, where);
  return core_.registers.back();
}

Value Lowering::register_value(const RegisterInfo& info, const Location& where) {
  if (!info.family.empty()) return {Value::Kind::family, where, {}, {info.name, {}}, info.shape, info.name};
  for (const std::string& variable : info.per_iteration) {
    if (std::find(loops_.begin(), loops_.end(), variable) != loops_.end()) continue;
    error(where, fmt::format("`{}` is {}, which depends on the loop variable `{}`; that loop ends before here", info.name,
                             info.shape.print(), variable),
          "declare a family: state h[l in range(L)] : vector[n[l]]");
    return bad(where);
  }
  return {Value::Kind::reg, where, {}, {info.name, {}}, info.shape, info.name};
}

Value Lowering::resolve(const Expr& e) {
  const std::string& name = e.text;
  const auto local = scope_->names.find(name);
  if (local != scope_->names.end()) {
    Value value = local->second;
    if (value.kind == Value::Kind::reg && value.ref.member.empty()) {
      if (const RegisterInfo* info = find_register(value.ref.name)) {
        value = register_value(*info, e.where);
        value.text = name;
        return value;
      }
    }
    value.where = e.where;
    return value;
  }
  if (is_task_size(name)) {
    return constant_value(StaticExpr::name(name == "n_features" ? "features" : name), e.where, name);
  }
  const std::size_t dot = name.find('.');
  const Module* module = scope_->module;
  if (dot != std::string::npos) {
    const auto found = module->imports.find(name.substr(0, dot));
    if (found == module->imports.end()) return unknown_name(e);
    module = found->second;
  }
  if (dot != std::string::npos || module != &main_) {
    const Declaration* d = module_const(*module, dot == std::string::npos ? name : name.substr(dot + 1));
    if (d == nullptr) return unknown_name(e);
    Scope inner;
    inner.module = module;
    Scope* outer = std::exchange(scope_, &inner);
    const auto value = need_static(d->value, "the value of a const");
    scope_ = outer;
    return value ? constant_value(*value, e.where, name) : bad(e.where);
  }
  if (const mlz::Declaration* d = declaration(name)) {
    if (d->kind == mlz::Declaration::Kind::size && d->value.kind() == StaticExpr::Kind::list) {
      return {Value::Kind::list, e.where, {}, {name, {}}, {}, name};
    }
    if (d->kind == mlz::Declaration::Kind::size || d->kind == mlz::Declaration::Kind::constant) {
      return constant_value(StaticExpr::name(name), e.where, name);
    }
  }
  if (scope_->helper != nullptr) return unknown_name(e);
  Value value = resolve_register(name, e.where);
  value.text = name;
  return value;
}

Value Lowering::resolve_register(const std::string& name, const Location& where) {
  if (poisoned_.count(name)) return bad(where);
  if (const RegisterInfo* info = find_register(name)) return register_value(*info, where);
  if (handed_in(name)) return task_register(name, where);
  if (numbered_kind(name) != 0) return implicit_register(name, where);
  if (name == "y" && find_register("s1") != nullptr) return register_value(*find_register("s1"), where);
  Expr e;
  e.kind = Expr::Kind::name;
  e.text = name;
  e.where = where;
  return unknown_name(e);
}

Value Lowering::implicit_register(const std::string& name, const Location& where) {
  const Dim n = *Dim::of(StaticExpr::name("features"), core_.sizes);
  const char kind = numbered_kind(name);
  const Shape shape = kind == 's' ? Shape::scalar() : kind == 'v' ? Shape::vector(n) : Shape::matrix(n, n);
  return register_value(add_register(name, shape, {}), where);
}

Value Lowering::task_register(const std::string& name, const Location& where) {
  const Dim batch = *Dim::of(StaticExpr::name("batch"), core_.sizes);
  const Dim features = *Dim::of(StaticExpr::name("features"), core_.sizes);
  const Dim actions = *Dim::of(StaticExpr::name("actions"), core_.sizes);
  if (name == "x") {
    if (!batched_) return resolve_register("v0", where);
    return register_value(add_register("x", Shape::matrix(batch, features), {}), where);
  }
  if (name == "action") {
    const Shape shape = batched_ ? Shape::matrix(batch, actions) : Shape::vector(actions);
    return register_value(add_register(name, shape, {}), where);
  }
  if (name != "target") {
    return register_value(add_register(name, batched_ ? Shape::vector(batch) : Shape::scalar(), {}), where);
  }
  const RegisterInfo* y = find_register("y");
  if (y != nullptr && y->shape.kind != Kind::scalar) {
    const Shape shape = y->shape;
    return register_value(add_register("target", shape, {}), where);
  }
  const bool later = assigned_later_.count("y") != 0 && find_register("s1") == nullptr && y == nullptr;
  if (later && !poisoned_.count("y")) {
    error(where, "`target` has the shape of `y`, which is not known yet here",
          "the label is zero before Learn; declare `state y : vector[outputs]` to use it earlier");
    return bad(where);
  }
  if (poisoned_.count("y")) return bad(where);
  return resolve_register("s0", where);
}

/// Reports a name whose declaration stands below the one that uses it; false when there is none.
bool Lowering::declared_below(const Expr& e) {
  if (scope_->module != &main_ || scope_->helper != nullptr) return false;
  for (const Declaration& d : main_.program.declarations) {
    if (d.name != e.text || d.where.line <= current_.line) continue;
    error(e.where, fmt::format("`{}` is declared on line {}; declarations stand in the order in which they are used", d.name,
                               d.where.line),
          "move that line above this one");
    return true;
  }
  return false;
}

Value Lowering::unknown_name(const Expr& e) {
  if (declared_below(e)) return bad(e.where);
  if (scope_->helper == nullptr && assigned_later_.count(e.text)) {
    error(e.where, fmt::format("`{}` is read here before it is assigned", e.text),
          fmt::format("if it carries a value from one step to the next, declare it: state {} : ...", e.text))
        .notes.push_back({assigned_later_[e.text], "assigned here"});
    return bad(e.where);
  }
  std::vector<std::string> known{"x", "y", "target", "features", "outputs"};
  for (const RegisterInfo& info : core_.registers) known.push_back(info.name);
  for (const mlz::Declaration& d : core_.declarations) known.push_back(d.name);
  for (const auto& [name, value] : scope_->names) known.push_back(name);
  known.erase(std::remove(known.begin(), known.end(), e.text), known.end());
  const std::string near = e.text == "y" ? "" : closest(e.text, known);
  std::string hint = near.empty() ? "" : fmt::format("did you mean `{}`?", near);
  if (e.text == "pi") hint = "write 3.141592653589793, or declare it: const pi = 3.141592653589793";
  if (e.text.ends_with(".shape") || e.text.ends_with(".size"))
    hint = "shapes are sizes, which have names; len(v) is the number of entries or rows";
  if (e.text == "y") hint = "`y` is the prediction; assign it in Predict";
  if (near.empty() && !find_ops(e.text).empty()) hint = fmt::format("`{}` is an operation: call it", e.text);
  if (scope_->helper != nullptr && find_register(e.text) != nullptr) {
    hint = "a helper sees only its arguments; hand it in";
  }
  error(e.where, fmt::format("nothing is called `{}` here", e.text), hint);
  return bad(e.where);
}

}  // namespace mlz::text
