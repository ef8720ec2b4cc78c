#include "lang/text/lowering.hpp"

#include <fmt/format.h>

#include <cctype>

#include "lang/core/roles.hpp"

namespace mlz::text {
namespace {

void collect_names(const Expr& e, std::set<std::string>& names) {
  if (e.kind == Expr::Kind::name) names.insert(e.text);
  for (const Expr& operand : e.operands) collect_names(operand, names);
  for (const Argument& argument : e.arguments) collect_names(argument.value, names);
  for (const Subscript& s : e.subscripts) {
    collect_names(s.lo, names);
    collect_names(s.hi, names);
  }
}

void collect_names(const std::vector<Statement>& body, std::set<std::string>& names) {
  for (const Statement& s : body) {
    for (const Expr& target : s.targets) collect_names(target, names);
    collect_names(s.value, names);
    if (!s.variable.empty()) names.insert(s.variable);
    collect_names(s.body, names);
    collect_names(s.otherwise, names);
  }
}

}  // namespace

char numbered_kind(const std::string& name) {
  if (name.size() < 2 || name.size() > 6) return 0;
  if (name[0] != 's' && name[0] != 'v' && name[0] != 'm') return 0;
  if (name.size() > 2 && name[1] == '0') return 0;
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (!std::isdigit(static_cast<unsigned char>(name[i]))) return 0;
  }
  return name[0];
}

void collect_assigned(const std::vector<Statement>& body, std::map<std::string, int>& counts,
                      std::map<std::string, Location>* where) {
  for (const Statement& s : body) {
    for (const Expr& target : s.targets) {
      const Expr* base = &target;
      while (base->kind == Expr::Kind::index) base = &base->operands[0];
      ++counts[base->text];
      if (where != nullptr) where->emplace(base->text, base->where);
    }
    const int before = 2;  // inside a block a name counts as assigned more than once
    std::map<std::string, int> inner;
    collect_assigned(s.body, inner, where);
    collect_assigned(s.otherwise, inner, where);
    for (const auto& [name, count] : inner) counts[name] += before * count;
  }
}

Shape substitute(const Shape& shape, const std::map<std::string, StaticExpr>& names, const SizeTable& sizes) {
  Shape out = shape;
  for (Dim& dim : out.dims) {
    if (const auto changed = Dim::of(dim.expr().substitute(names), sizes)) dim = *changed;
  }
  return out;
}

Lowering::Lowering(const Module& main, const CompileOptions& options, Diagnostics& diagnostics)
    : main_(main), options_(options), diagnostics_(diagnostics) {
  core_.sizes.aliases["n_features"] = StaticExpr::name("features");
  for (const Declaration& d : main.program.declarations) identifiers_.insert(d.name);
  std::map<std::string, int> counts;
  for (const FunctionDefinition& f : main.program.functions) {
    collect_names(f.body, identifiers_);
    if (f.name == "Setup" || f.name == "Predict" || f.name == "Learn") {
      collect_assigned(f.body, counts, &assigned_later_);
    }
  }
}

CoreProgram Lowering::run() {
  core_.doc = main_.program.doc;
  Scope scope;
  scope.module = &main_;
  scope_ = &scope;
  std::array<const FunctionDefinition*, 3> found{};
  for (const FunctionDefinition& f : main_.program.functions) {
    for (Function which : kFunctions) {
      const auto i = static_cast<std::size_t>(which);
      if (f.name != function_name(which)) continue;
      if (found[i] != nullptr) error(f.where, fmt::format("`{}` is defined twice", f.name), "merge the two");
      found[i] = &f;
    }
  }
  try {
    check_overrides();
    declare_all();
    for (Function which : kFunctions) {
      if (const FunctionDefinition* f = found[static_cast<std::size_t>(which)]) lower_function(*f, which);
    }
  } catch (const TooLong&) {
    error({main_.program.file, 1, 1, 1}, "the program has more than 200,000 lines once its helpers are inlined",
          "helpers that call helpers many times grow fast; use a `for` loop");
  } catch (const InputError& e) {  // an expression beyond the limits of StaticExpr or Dim
    dry_ = false;
    error(current_, e.what());
  }
  scope_ = &scope;
  give_roles(core_);
  return std::move(core_);
}

Diagnostic& Lowering::error(const Location& where, std::string message, std::string hint) {
  if (dry_) return ignored_ = {};
  const std::string key = fmt::format("{}:{}:{}:{}", static_cast<const void*>(where.file.get()), where.line,
                                      where.column, message);
  if (!reported_.insert(key).second) return ignored_ = {};
  Diagnostic& made = diagnostics_.error(where, std::move(message), std::move(hint));
  for (auto site = call_sites_.rbegin(); site != call_sites_.rend(); ++site) {
    made.notes.push_back({*site, "in this call"});
  }
  return made;
}

void Lowering::note_shape(Diagnostic& diagnostic, const Value& value) {
  if (value.kind == Value::Kind::constant) return;
  const auto seen = value.kind == Value::Kind::reg ? first_seen_.find(value.ref.name) : first_seen_.end();
  if (seen != first_seen_.end() && seen->second.known()) {
    diagnostic.notes.push_back(
        {seen->second, fmt::format("`{}` is {}, from here", value.ref.print(), value.shape.print())});
  } else {
    diagnostic.notes.push_back({value.where, fmt::format("this is {}", value.shape.print())});
  }
}

}  // namespace mlz::text
