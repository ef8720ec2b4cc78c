#pragma once
#include <set>
#include <string>

#include "lang/text/ast.hpp"

/// What lines in core form read and write, by name.
namespace mlz::text {

/// Calls f(statement) for a statement and all inside it, in the order of the text.
template <class S, class F>
void for_each_statement(S& statement, F&& f) requires requires {
  statement.targets;
}
{
  f(statement);
  for (auto& inner : statement.body) for_each_statement(inner, f);
  for (auto& inner : statement.otherwise) for_each_statement(inner, f);
}

/// The same for all statements of a program, Setup first.
template <class P, class F>
void for_each_statement(P& program, F&& f) requires requires {
  program.functions;
}
{
  for (auto& function : program.functions) {
    for (auto& statement : function.body) for_each_statement(statement, f);
  }
}

/// How often an expression has the name.
std::size_t count_reads(const Expr& e, const std::string& name);
/// How often a line reads it; lines inside it do not count. Writing a part of a register reads it.
std::size_t count_reads_here(const Statement& s, const std::string& name);
bool writes_name(const Statement& s, const std::string& name);  ///< all or part of it; lines inside do not count
bool mentions(const Statement& s, const std::string& name);     ///< lines inside count
bool reads_any(const Expr& e, const std::set<std::string>& names);
/// Whether an expression draws random numbers.
bool draws(const Expr& e);

/// Whether a number can stand for `name` wherever a line reads it: as an operand beside some register, or alone.
bool occurrences_stay_operands(const Statement& s, const std::string& name, const std::set<std::string>& registers);

void replace_reads(Statement& s, const std::string& name, const Expr& by);   ///< lines inside are left out
void rename(Statement& s, const std::string& old, const std::string& name);  ///< likewise

}  // namespace mlz::text
