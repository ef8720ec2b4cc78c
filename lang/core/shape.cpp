#include "lang/core/shape.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lang/core/diagnostics.hpp"

namespace mlz {
namespace {

/// The entry of a literal list that a whole index names, if both are known.
const StaticExpr* list_entry(const SizeTable& sizes, const std::string& list, const Dim& index) {
  const auto found = sizes.lists.find(list);
  if (found == sizes.lists.end()) return nullptr;
  const auto& items = found->second.args();
  const std::optional<std::int64_t> i = index.constant();
  if (!i) return nullptr;
  const std::int64_t count = static_cast<std::int64_t>(items.size());
  const std::int64_t at = *i < 0 ? *i + count : *i;
  return at >= 0 && at < count ? &items[static_cast<std::size_t>(at)] : nullptr;
}

std::optional<std::int64_t> whole(double value) {
  if (value != std::floor(value) || std::fabs(value) > 9e15) return {};
  return static_cast<std::int64_t>(value);
}

[[noreturn]] void too_large() {
  throw InputError(fmt::format("a size multiplies out to more than {} terms, or to a number beyond 64 bits; use simpler sizes",
                               Dim::kMaxTerms));
}

StaticExpr product(StaticExpr a, StaticExpr b) { return StaticExpr::call("*", {std::move(a), std::move(b)}); }

}  // namespace

Dim::Dim(std::int64_t value) { add_term({}, value); }

Dim Dim::atom(StaticExpr expr) {
  Dim d;
  const std::string key = expr.print();
  d.add_term({{key, 1}}, 1);
  d.atoms_.emplace(key, std::move(expr));
  return d;
}

void Dim::add_term(const Factors& factors, std::int64_t coefficient) {
  std::int64_t& slot = terms_[factors];
  if (__builtin_add_overflow(slot, coefficient, &slot)) too_large();
  if (slot == 0) terms_.erase(factors);
  if (terms_.size() > kMaxTerms) too_large();
}

void Dim::take_atoms(const Dim& other) { atoms_.insert(other.atoms_.begin(), other.atoms_.end()); }

Dim Dim::operator+(const Dim& other) const {
  Dim sum = *this;
  for (const auto& [factors, coefficient] : other.terms_) sum.add_term(factors, coefficient);
  sum.take_atoms(other);
  return sum;
}

Dim Dim::operator-(const Dim& other) const { return *this + other * Dim(-1); }

Dim Dim::operator*(const Dim& other) const {
  Dim out;
  for (const auto& [mine, a] : terms_) {
    for (const auto& [theirs, b] : other.terms_) {
      Factors factors = mine;
      for (const auto& [name, power] : theirs) factors[name] += power;
      std::int64_t coefficient = 0;
      if (__builtin_mul_overflow(a, b, &coefficient)) too_large();
      out.add_term(factors, coefficient);
    }
  }
  out.take_atoms(*this);
  out.take_atoms(other);
  return out;
}

std::optional<Dim> Dim::divided_by(const Dim& other) const {
  if (other.terms_.empty()) return {};
  const auto& [lead, lead_coefficient] = *other.terms_.rbegin();
  Dim rest = *this;
  Dim quotient;
  for (int guard = 0; !rest.terms_.empty() && guard < 100; ++guard) {
    bool divided = false;
    for (auto term = rest.terms_.rbegin(); term != rest.terms_.rend(); ++term) {
      Factors factors = term->first;
      bool fits = term->second % lead_coefficient == 0;
      for (const auto& [name, power] : lead) {
        const auto found = factors.find(name);
        if (found == factors.end() || found->second < power) fits = false;
        else if ((found->second -= power) == 0) factors.erase(found);
        if (!fits) break;
      }
      if (!fits) continue;
      Dim part;
      part.add_term(factors, term->second / lead_coefficient);
      part.take_atoms(*this);
      quotient = quotient + part;
      rest = rest - part * other;  // ends the life of `term`
      divided = true;
      break;
    }
    if (!divided) return {};
  }
  if (!rest.terms_.empty()) return {};
  return quotient;
}

std::optional<std::int64_t> Dim::constant() const {
  if (terms_.empty()) return 0;
  if (terms_.size() == 1 && terms_.begin()->first.empty()) return terms_.begin()->second;
  return {};
}

StaticExpr Dim::expr() const {
  if (terms_.empty()) return StaticExpr::number(0);
  StaticExpr sum;
  std::int64_t constant_term = 0;
  for (const auto& [factors, coefficient] : terms_) {
    if (factors.empty()) {
      constant_term = coefficient;
      continue;
    }
    StaticExpr term;
    const std::int64_t size = sum ? std::abs(coefficient) : coefficient;
    if (size != 1) term = StaticExpr::number(static_cast<double>(size));
    for (const auto& [name, power] : factors) {
      for (int i = 0; i < power; ++i) term = term ? product(term, atoms_.at(name)) : atoms_.at(name);
    }
    sum = sum ? StaticExpr::call(coefficient < 0 ? "-" : "+", {sum, term}) : term;
  }
  if (!sum) return StaticExpr::number(static_cast<double>(constant_term));
  if (constant_term == 0) return sum;
  const StaticExpr last = StaticExpr::number(static_cast<double>(std::abs(constant_term)));
  return StaticExpr::call(constant_term < 0 ? "-" : "+", {sum, last});
}

std::optional<Dim> Dim::of(const StaticExpr& expr, const SizeTable& sizes) {
  Known known;
  return of(expr, sizes, known);
}

std::optional<Dim> Dim::of(const StaticExpr& expr, const SizeTable& sizes, Known& known) {
  using K = StaticExpr::Kind;
  if (!expr || expr.kind() == K::list) return {};
  if (expr.kind() == K::number) {
    const auto value = whole(expr.value());
    return value ? std::optional<Dim>(Dim(*value)) : std::nullopt;
  }
  if (expr.kind() == K::name) {
    const auto alias = sizes.aliases.find(expr.text());
    if (alias == sizes.aliases.end()) return atom(expr);
    const auto before = known.find(expr.text());
    if (before != known.end()) return before->second;
    return known[expr.text()] = of(alias->second, sizes, known);
  }
  if (expr.kind() == K::call && expr.text() == "len") {
    const auto list = sizes.lists.find(expr.args()[0].text());
    if (list != sizes.lists.end()) return Dim(static_cast<std::int64_t>(list->second.args().size()));
    return atom(expr);
  }
  std::vector<Dim> args;
  for (const StaticExpr& arg : expr.args()) {
    std::optional<Dim> dim = of(arg, sizes, known);
    if (!dim) return {};
    args.push_back(std::move(*dim));
  }
  if (expr.kind() == K::call) return of_call(expr, std::move(args));
  if (const StaticExpr* entry = list_entry(sizes, expr.text(), args[0])) return of(*entry, sizes, known);
  return atom(StaticExpr::element(expr.text(), args[0].expr()));
}

std::optional<Dim> Dim::of_call(const StaticExpr& expr, std::vector<Dim> args) {
  const std::string& f = expr.text();
  if (f == "+") return args[0] + args[1];
  if (f == "-") return args[0] - args[1];
  if (f == "*") return args[0] * args[1];
  if (f == "neg") return args[0] * Dim(-1);
  const StaticFunction* function = find_static_function(f);
  if (function == nullptr || (!function->whole && f != "/")) return {};
  if (f == "//" || f == "/") {
    if (auto quotient = args[0].divided_by(args[1])) return quotient;
  }
  if (f == "/") return {};
  std::vector<StaticExpr> normal;
  bool constant = true;
  for (const Dim& arg : args) {
    normal.push_back(arg.expr());
    constant = constant && arg.constant().has_value();
  }
  if (!constant) return atom(StaticExpr::call(f, std::move(normal)));
  const double b = args.size() > 1 ? static_cast<double>(*args[1].constant()) : 0;
  const auto value = whole(function->apply(static_cast<double>(*args[0].constant()), b));
  return value ? std::optional<Dim>(Dim(*value)) : std::nullopt;
}

char kind_letter(Kind kind) { return "svm"[static_cast<int>(kind)]; }

const char* kind_name(Kind kind) {
  static constexpr const char* kNames[] = {"scalar", "vector", "matrix"};
  return kNames[static_cast<int>(kind)];
}

std::string Shape::print() const {
  if (kind == Kind::scalar) return "scalar";
  if (kind == Kind::vector) return fmt::format("vector[{}]", dims[0].print());
  return fmt::format("matrix[{}, {}]", dims[0].print(), dims[1].print());
}

}  // namespace mlz
