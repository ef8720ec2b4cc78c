#include <fmt/format.h>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

constexpr std::size_t kCommentColumn = 44;

std::string list(const std::vector<Expr>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) out += (i ? ", " : "") + print(items[i]);
  return out;
}

class TypedPrinter {
 public:
  explicit TypedPrinter(const std::map<const Statement*, std::string>& shapes) : shapes_(shapes) {}

  void block(const std::vector<Statement>& body, std::size_t indent) {
    for (const Statement& s : body) statement(s, indent);
  }

  std::string take() { return std::move(out_); }

  void line(std::size_t indent, const std::string& text, const std::string& comment = {}) {
    const std::string whole = std::string(indent, ' ') + text;
    out_ += comment.empty() ? whole : fmt::format("{:<{}}  # {}", whole, kCommentColumn, comment);
    out_ += "\n";
  }

 private:
  void statement(const Statement& s, std::size_t indent) {
    const auto found = shapes_.find(&s);
    const std::string shape = found == shapes_.end() ? "" : found->second;
    switch (s.kind) {
      case Statement::Kind::assign: return line(indent, list(s.targets) + " = " + print(s.value), shape);
      case Statement::Kind::expression: return line(indent, print(s.value));
      case Statement::Kind::result: return line(indent, "return " + print(s.value));
      case Statement::Kind::hole: return line(indent, s.hole_count == 1 ? "?" : fmt::format("?{}", s.hole_count));
      case Statement::Kind::pass: return line(indent, "pass");
      case Statement::Kind::loop:
        line(indent, fmt::format("for {} in {}:", s.variable, print(s.value)));
        return block(s.body, indent + 2);
      case Statement::Kind::branch: break;
    }
    line(indent, fmt::format("if {}:", print(s.value)));
    block(s.body, indent + 2);
    if (s.otherwise.empty()) return;
    line(indent, "else:");
    block(s.otherwise, indent + 2);
  }

  const std::map<const Statement*, std::string>& shapes_;
  std::string out_;
};

}  // namespace

std::string print_typed(const Program& program, const std::map<const Statement*, std::string>& shapes) {
  TypedPrinter printer(shapes);
  for (const FunctionDefinition& f : program.functions) {
    std::string parameters;
    for (const Parameter& p : f.parameters) parameters += (parameters.empty() ? "" : ", ") + p.name;
    printer.line(0, fmt::format("def {}({}):", f.name, parameters));
    printer.block(f.body, 2);
  }
  return printer.take();
}

}  // namespace mlz::text
