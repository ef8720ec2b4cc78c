#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/core/static_expr.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

/// How tightly an expression holds together: what is looser than its surroundings needs brackets.
enum Level { kAny = 1, kAnd, kNot, kComparison, kSum, kProduct, kSign, kPower, kPostfix };

Level level_of(const Expr& e) {
  if (e.kind == Expr::Kind::number) return std::signbit(e.value) ? kSign : kPostfix;
  if (e.kind == Expr::Kind::unary) return e.text == "not" ? kNot : kSign;
  if (e.kind != Expr::Kind::binary) return kPostfix;
  if (e.text == "or") return kAny;
  if (e.text == "and") return kAnd;
  if (e.text == "+" || e.text == "-" || e.text == "?") return kSum;
  if (e.text == "*" || e.text == "/" || e.text == "//" || e.text == "%" || e.text == "@")
    return kProduct;
  return e.text == "**" ? kPower : kComparison;
}

class ExpressionPrinter {
 public:
  explicit ExpressionPrinter(std::string& out) : out_(out) {}

  void print(const Expr& e, int least = kAny) {
    const bool brackets = level_of(e) < least;
    if (brackets) out_ += '(';
    print_bare(e);
    if (brackets) out_ += ')';
  }

  template <typename Items>
  void print_list(const Items& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ", ";
      print(items[i]);
    }
  }

 private:
  void print_bare(const Expr& e) {
    switch (e.kind) {
      case Expr::Kind::none:
        return;
      case Expr::Kind::number:
        out_ += print_number(e.value);
        return;
      case Expr::Kind::name:
        out_ += e.text;
        return;
      case Expr::Kind::hole:
        out_ += '?';
        return;
      case Expr::Kind::unary:
        return print_unary(e);
      case Expr::Kind::binary:
        return print_binary(e);
      case Expr::Kind::call:
        return print_call(e);
      case Expr::Kind::index:
        return print_index(e);
      case Expr::Kind::transpose:
        print_base(e.operands[0]);
        out_ += ".T";
        return;
      case Expr::Kind::tuple:
        return print_tuple(e);
      case Expr::Kind::list:
        out_ += '[';
        print_list(e.operands);
        out_ += ']';
        return;
    }
  }

  /// A minus in front of the digits of a number would become part of the number.
  void print_unary(const Expr& e) {
    out_ += e.text == "not" ? "not " : "-";
    const Expr& operand = e.operands[0];
    const bool number = operand.kind == Expr::Kind::number && e.text == "-";
    print(operand, number ? kPostfix + 1 : e.text == "not" ? kNot : kSign);
  }

  void print_binary(const Expr& e) {
    const int mine = level_of(e);
    // Comparisons do not chain and powers group from the right; the others group from the left.
    const int left = mine == kComparison || mine == kPower ? mine + 1 : mine;
    const int right = mine == kPower ? kSign : mine + 1;
    print(e.operands[0], left);
    out_ += ' ';
    out_ += e.text;
    out_ += ' ';
    print(e.operands[1], right);
  }

  void print_call(const Expr& e) {
    out_ += e.text;
    out_ += '(';
    for (std::size_t i = 0; i < e.arguments.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (!e.arguments[i].keyword.empty()) out_ += e.arguments[i].keyword + "=";
      print(e.arguments[i].value);
    }
    out_ += ')';
  }

  /// What stands before brackets or `.T`; after digits a point would belong to the number.
  void print_base(const Expr& e) {
    print(e, e.kind == Expr::Kind::number ? kPostfix + 1 : kPostfix);
  }

  void print_index(const Expr& e) {
    print_base(e.operands[0]);
    out_ += '[';
    for (std::size_t i = 0; i < e.subscripts.size(); ++i) {
      if (i > 0) out_ += ", ";
      print(e.subscripts[i].lo);
      if (e.subscripts[i].range) out_ += ':';
      print(e.subscripts[i].hi);
    }
    out_ += ']';
  }

  void print_tuple(const Expr& e) {
    out_ += '(';
    print_list(e.operands);
    out_ += e.operands.size() == 1 ? ",)" : ")";
  }

  std::string& out_;
};

class ProgramPrinter {
 public:
  std::string print(const Program& program) {
    if (!program.doc.empty()) print_doc(program.doc, 0);
    begin_group();
    for (const Import& import : program.imports) print_import(import);
    begin_group();
    for (const Declaration& declaration : program.declarations) print_declaration(declaration);
    for (const FunctionDefinition& function : program.functions) {
      begin_group();
      print_function(function);
    }
    while (out_.size() > 1 && out_[out_.size() - 2] == '\n') out_.pop_back();
    return std::move(out_);
  }

 private:
  void begin_group() {
    if (out_.size() > 1 && out_[out_.size() - 2] != '\n') out_ += '\n';
  }

  void expression(const Expr& e) { ExpressionPrinter(out_).print(e); }
  void expressions(const std::vector<Expr>& items) { ExpressionPrinter(out_).print_list(items); }
  void indent(int depth) { out_.append(2 * static_cast<std::size_t>(depth), ' '); }

  void mark(bool hold, int depth) {
    if (!hold) return;
    indent(depth);
    out_ += "@hold\n";
  }

  /// The quotes stand on lines of their own where the text would not read back otherwise.
  void print_doc(std::string doc, int depth) {
    for (auto at = doc.find("\"\"\""); at != std::string::npos; at = doc.find("\"\"\"", at))
      doc.replace(at, 3, "'''");
    indent(depth);
    out_ += "\"\"\"";
    if (needs_own_line(doc)) {
      out_ += '\n';
      indent(depth);
    }
    for (std::size_t i = 0; i < doc.size(); ++i) {
      out_ += doc[i];
      if (doc[i] == '\n' && i + 1 < doc.size() && doc[i + 1] != '\n') indent(depth);
    }
    if (doc.find('\n') != std::string::npos || doc.back() == '"') {
      out_ += '\n';
      indent(depth);
    }
    out_ += "\"\"\"\n";
  }

  /// Whether the indentation of the lines after the first one would be lost beside the quotes.
  static bool needs_own_line(const std::string& doc) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (blank(doc[0])) return true;
    bool all_indented = doc.find('\n') != std::string::npos;
    for (std::size_t i = doc.find('\n'); i != std::string::npos; i = doc.find('\n', i + 1)) {
      if (i + 1 < doc.size() && doc[i + 1] != '\n')
        all_indented = all_indented && blank(doc[i + 1]);
    }
    return all_indented;
  }

  void print_import(const Import& import) {
    if (import.names.empty()) {
      out_ += fmt::format("import {}\n", import.module);
    } else {
      out_ += fmt::format("from {} import {}\n", import.module, fmt::join(import.names, ", "));
    }
  }

  void print_declaration(const Declaration& d) {
    static constexpr const char* kWords[] = {"size", "const", "param", "state"};
    mark(d.hold, 0);
    out_ += fmt::format("{} {}", kWords[static_cast<int>(d.kind)], d.name);
    for (const FamilyDimension& dimension : d.family) print_family(dimension);
    if (!d.type.empty()) out_ += " : " + d.type;
    if (!d.dimensions.empty()) {
      out_ += '[';
      expressions(d.dimensions);
      out_ += ']';
    }
    print_initial(" = ", d.value);
    print_initial(" ~ ", d.distribution);
    out_ += '\n';
  }

  void print_initial(const char* sign, const Expr& value) {
    if (value.kind == Expr::Kind::none) return;
    out_ += sign;
    expression(value);
  }

  void print_family(const FamilyDimension& d) {
    const bool same = d.count.kind == Expr::Kind::name && d.count.text == d.variable;
    const bool named = !d.variable.empty() && !same;
    out_ += named ? fmt::format("[{} in range(", d.variable) : "[";
    expression(d.count);
    out_ += named ? ")]" : "]";
  }

  void print_function(const FunctionDefinition& f) {
    mark(f.hold, 0);
    out_ += "def " + f.name + "(";
    for (std::size_t i = 0; i < f.parameters.size(); ++i)
      out_ += (i ? ", " : "") + f.parameters[i].name;
    out_ += "):\n";
    if (!f.doc.empty()) print_doc(f.doc, 1);
    for (const Statement& s : f.body) statement(s, 1);
  }

  void block(const std::vector<Statement>& body, int depth) {
    for (const Statement& s : body) statement(s, depth);
    if (!body.empty()) return;
    indent(depth);
    out_ += "pass\n";
  }

  void statement(const Statement& s, int depth) {
    mark(s.hold, depth);
    indent(depth);
    switch (s.kind) {
      case Statement::Kind::assign:
        expressions(s.targets);
        print_initial(" = ", s.value);
        break;
      case Statement::Kind::expression:
        expression(s.value);
        break;
      case Statement::Kind::loop:
        out_ += "for " + s.variable + " in ";
        expression(s.value);
        out_ += ":\n";
        return block(s.body, depth + 1);
      case Statement::Kind::branch:
        return branch(s, "if ", depth);
      case Statement::Kind::result:
        result(s.value);
        break;
      case Statement::Kind::hole:
        out_ += s.hole_count == 1 ? "?" : fmt::format("?{}", s.hole_count);
        break;
      case Statement::Kind::pass:
        out_ += "pass";
        break;
    }
    out_ += '\n';
  }

  void branch(const Statement& s, const char* word, int depth) {
    out_ += word;
    expression(s.value);
    out_ += ":\n";
    block(s.body, depth + 1);
    if (s.otherwise.empty()) return;
    indent(depth);
    const Statement& next = s.otherwise[0];
    if (s.otherwise.size() == 1 && next.kind == Statement::Kind::branch && !next.hold) {
      return branch(next, "elif ", depth);
    }
    out_ += "else:\n";
    block(s.otherwise, depth + 1);
  }

  void result(const Expr& value) {
    out_ += "return ";
    if (value.kind == Expr::Kind::tuple && value.operands.size() > 1) {
      expressions(value.operands);
    } else {
      expression(value);
    }
  }

  std::string out_;
};

}  // namespace

std::string print(const Program& program) { return ProgramPrinter().print(program); }

std::string print(const Expr& expr) {
  std::string out;
  ExpressionPrinter(out).print(expr);
  return out;
}

}  // namespace mlz::text
