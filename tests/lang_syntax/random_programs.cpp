#include "random_programs.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace mlz::text {

std::string RandomPrograms::name() {
  static const char* kNames[] = {"a",   "x",     "W",      "v0", "s12",   "target", "rate_2",
                                 "_h",  "T",     "forx",   "e5", "L",     "nn",     "eps",
                                 "or_", "heads", "inside", "i",  "Setup", "scalar"};
  return kNames[below(20)];
}

std::string RandomPrograms::dotted() {
  const std::string first = name();
  const std::string second = name();
  return chance(20) && second != "T" ? first + "." + second : first;  // a.T is a transpose
}

std::string RandomPrograms::doc() {
  static const char* kDocs[] = {"Short.",
                                "Two\nlines",
                                "Quoted \"end\"",
                                "A\n\n  indented\nlast",
                                "  first in\nlast",
                                "all\n  further\n   in",
                                "caf\u00e9 \\ 'x' \"\" #"};
  return chance(70) ? "" : kDocs[below(7)];
}

double RandomPrograms::number() {
  switch (below(6)) {
    case 0:
      return below(20);
    case 1:
      return -below(20);
    case 2:
      return below(1000) / 1000.0 - 0.5;
    case 3:
      return chance(50) ? std::numeric_limits<double>::infinity()
                        : -std::numeric_limits<double>::infinity();
    case 4:
      return chance(50) ? -0.0 : 1e20;
    default:
      break;
  }
  const std::uint64_t bits = static_cast<std::uint64_t>(engine_()) << 32 | engine_();
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return std::isnan(value) ? 0.5 : value;
}

std::vector<Expr> RandomPrograms::expressions(int least, int most, int depth) {
  std::vector<Expr> items;
  for (int i = least + below(most - least + 1); i > 0; --i) items.push_back(expression(depth));
  return items;
}

Expr RandomPrograms::named(const std::string& text) {
  Expr e;
  e.kind = Expr::Kind::name;
  e.text = text;
  return e;
}

Expr RandomPrograms::call(int depth) {
  Expr e;
  e.kind = Expr::Kind::call;
  e.text = chance(15) ? "?" : dotted();
  for (int i = below(4); i > 0; --i)
    e.arguments.push_back({chance(25) ? name() : "", expression(depth)});
  return e;
}

Expr RandomPrograms::index(int depth) {
  Expr e;
  e.kind = Expr::Kind::index;
  e.operands.push_back(expression(depth));
  for (int i = 1 + below(2); i > 0; --i) {
    Subscript s;
    s.range = chance(50);
    if (!s.range || chance(50)) s.lo = expression(depth);
    if (s.range && chance(50)) s.hi = expression(depth);
    e.subscripts.push_back(std::move(s));
  }
  return e;
}

Expr RandomPrograms::operation(int depth) {
  static const char* kBinary[] = {"or", "and", "<", "<=", ">", ">=", "==", "!=", "+",
                                  "-",  "*",   "/", "//", "%", "@",  "**", "?",  "-"};
  Expr e;
  if (chance(25)) {
    e.kind = Expr::Kind::unary;
    e.text = chance(60) ? "-" : "not";
    e.operands.push_back(expression(depth));
  } else {
    e.kind = Expr::Kind::binary;
    e.text = kBinary[below(18)];
    e.operands.push_back(expression(depth));
    e.operands.push_back(expression(depth));
  }
  return e;
}

Expr RandomPrograms::expression(int depth) {
  Expr e;
  const int choice = depth <= 0 ? below(6) : below(16);
  switch (choice) {
    case 0:
    case 1:
    case 2:
      return named(dotted());
    case 3:
    case 4:
      e.kind = Expr::Kind::number;
      e.value = number();
      return e;
    case 5:
      e.kind = Expr::Kind::hole;
      return e;
    case 6:
    case 7:
      return call(depth - 1);
    case 8:
      return index(depth - 1);
    case 9:
      e.kind = Expr::Kind::transpose;
      e.operands.push_back(expression(depth - 1));
      return e;
    case 10:
      e.kind = Expr::Kind::tuple;
      e.operands = expressions(1, 3, depth - 1);
      return e;
    case 11:
      e.kind = Expr::Kind::list;
      e.operands = expressions(0, 3, depth - 1);
      return e;
    default:
      return operation(depth - 1);
  }
}

FamilyDimension RandomPrograms::family() {
  if (chance(50)) {
    const std::string count = name();
    return {count, named(count)};
  }
  FamilyDimension d{chance(60) ? name() : "", expression(2)};
  if (d.count.kind == Expr::Kind::name && d.variable.empty()) {
    d.variable = d.count.text.find('.') == std::string::npos ? d.count.text : "";
  }
  return d;
}

void RandomPrograms::set_type(Declaration& d) {
  static const char* kTypes[] = {"scalar", "vector", "matrix"};
  const int rank = below(3);
  d.type = kTypes[rank];
  d.dimensions = expressions(rank, rank, 2);
}

Declaration RandomPrograms::declaration() {
  Declaration d;
  d.kind = static_cast<Declaration::Kind>(below(4));
  d.hold = chance(15);
  d.name = name();
  if (d.kind == Declaration::Kind::size || d.kind == Declaration::Kind::constant) {
    d.value = expression(3);
    return d;
  }
  for (int i = below(3); i > 0; --i) d.family.push_back(family());
  const bool typed = chance(80);
  if (typed) set_type(d);
  if (d.kind == Declaration::Kind::param && chance(50)) {
    d.distribution = call(2);
  } else if (!typed || chance(30)) {
    d.value = expression(2);
  }
  return d;
}

Statement RandomPrograms::assignment() {
  Statement s;
  s.kind = Statement::Kind::assign;
  for (int i = 1 + (chance(20) ? 1 + below(2) : 0); i > 0; --i) {
    Expr target = named(name());
    for (int j = chance(30) ? 1 + below(2) : 0; j > 0; --j) {
      Expr part = index(1);
      part.operands[0] = std::move(target);
      target = std::move(part);
    }
    s.targets.push_back(std::move(target));
  }
  s.value = expression(4);
  return s;
}

Statement RandomPrograms::loop(int depth) {
  Statement s;
  s.kind = Statement::Kind::loop;
  s.variable = name();
  Expr range = call(2);
  range.text = "range";
  if (chance(30)) {
    s.value.kind = Expr::Kind::call;
    s.value.text = "reversed";
    s.value.arguments.push_back({"", std::move(range)});
  } else {
    s.value = std::move(range);
  }
  s.body = block(depth - 1);
  return s;
}

Statement RandomPrograms::branch(int depth) {
  Statement s;
  s.kind = Statement::Kind::branch;
  s.value = expression(3);
  s.body = block(depth - 1);
  if (chance(30)) {
    s.otherwise.push_back(branch(depth - 1));
    s.otherwise[0].hold = chance(20);
  } else if (chance(50)) {
    s.otherwise = block(depth - 1);
  }
  return s;
}

Statement RandomPrograms::statement(int depth) {
  Statement s;
  const int choice = below(depth > 0 ? 12 : 9);
  if (choice < 4) {
    s = assignment();
  } else if (choice == 4) {
    s.kind = Statement::Kind::expression;
    s.value = call(3);
  } else if (choice == 5) {
    s.kind = Statement::Kind::result;
    s.value = expression(3);
  } else if (choice == 6) {
    s.kind = Statement::Kind::hole;
    s.hole_count = 1 + below(3) * below(300);
  } else if (choice == 7) {
    s.kind = Statement::Kind::pass;
  } else {
    s = choice == 8 ? assignment() : choice == 9 ? loop(depth) : branch(depth);
  }
  s.hold = chance(10);
  return s;
}

std::vector<Statement> RandomPrograms::block(int depth) {
  std::vector<Statement> body;
  for (int i = 1 + below(3); i > 0; --i) body.push_back(statement(depth));
  return body;
}

FunctionDefinition RandomPrograms::function() {
  FunctionDefinition f;
  f.name = name();
  f.doc = doc();
  f.hold = chance(15);
  for (int i = below(4); i > 0; --i) f.parameters.push_back({name() + std::to_string(i), {}});
  if (chance(80)) f.body = block(3);
  return f;
}

Program RandomPrograms::program() {
  Program p;
  p.doc = doc();
  for (int i = below(3); i > 0; --i) {
    Import import{name(), {}, {}};
    for (int j = below(3); j > 0; --j) import.names.push_back(name());
    p.imports.push_back(std::move(import));
  }
  for (int i = below(4); i > 0; --i) p.declarations.push_back(declaration());
  for (int i = below(4); i > 0; --i) p.functions.push_back(function());
  return p;
}

}  // namespace mlz::text
