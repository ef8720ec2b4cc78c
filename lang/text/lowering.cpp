#include "lang/text/lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "lang/core/roles.hpp"

namespace mlz::text {
namespace {

/// The texts of all expressions of one kind: names, or what calls call.
void collect_texts(const Expr& e, Expr::Kind kind, std::set<std::string>& texts) {
  if (e.kind == kind) texts.insert(e.text);
  for (const Expr& operand : e.operands) collect_texts(operand, kind, texts);
  for (const Argument& argument : e.arguments) collect_texts(argument.value, kind, texts);
  for (const Subscript& s : e.subscripts) {
    collect_texts(s.lo, kind, texts);
    collect_texts(s.hi, kind, texts);
  }
}

void collect_texts(const std::vector<Statement>& body, Expr::Kind kind, std::set<std::string>& texts) {
  for (const Statement& s : body) {
    for (const Expr& target : s.targets) collect_texts(target, kind, texts);
    collect_texts(s.value, kind, texts);
    if (!s.variable.empty()) texts.insert(s.variable);
    collect_texts(s.body, kind, texts);
    collect_texts(s.otherwise, kind, texts);
  }
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Whether two words are equal but for one letter, added, left out or another, or for two that changed places.
bool nearly_equal(std::string a, std::string b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() > a.size() + 1) return false;
  const auto differ = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  if (differ == a.size()) return true;
  if (a.size() < b.size()) return a.substr(differ) == b.substr(differ + 1);
  if (a.substr(differ + 1) == b.substr(differ + 1)) return true;
  std::swap(a[differ], a[std::min(differ + 1, a.size() - 1)]);
  return a == b;
}

}  // namespace

bool handed_in(const std::string& name) {
  return name == "x" || name == "target" || name == "reward" || name == "action" || name == "done";
}

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
    collect_texts(f.body, Expr::Kind::name, identifiers_);
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
  check_entry_names();
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

/// Reports helpers that were likely meant to be Setup, Predict or Learn: no line calls them, and the program lacks the
/// function whose name theirs nearly is.
void Lowering::check_entry_names() {
  const std::vector<FunctionDefinition>& all = main_.program.functions;
  std::set<std::string> called;
  for (const FunctionDefinition& f : all) collect_texts(f.body, Expr::Kind::call, called);
  for (Function which : kFunctions) {
    const std::string name = function_name(which);
    if (std::any_of(all.begin(), all.end(), [&](const FunctionDefinition& f) { return f.name == name; })) continue;
    for (const FunctionDefinition& f : all) {
      if (called.count(f.name) != 0 || !nearly_equal(lower_case(f.name), lower_case(name))) continue;
      error(f.where, fmt::format("`{}` is called nowhere", f.name), fmt::format("did you mean `{}`?", name));
    }
  }
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
  const std::string name = value.ref.member.empty() && !value.text.empty() ? value.text : value.ref.print();
  if (handed_in(name)) {
    const std::string what = name == "x" ? "the features" : name == "target" ? "the label" : fmt::format("the {}", name);
    diagnostic.notes.push_back({value.where, fmt::format("`{}` is {}, {} of the task", name, value.shape.print(), what)});
  } else if (numbered_kind(name) != 0 && declaration(name) == nullptr) {
    diagnostic.notes.push_back({value.where, fmt::format("`{}` is {}, as its name says", name, value.shape.print())});
  } else if (seen != first_seen_.end() && seen->second.known()) {
    diagnostic.notes.push_back({seen->second, fmt::format("`{}` is {}, from here", name, value.shape.print())});
  } else {
    diagnostic.notes.push_back({value.where, fmt::format("this is {}", value.shape.print())});
  }
}

}  // namespace mlz::text
