#include <algorithm>
#include <cmath>

#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

template <typename Items, typename Same>
bool all_equal(const Items& a, const Items& b, Same same) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

/// Equal as text: zeros differ by their sign, NaN equals itself.
bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

bool same_expressions(const std::vector<Expr>& a, const std::vector<Expr>& b) {
  return all_equal(a, b, [](const Expr& x, const Expr& y) { return equal(x, y); });
}

bool same_argument(const Argument& a, const Argument& b) {
  return a.keyword == b.keyword && equal(a.value, b.value);
}

bool same_subscript(const Subscript& a, const Subscript& b) {
  return a.range == b.range && equal(a.lo, b.lo) && equal(a.hi, b.hi);
}

bool same_statements(const std::vector<Statement>& a, const std::vector<Statement>& b);

bool same_statement(const Statement& a, const Statement& b) {
  return a.kind == b.kind && a.hold == b.hold && a.variable == b.variable &&
         a.hole_count == b.hole_count && same_expressions(a.targets, b.targets) &&
         equal(a.value, b.value) && same_statements(a.body, b.body) &&
         same_statements(a.otherwise, b.otherwise);
}

bool same_statements(const std::vector<Statement>& a, const std::vector<Statement>& b) {
  return all_equal(a, b, same_statement);
}

bool same_function(const FunctionDefinition& a, const FunctionDefinition& b) {
  const auto same_name = [](const Parameter& x, const Parameter& y) { return x.name == y.name; };
  return a.name == b.name && a.doc == b.doc && a.hold == b.hold &&
         all_equal(a.parameters, b.parameters, same_name) && same_statements(a.body, b.body);
}

bool same_declaration(const Declaration& a, const Declaration& b) {
  const auto same_family = [](const FamilyDimension& x, const FamilyDimension& y) {
    return x.variable == y.variable && equal(x.count, y.count);
  };
  return a.kind == b.kind && a.hold == b.hold && a.name == b.name && a.type == b.type &&
         all_equal(a.family, b.family, same_family) &&
         same_expressions(a.dimensions, b.dimensions) && equal(a.value, b.value) &&
         equal(a.distribution, b.distribution);
}

bool same_import(const Import& a, const Import& b) {
  return a.module == b.module && a.names == b.names;
}

}  // namespace

bool equal(const Expr& a, const Expr& b) {
  return a.kind == b.kind && a.text == b.text && same_number(a.value, b.value) &&
         same_expressions(a.operands, b.operands) &&
         all_equal(a.arguments, b.arguments, same_argument) &&
         all_equal(a.subscripts, b.subscripts, same_subscript);
}

bool equal(const Program& a, const Program& b) {
  return a.doc == b.doc && all_equal(a.imports, b.imports, same_import) &&
         all_equal(a.declarations, b.declarations, same_declaration) &&
         all_equal(a.functions, b.functions, same_function);
}

}  // namespace mlz::text
