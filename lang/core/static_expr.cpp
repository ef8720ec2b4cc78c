#include "lang/core/static_expr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/core/diagnostics.hpp"

namespace mlz {

struct StaticExpr::Node {
  Kind kind;
  double value = 0;
  std::string text;
  std::vector<StaticExpr> args;
  std::int64_t nodes = 1;  // of the whole tree
  int depth = 1;

  Node(Kind k, double v, std::string t, std::vector<StaticExpr> a)
      : kind(k), value(v), text(std::move(t)), args(std::move(a)) {
    for (const StaticExpr& arg : args) {
      if (!arg) continue;
      nodes += arg.node_->nodes;
      depth = std::max(depth, arg.node_->depth + 1);
    }
    if (nodes <= kMaxNodes && depth <= kMaxDepth) return;
    throw InputError(fmt::format("an expression known before the run has more than {} operands, or operators more than "
                                 "{} deep, once it is written out; helpers and sizes that use each other twice grow fast",
                                 kMaxNodes, kMaxDepth));
  }
};

namespace {

const std::vector<StaticExpr> kNoArgs;
const std::string kNoText;

constexpr StaticFunction kFunctions[] = {
    {"+", 2, [](double a, double b) { return a + b; }, true},
    {"-", 2, [](double a, double b) { return a - b; }, true},
    {"*", 2, [](double a, double b) { return a * b; }, true},
    {"/", 2, [](double a, double b) { return a / b; }, false},
    {"//", 2, [](double a, double b) { return std::floor(a / b); }, true},
    {"%", 2, [](double a, double b) { return a - b * std::floor(a / b); }, true},
    {"**", 2, [](double a, double b) { return std::pow(a, b); }, true},
    {"<", 2, [](double a, double b) { return a < b ? 1.0 : 0.0; }, true},
    {"<=", 2, [](double a, double b) { return a <= b ? 1.0 : 0.0; }, true},
    {">", 2, [](double a, double b) { return a > b ? 1.0 : 0.0; }, true},
    {">=", 2, [](double a, double b) { return a >= b ? 1.0 : 0.0; }, true},
    {"==", 2, [](double a, double b) { return a == b ? 1.0 : 0.0; }, true},
    {"!=", 2, [](double a, double b) { return a != b ? 1.0 : 0.0; }, true},
    {"and", 2, [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }, true},
    {"or", 2, [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }, true},
    {"not", 1, [](double a, double) { return a == 0 ? 1.0 : 0.0; }, true},
    {"neg", 1, [](double a, double) { return -a; }, true},
    {"abs", 1, [](double a, double) { return std::fabs(a); }, true},
    {"min", 2, [](double a, double b) { return b < a ? b : a; }, true},
    {"max", 2, [](double a, double b) { return a < b ? b : a; }, true},
    {"sqrt", 1, [](double a, double) { return std::sqrt(a); }, false},
    {"exp", 1, [](double a, double) { return std::exp(a); }, false},
    {"log", 1, [](double a, double) { return std::log(a); }, false},
    {"sin", 1, [](double a, double) { return std::sin(a); }, false},
    {"cos", 1, [](double a, double) { return std::cos(a); }, false},
    {"tanh", 1, [](double a, double) { return std::tanh(a); }, false},
    {"floor", 1, [](double a, double) { return std::floor(a); }, true},
};

/// How tightly an operator binds, as in Python; 0 for a function call.
int precedence(const StaticExpr& e) {
  if (e.kind() == StaticExpr::Kind::number && (e.value() < 0 || std::signbit(e.value()))) return 7;
  if (e.kind() != StaticExpr::Kind::call) return 10;
  const std::string& f = e.text();
  if (f == "or") return 1;
  if (f == "and") return 2;
  if (f == "not") return 3;
  if (f == "<" || f == "<=" || f == ">" || f == ">=" || f == "==" || f == "!=") return 4;
  if (e.args().size() == 2 && (f == "+" || f == "-")) return 5;
  if (f == "*" || f == "/" || f == "//" || f == "%") return 6;
  if (f == "neg") return 7;
  if (f == "**") return 8;
  return 10;
}

std::string wrapped(const StaticExpr& e, int least) {
  return precedence(e) < least ? "(" + e.print() + ")" : e.print();
}

std::string print_call(const StaticExpr& e) {
  const std::string& f = e.text();
  const auto& a = e.args();
  const int mine = precedence(e);
  if (mine == 10) {
    std::string out = f + "(";
    for (std::size_t i = 0; i < a.size(); ++i) out += (i ? ", " : "") + a[i].print();
    return out + ")";
  }
  if (f == "neg") return "-" + wrapped(a[0], 8);
  if (f == "not") return "not " + wrapped(a[0], 3);
  if (f == "**") return wrapped(a[0], 9) + " ** " + wrapped(a[1], 8);
  if (mine == 4) return wrapped(a[0], 5) + " " + f + " " + wrapped(a[1], 5);
  return wrapped(a[0], mine) + " " + f + " " + wrapped(a[1], mine + 1);
}

}  // namespace

StaticExpr StaticExpr::number(double value) {
  StaticExpr e;
  e.node_ = std::make_shared<Node>(Kind::number, value, std::string(), std::vector<StaticExpr>());
  return e;
}
StaticExpr StaticExpr::name(std::string name) {
  StaticExpr e;
  e.node_ = std::make_shared<Node>(Kind::name, 0, std::move(name), std::vector<StaticExpr>());
  return e;
}
StaticExpr StaticExpr::element(std::string list, StaticExpr index) {
  StaticExpr e;
  e.node_ = std::make_shared<Node>(Kind::element, 0, std::move(list), std::vector<StaticExpr>{std::move(index)});
  return e;
}
StaticExpr StaticExpr::list(std::vector<StaticExpr> items) {
  StaticExpr e;
  e.node_ = std::make_shared<Node>(Kind::list, 0, std::string(), std::move(items));
  return e;
}
StaticExpr StaticExpr::call(std::string function, std::vector<StaticExpr> args) {
  StaticExpr e;
  // A minus before a literal is part of the literal, so that text and value agree.
  if (function == "neg" && args[0].kind() == Kind::number && !std::signbit(args[0].value())) {
    return number(-args[0].value());
  }
  e.node_ = std::make_shared<Node>(Kind::call, 0, std::move(function), std::move(args));
  return e;
}

StaticExpr::Kind StaticExpr::kind() const { return node_->kind; }
double StaticExpr::value() const { return node_->value; }
std::int64_t StaticExpr::nodes() const { return node_ ? node_->nodes : 0; }
const std::string& StaticExpr::text() const { return node_ ? node_->text : kNoText; }
const std::vector<StaticExpr>& StaticExpr::args() const { return node_ ? node_->args : kNoArgs; }

std::string StaticExpr::print() const {
  if (!node_) return {};
  switch (kind()) {
    case Kind::number: return print_number(value());
    case Kind::name: return text();
    case Kind::element: return text() + "[" + args()[0].print() + "]";
    case Kind::call: return print_call(*this);
    case Kind::list: break;
  }
  std::string out = "[";
  for (std::size_t i = 0; i < args().size(); ++i) out += (i ? ", " : "") + args()[i].print();
  return out + "]";
}

bool StaticExpr::operator==(const StaticExpr& other) const {
  if (node_ == other.node_) return true;
  if (!node_ || !other.node_) return false;
  if (kind() != other.kind() || text() != other.text() || args().size() != other.args().size()) return false;
  if (kind() == Kind::number && print_number(value()) != print_number(other.value())) return false;
  for (std::size_t i = 0; i < args().size(); ++i) {
    if (!(args()[i] == other.args()[i])) return false;
  }
  return true;
}

StaticExpr StaticExpr::substitute(const std::map<std::string, StaticExpr>& replacements) const {
  if (!node_ || replacements.empty()) return *this;
  if (kind() == Kind::name) {
    const auto found = replacements.find(text());
    return found == replacements.end() ? *this : found->second;
  }
  if (args().empty()) return *this;
  std::vector<StaticExpr> changed;
  for (const StaticExpr& arg : args()) changed.push_back(arg.substitute(replacements));
  if (kind() == Kind::list) return list(std::move(changed));
  if (kind() == Kind::call) return call(text(), std::move(changed));
  const auto renamed = replacements.find(text());  // a list handed to a helper under another name
  if (renamed == replacements.end()) return element(text(), changed[0]);
  if (renamed->second.kind() == Kind::name) return element(renamed->second.text(), changed[0]);
  return element(text(), changed[0]);
}

void StaticExpr::visit_names(const std::function<void(const std::string&)>& visit) const {
  if (!node_) return;
  if (kind() == Kind::name || kind() == Kind::element) visit(text());
  for (const StaticExpr& arg : args()) arg.visit_names(visit);
}

const StaticFunction* find_static_function(const std::string& name) {
  for (const StaticFunction& f : kFunctions) {
    if (name == f.name) return &f;
  }
  return nullptr;
}

std::vector<std::string> static_function_names() {
  std::vector<std::string> names;
  for (const StaticFunction& f : kFunctions) names.push_back(f.name);
  return names;
}

std::optional<double> evaluate(const StaticExpr& e, const StaticScope& scope, std::string& why) {
  using Kind = StaticExpr::Kind;
  if (!e) {
    why = "there is no value";
    return {};
  }
  if (e.kind() == Kind::number) return e.value();
  if (e.kind() == Kind::list) {
    why = "a list is not a number";
    return {};
  }
  if (e.kind() == Kind::name) {
    const auto found = scope.values.find(e.text());
    if (found != scope.values.end()) return found->second;
    why = scope.lists.count(e.text()) ? fmt::format("`{}` is a list, not a number", e.text())
                                      : fmt::format("`{}` has no value here", e.text());
    return {};
  }
  if (e.text() == "len" && e.kind() == Kind::call) {
    const auto found = scope.lists.find(e.args()[0].text());
    if (found != scope.lists.end()) return static_cast<double>(found->second.size());
    why = fmt::format("`{}` is not a list of sizes", e.args()[0].print());
    return {};
  }
  const std::optional<double> a = evaluate(e.args()[0], scope, why);
  if (!a) return {};
  if (e.kind() == Kind::element) {
    const auto found = scope.lists.find(e.text());
    if (found == scope.lists.end()) {
      why = fmt::format("`{}` is not a list of sizes", e.text());
      return {};
    }
    const auto count = static_cast<double>(found->second.size());
    const double index = *a < 0 ? *a + count : *a;
    if (index < 0 || index >= count || index != std::floor(index)) {
      why = fmt::format("`{}` has {} entries; there is no entry {}", e.text(), count, *a);
      return {};
    }
    return found->second[static_cast<std::size_t>(index)];
  }
  const StaticFunction* f = find_static_function(e.text());
  if (f == nullptr) {
    why = fmt::format("`{}` is not known before the run", e.text());
    return {};
  }
  if (f->arity == 1) return f->apply(*a, 0);
  const std::optional<double> b = evaluate(e.args()[1], scope, why);
  if (!b) return {};
  return f->apply(*a, *b);
}

std::string print_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "1e999" : "-1e999";
  if (value == std::floor(value) && std::fabs(value) < 1e15 && !(value == 0 && std::signbit(value))) {
    return fmt::format("{}", static_cast<long long>(value));
  }
  return fmt::format("{}", value);
}

}  // namespace mlz
