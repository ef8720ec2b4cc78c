#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

constexpr long kMostLines = 200'000;

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
    case Statement::Kind::expression: lower_expression(s); break;
  }
  hold_ = held;
}

/// A value on a line of its own: only NoOp() may stand so.
void Lowering::lower_expression(const Statement& s) {
  const Expr& e = s.value;
  const bool call = e.kind == Expr::Kind::call;
  const Module* module = nullptr;
  if (call && e.text == "NoOp" && e.arguments.empty()) {
    CoreLine line;
    line.where = s.where;
    emit(std::move(line));
  } else if (call && e.text != "?" && find_ops(e.text).empty() && find_helper(e, module) == nullptr && !as_static(e)) {
    unknown_call(e);
  } else {
    error(s.where, "this computes a value and drops it", fmt::format("assign it: a = {}", print(e)));
  }
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

/// The bounds of `range(...)` or `reversed(range(...))`.
bool Lowering::loop_range(const Expr& header, CoreLine& line) {
  const bool reversed = header.text == "reversed" && header.arguments.size() == 1;
  const Expr& range = reversed ? header.arguments[0].value : header;
  const std::size_t count = range.arguments.size();
  if (range.kind != Expr::Kind::call || range.text != "range" || count < 1 || count > 3 || (reversed && count > 2)) {
    error(header.where, "a loop runs over range(n), range(first, last), range(first, last, step) or reversed(range(...))");
    return false;
  }
  std::vector<StaticExpr> bounds;
  for (const Argument& a : range.arguments) {
    const auto bound = need_static(a.value, "the bound of a loop");
    if (!bound) return false;
    bounds.push_back(*bound);
  }
  line.first = count == 1 ? StaticExpr::number(0) : bounds[0];
  line.last = count == 1 ? bounds[0] : bounds[1];
  line.step = count == 3 ? bounds[2] : StaticExpr::number(1);
  if (reversed) reverse(line);
  return true;
}

/// Turns a loop of step 1 round: from the last turn down to the first.
void Lowering::reverse(CoreLine& line) const {
  const auto one_less = [&](const StaticExpr& e) {
    const StaticExpr less = StaticExpr::call("-", {e, StaticExpr::number(1)});
    const auto dim = Dim::of(less, core_.sizes);
    return dim ? dim->expr() : less;
  };
  line.first = std::exchange(line.last, one_less(line.first));
  line.first = one_less(line.first);
  line.step = StaticExpr::number(-1);
}

void Lowering::lower_loop(const Statement& s) {
  CoreLine line;
  line.kind = CoreLine::Kind::loop;
  line.where = s.where;
  line.hold = hold_;
  if (!loop_range(s.value, line)) return;
  const bool taken = declaration(s.variable) != nullptr || find_register(s.variable) != nullptr ||
                     std::find(loops_.begin(), loops_.end(), s.variable) != loops_.end();
  if (taken && scope_->helper == nullptr) {
    error(s.where, fmt::format("`{}` is already in use and cannot be a loop variable", s.variable), "choose another name");
    return;
  }
  line.variable = taken || scope_->helper != nullptr ? fresh(s.variable) : s.variable;
  identifiers_.insert(line.variable);
  lower_turns(s, line);
  emit(std::move(line));
}

/// The body of a loop, in which the name that the program gives its variable stands for `line.variable`.
void Lowering::lower_turns(const Statement& s, CoreLine& line) {
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

}  // namespace mlz::text
