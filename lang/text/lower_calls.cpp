#include <fmt/format.h>

#include <algorithm>

#include "lang/text/hints.hpp"
#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

constexpr std::size_t kMostCalls = 100;  // of helpers inside each other

using Attributes = std::vector<std::vector<StaticExpr>>;

Pending bad(const Location& where) {
  Pending p;
  p.value.where = where;
  return p;
}

std::string usage(const OpInfo& op) {
  std::string out = op.name() + "(";
  for (std::size_t i = 0; i < op.operands.size(); ++i) out += (i ? ", " : "") + std::string(1, static_cast<char>('a' + i));
  if (op.variadic) out += ", ...";
  for (const OpAttribute& a : op.attributes) {
    out += out.back() == '(' ? "" : ", ";
    out += a.default_value.empty() ? a.name + (a.optional ? "?" : "") : a.name + "=" + a.default_value;
  }
  return out + ")";
}

/// numpy's joining functions take one tuple; operands may be handed in that way too.
Expr spread(const Expr& call, const OpInfo& op) {
  if (!op.variadic || call.arguments.empty()) return call;
  const Expr& first = call.arguments[0].value;
  if (first.kind != Expr::Kind::tuple && first.kind != Expr::Kind::list) return call;
  Expr out = call;
  out.arguments.erase(out.arguments.begin());
  std::vector<Argument> items;
  for (const Expr& item : first.operands) items.push_back({"", item});
  out.arguments.insert(out.arguments.begin(), items.begin(), items.end());
  return out;
}

std::size_t positional(const Expr& call) {
  return static_cast<std::size_t>(std::count_if(call.arguments.begin(), call.arguments.end(),
                                                [](const Argument& a) { return a.keyword.empty(); }));
}

}  // namespace

const FunctionDefinition* Lowering::find_helper(const Expr& call, const Module*& module) {
  const std::size_t dot = call.text.find('.');
  const Module* here = scope_->module;
  std::string name = call.text;
  if (dot != std::string::npos) {
    const auto imported = here->imports.find(name.substr(0, dot));
    if (imported == here->imports.end()) return nullptr;
    here = imported->second;
    name = name.substr(dot + 1);
  } else if (const auto from = here->from.find(name); from != here->from.end()) {
    here = from->second.first;
    name = from->second.second;
  }
  const auto found = here->helpers.find(name);
  if (found == here->helpers.end()) return nullptr;
  module = here;
  return found->second;
}

Pending Lowering::build_call(const Expr& e) {
  if (e.text == "?") {
    std::vector<Value> operands;
    for (const Argument& a : e.arguments) operands.push_back(operand(a.value));
    return hole_op(std::move(operands), e.where);
  }
  const Module* module = nullptr;
  if (const FunctionDefinition* helper = find_helper(e, module)) {
    std::vector<Pending> results = inline_helper(e, *helper, *module);
    if (results.size() == 1) return std::move(results[0]);
    if (results.size() > 1) {
      error(e.where, fmt::format("`{}` returns {} values", e.text, results.size()), "assign them all: a, b = ...");
    }
    return bad(e.where);
  }
  if (!find_ops(e.text).empty()) return call_op(e);
  if (e.text == "len") bad_length(e);
  else unknown_call(e);
  return bad(e.where);
}

/// Reports a `len` that is not known before the run.
void Lowering::bad_length(const Expr& e) {
  std::vector<const Expr*> rest;
  const bool members = e.arguments.size() == 1 && e.arguments[0].value.kind == Expr::Kind::index &&
                       family_member(e.arguments[0].value, rest).kind == Value::Kind::family;
  const bool wrong_inside = !members && e.arguments.size() == 1 && build(e.arguments[0].value).value.kind == Value::Kind::bad;
  if (wrong_inside) return;  // reported
  error(e.where, "`len` takes a list of sizes, the name of a family, a vector or a matrix",
        members ? "a size of your own can name the number of members at the next level" : "");
}

void Lowering::unknown_call(const Expr& e) {
  std::vector<std::string> known = op_names();
  for (const auto& [name, helper] : scope_->module->helpers) known.push_back(name);
  for (const auto& [alias, imported] : scope_->module->imports) {
    for (const auto& [name, helper] : imported->helpers) known.push_back(alias + "." + name);
  }
  const std::string near = closest(e.text, known);
  std::string hint = hint_for_call(e.text);
  if (hint.empty()) hint = hint_at(e.text, 0);  // a word of other languages
  if (hint.empty()) hint = near.empty() ? "see mlzrun --list-ops" : fmt::format("did you mean `{}`?", near);
  error(e.where, fmt::format("there is no operation or helper `{}`", e.text), hint);
}

Pending Lowering::call_op(const Expr& original) {
  const OpInfo& op = op_info(find_ops(original.text).front());
  const Expr e = spread(original, op);
  std::size_t given = positional(e);
  const bool is_step = op.name() == "heaviside" && given == 2;  // numpy's value at zero, which AutoML-Zero ignores
  if (is_step && !need_static(e.arguments[1].value, "the second argument of heaviside")) return bad(e.where);
  const std::size_t wanted = op.variadic ? std::max(given, op.operands.size()) : op.operands.size();
  if (given < wanted || (op.id == OpId::noop)) {
    error(e.where, op.id == OpId::noop ? "NoOp() stands on a line of its own"
                                       : fmt::format("`{}` needs {} operand{}", op.name(), wanted, wanted == 1 ? "" : "s"),
          fmt::format("use {}", usage(op)));
    return bad(e.where);
  }
  if ((op.name() == "max" || op.name() == "min") && given == 2 && !as_static(e.arguments[1].value)) {
    error(e.where, fmt::format("`{}` reduces one register", op.name()),
          fmt::format("for the {} of two use {}imum(a, b)", op.name() == "max" ? "larger" : "smaller", op.name()));
    return bad(e.where);
  }
  std::vector<Value> operands;
  for (std::size_t i = 0; i < wanted; ++i) {
    if (!e.arguments[i].keyword.empty()) {
      error(e.where, fmt::format("operands of `{}` come before keywords", op.name()), fmt::format("use {}", usage(op)));
      return bad(e.where);
    }
    operands.push_back(operand(e.arguments[i].value));
  }
  std::vector<Kind> kinds;
  for (const Value& v : operands) kinds.push_back(v.kind == Value::Kind::reg ? v.shape.kind : Kind::scalar);
  const auto overload = find_overload(original.text, kinds);
  const auto attributes = read_attributes(e, overload ? op_info(*overload) : op, is_step ? 2 : wanted);
  if (!attributes) return bad(e.where);
  return build_op(original.text, std::move(operands), *attributes, e.where);
}

std::optional<std::vector<StaticExpr>> Lowering::read_attribute(const Expr& value, const OpAttribute& attribute) {
  std::vector<StaticExpr> out;
  const bool several = value.kind == Expr::Kind::tuple || value.kind == Expr::Kind::list;
  if (several && !attribute.is_shape) {
    error(value.where, fmt::format("`{}` is one number", attribute.name));
    return {};
  }
  const std::vector<Expr> items = several ? value.operands : std::vector<Expr>{value};
  for (const Expr& item : items) {
    const auto one = attribute.is_shape ? need_size(item) : need_static(item, fmt::format("`{}`", attribute.name));
    if (!one) return {};
    out.push_back(*one);
  }
  if (out.empty() || out.size() > 2) {
    error(value.where, "a shape has one size or two", "for example (hidden, features)");
    return {};
  }
  return out;
}

std::optional<Attributes> Lowering::read_attributes(const Expr& e, const OpInfo& op, std::size_t first) {
  Attributes out(op.attributes.size());
  for (std::size_t i = first; i < e.arguments.size(); ++i) {
    const Argument& argument = e.arguments[i];
    const int at = argument.keyword.empty() ? static_cast<int>(i - first) : op.attribute(argument.keyword);
    if (at < 0 || static_cast<std::size_t>(at) >= op.attributes.size()) {
      error(argument.value.where,
            argument.keyword.empty() ? fmt::format("`{}` has too many arguments", op.name())
                                     : fmt::format("`{}` has no argument `{}`", op.name(), argument.keyword),
            fmt::format("use {}", usage(op)));
      return {};
    }
    const auto value = read_attribute(argument.value, op.attributes[static_cast<std::size_t>(at)]);
    if (!value) return {};
    out[static_cast<std::size_t>(at)] = *value;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const OpAttribute& attribute = op.attributes[i];
    if (!out[i].empty() || attribute.optional) continue;
    if (attribute.default_value.empty()) {
      error(e.where, fmt::format("`{}` needs `{}`", op.name(), attribute.name), fmt::format("use {}", usage(op)));
      return {};
    }
    out[i] = {StaticExpr::number(std::stod(attribute.default_value))};
  }
  return out;
}

bool Lowering::bind_arguments(const Expr& call, const FunctionDefinition& helper, Scope& inner) {
  std::map<std::string, int> assigned;
  collect_assigned(helper.body, assigned);
  if (call.arguments.size() != helper.parameters.size()) {
    error(call.where, fmt::format("`{}` takes {} argument{}, not {}", helper.name, helper.parameters.size(),
                                  helper.parameters.size() == 1 ? "" : "s", call.arguments.size()))
        .notes.push_back({helper.where, "defined here"});
    return false;
  }
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    std::size_t at = i;
    if (!call.arguments[i].keyword.empty()) {
      const auto named = std::find_if(helper.parameters.begin(), helper.parameters.end(),
                                      [&](const Parameter& p) { return p.name == call.arguments[i].keyword; });
      if (named == helper.parameters.end()) {
        error(call.arguments[i].value.where, fmt::format("`{}` has no argument `{}`", helper.name, call.arguments[i].keyword))
            .notes.push_back({helper.where, "defined here"});
        return false;
      }
      at = static_cast<std::size_t>(named - helper.parameters.begin());
    }
    const std::string& name = helper.parameters[at].name;
    Value value = materialise(build(call.arguments[i].value));
    if (value.kind == Value::Kind::bad) return false;
    if (assigned.count(name) && value.kind == Value::Kind::reg) {
      // The helper writes to its argument: it gets a copy of its own.
      const Value source = value;
      value = materialise(finish(OpId::copy, {source}, {}, call.where));
    } else if (assigned.count(name) && value.kind == Value::Kind::constant) {
      value = materialise(finish(OpId::constant, {}, {{value.constant}}, call.where));
    }
    if (!inner.names.emplace(name, value).second) {
      error(call.where, fmt::format("argument `{}` is given twice", name));
      return false;
    }
  }
  for (const auto& [name, count] : assigned) {
    if (count == 1 && !inner.names.count(name)) inner.single_assigned.insert(name);
  }
  return true;
}

std::vector<Pending> Lowering::inline_helper(const Expr& call, const FunctionDefinition& helper, const Module& module) {
  if (std::find(calls_.begin(), calls_.end(), &helper) != calls_.end()) {
    error(call.where, fmt::format("`{}` calls itself; helpers are inlined, so that cannot end", helper.name),
          "use a `for` loop");
    return {};
  }
  if (calls_.size() == kMostCalls) {
    error(call.where, fmt::format("helpers call each other more than {} deep", kMostCalls));
    return {};
  }
  Scope inner;
  inner.module = &module;
  inner.helper = &helper;
  if (!bind_arguments(call, helper, inner)) return {};
  const int turn = dry_ ? 0 : ++inlined_[helper.name];
  inner.prefix = fmt::format("{}{}", helper.name, turn);
  std::vector<Pending> results;
  calls_.push_back(&helper);
  call_sites_.push_back(call.where);
  Scope* outer = std::exchange(scope_, &inner);
  for (std::size_t i = 0; i < helper.body.size(); ++i) {
    const Statement& s = helper.body[i];
    if (s.kind != Statement::Kind::result) {
      lower_statement(s);
      continue;
    }
    if (i + 1 != helper.body.size()) error(s.where, "`return` must be the last line of a helper");
    const bool several = s.value.kind == Expr::Kind::tuple;
    for (const Expr& item : several ? s.value.operands : std::vector<Expr>{s.value}) results.push_back(build(item));
  }
  scope_ = outer;
  calls_.pop_back();
  call_sites_.pop_back();
  if (results.empty()) error(call.where, fmt::format("`{}` returns nothing", helper.name), "end it with `return ...`");
  return results;
}

}  // namespace mlz::text
