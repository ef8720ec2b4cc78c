#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/text/ast.hpp"
#include "lang/text/lines.hpp"

/// What the grammar does when it recognises something: builds the AST of one logical line.
namespace mlz::text {

inline constexpr int kMaxNesting = 100;       ///< brackets and prefix operators inside each other
inline constexpr int kMaxDepth = 250;         ///< of the tree of one expression
inline constexpr long kMaxNodes = 4'000'000;  ///< expressions of one file

struct ElifLine {
  Location where;
  Expr condition;
};
struct ElseLine {
  Location where;
};
struct HoldLine {
  Location where;
};

/// One logical line, parsed. A function, loop or branch has no body yet.
/// (monostate: not parsed)
using ParsedLine = std::variant<std::monostate, Import, Declaration, FunctionDefinition, Statement,
                                ElifLine, ElseLine, HoldLine>;

/// A line that means nothing: thrown inside the grammar, reported by LineParser.
struct SyntaxError {
  Location where;
  std::string message, hint;
};

/// Operands wait on a stack until their operator is complete; brackets open frames on it. Every
/// function taking a `token` gets the characters that the grammar matched, inside the line's text.
class Builder {
 public:
  Builder(const Lines& lines, const LogicalLine& line, long& nodes)
      : lines_(lines), line_(line), nodes_(nodes) {}

  // Expressions.
  void number(std::string_view token);
  void name(std::string_view token);
  void hole(std::string_view token);
  void prefix(std::string_view token);  ///< `-` or `not`, before its operand
  void finish_prefix(std::string_view);
  void infix(std::string_view token);  ///< between its operands
  void finish_infix(std::string_view);
  void power(std::string_view token);
  void finish_power(std::string_view);
  void transpose(std::string_view token);
  void no_chain(std::string_view token);
  void open(std::string_view token);  ///< a tuple, a list, or brackets around an expression
  void comma(std::string_view);
  void close_group(std::string_view);
  void close_list(std::string_view);
  void open_call(std::string_view token);
  void keyword(std::string_view token);
  void argument(std::string_view);
  void close_call(std::string_view);
  void open_index(std::string_view token);
  void index_all(std::string_view);  ///< a colon without a lower bound
  void index_low(std::string_view);
  void index_colon(std::string_view);
  void index_high(std::string_view);
  void close_index(std::string_view);

  // Lines.
  void import_line(std::string_view);
  void import_module(std::string_view token);
  void import_name(std::string_view token);
  void declaration(std::string_view token);
  void declared_name(std::string_view token);
  void family_count(std::string_view);
  void family_variable(std::string_view token);
  void family_range(std::string_view);
  void type(std::string_view token);
  void dimension(std::string_view);
  void finish_type(std::string_view);
  void declared_value(std::string_view);
  void distribution(std::string_view);
  void function(std::string_view);
  void function_name(std::string_view token);
  void parameter(std::string_view token);
  void loop(std::string_view token);
  void loop_variable(std::string_view token);
  void finish_loop(std::string_view);
  void branch(std::string_view token);
  void finish_branch(std::string_view);
  void elif (std::string_view token);
  void finish_elif(std::string_view);
  void otherwise(std::string_view token);
  void hold(std::string_view token);
  void pass(std::string_view token);
  void hole_line(std::string_view token);
  void result(std::string_view token);
  void finish_result(std::string_view);
  void assign(std::string_view token);
  void finish_assign(std::string_view);
  void augmented(std::string_view token);
  void finish_augmented(std::string_view);
  void lone_expression(std::string_view);

  ParsedLine take_line() { return std::move(parsed_); }
  Expr take_expression() { return pop().expr; }

 private:
  struct Operand {
    Expr expr;
    int depth = 1;
  };
  struct Operator {
    std::string_view token;
    bool literal = false;  ///< a minus directly before the digits of a number
  };
  struct Frame {
    std::string_view token;
    std::size_t base = 0;  ///< operands below belong to the outside
    bool comma = false;
    std::string_view keyword;
    std::vector<Argument> arguments;
    std::vector<Subscript> subscripts;
    int depth = 0;
  };

  [[noreturn]] void fail(std::string_view token, std::string message, std::string hint = {}) const;
  [[noreturn]] void fail(const Location& where, std::string message, std::string hint = {}) const;
  std::size_t offset(std::string_view token) const {
    return static_cast<std::size_t>(token.data() - line_.text.data());
  }
  Location locate(std::string_view token) const {
    return text::locate(lines_, line_, offset(token), token.size());
  }
  Expr make(Expr::Kind kind, std::string_view token);
  void push(Expr expr, int depth);
  Operand pop();
  std::vector<Expr> pop_from(std::size_t base, int& depth);  ///< `depth`: of the deepest
  void enter(std::string_view token);
  void leave() { --nesting_; }
  void begin_frame(std::string_view token, std::size_t base);
  Frame end_frame();
  Expr bare_list();
  void check_target(const Expr& target) const;
  Statement& statement(Statement::Kind kind, std::string_view token);
  Statement& current() { return std::get<Statement>(parsed_); }
  Declaration& declared() { return std::get<Declaration>(parsed_); }

  const Lines& lines_;
  const LogicalLine& line_;
  long& nodes_;
  int nesting_ = 0;
  std::vector<Operand> operands_;
  std::vector<Operator> operators_;
  std::vector<Frame> frames_;
  ParsedLine parsed_;
};

}  // namespace mlz::text
