#include "lang/text/readable_uses.hpp"

#include <algorithm>
#include <functional>

#include "lang/core/op_table.hpp"

namespace mlz::text {
namespace {

/// Calls f(part) for the direct parts of an expression.
template <class E, class F>
void for_each_part(E& e, F&& f) {
  for (auto& operand : e.operands) f(operand);
  for (auto& argument : e.arguments) f(argument.value);
  for (auto& subscript : e.subscripts) {
    f(subscript.lo);
    f(subscript.hi);
  }
}

const Expr& base_of(const Expr& target) {
  return target.kind == Expr::Kind::index ? base_of(target.operands[0]) : target;
}

void replace(Expr& e, const std::string& name, const Expr& by) {
  if (e.kind == Expr::Kind::name && e.text == name) {
    e = by;
    return;
  }
  for_each_part(e, [&](Expr& part) { replace(part, name, by); });
}

bool has_name(const Expr& e, const std::string& name) { return e.kind == Expr::Kind::name && e.text == name; }

/// Whether every occurrence inside e has a register beside it that is not `name` itself.
bool has_company(const Expr& e, const std::string& name, const std::set<std::string>& registers) {
  bool direct = false, company = false, fine = true;
  for_each_part(e, [&](const Expr& part) {
    direct |= has_name(part, name);
    if (!has_name(part, name)) {
      std::set<std::string> others = registers;
      others.erase(name);
      company |= reads_any(part, others);
      fine = fine && has_company(part, name, registers);
    }
  });
  if (!direct) return fine;
  const bool operator_or_call = (e.kind == Expr::Kind::binary && e.text != "**") || e.kind == Expr::Kind::call;
  return fine && company && operator_or_call;
}

}  // namespace

std::size_t count_reads(const Expr& e, const std::string& name) {
  std::size_t count = has_name(e, name) ? 1 : 0;
  for_each_part(e, [&](const Expr& part) { count += count_reads(part, name); });
  return count;
}

std::size_t count_reads_here(const Statement& s, const std::string& name) {
  std::size_t count = count_reads(s.value, name);
  for (const Expr& target : s.targets) {
    if (target.kind == Expr::Kind::index) count += count_reads(target, name);
  }
  return count;
}

bool writes_name(const Statement& s, const std::string& name) {
  return std::any_of(s.targets.begin(), s.targets.end(),
                     [&](const Expr& target) { return base_of(target).text == name; });
}

bool mentions(const Statement& s, const std::string& name) {
  bool found = false;
  for_each_statement(
      s, [&](const Statement& each) { found |= writes_name(each, name) || count_reads_here(each, name) > 0; });
  return found;
}

bool reads_any(const Expr& e, const std::set<std::string>& names) {
  bool found = e.kind == Expr::Kind::name && names.count(e.text) != 0;
  for_each_part(e, [&](const Expr& part) { found = found || reads_any(part, names); });
  return found;
}

bool draws(const Expr& e) {
  bool found = false;
  if (e.kind == Expr::Kind::call) {
    const auto ops = find_ops(e.text);
    found = !ops.empty() && op_info(ops.front()).has(kRandom);
  }
  for_each_part(e, [&](const Expr& part) { found = found || draws(part); });
  return found;
}

bool occurrences_stay_operands(const Statement& s, const std::string& name, const std::set<std::string>& registers) {
  return has_name(s.value, name) || has_company(s.value, name, registers);
}

void replace_reads(Statement& s, const std::string& name, const Expr& by) { replace(s.value, name, by); }

void rename(Statement& s, const std::string& old, const std::string& name) {
  const std::function<void(Expr&)> walk = [&](Expr& e) {
    if (has_name(e, old)) e.text = name;
    for_each_part(e, walk);
  };
  walk(s.value);
  for (Expr& target : s.targets) walk(target);
}

}  // namespace mlz::text
