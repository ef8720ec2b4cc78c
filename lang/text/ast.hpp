#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lang/core/source.hpp"

/// The surface form as parsed: what a person wrote, before any meaning is given to names.
namespace mlz::text {

struct Subscript;
struct Argument;

/// An expression. Which members are used depends on `kind`.
struct Expr {
  enum class Kind {
    none,       ///< absent (an omitted bound of a slice)
    number,     ///< value
    name,       ///< text; may be dotted: "nn.eps"
    hole,       ///< `?` where an operand stands
    unary,      ///< text is "-" or "not"; operands[0]
    binary,     ///< text is the operator ("?" for an op to be found); operands[0], operands[1]
    call,       ///< text is the function, perhaps dotted, or "?"; arguments
    index,      ///< operands[0] [ subscripts ]
    transpose,  ///< operands[0].T
    tuple,      ///< (a, b) or a, b: operands
    list,       ///< [a, b]: operands
  };
  Kind kind = Kind::none;
  Location where;
  double value = 0;
  std::string text;
  std::vector<Expr> operands;
  std::vector<Argument> arguments;
  std::vector<Subscript> subscripts;
};

/// An argument of a call: `value` or `keyword=value`.
struct Argument {
  std::string keyword;
  Expr value;
};

/// One position inside brackets: `:`, `i` (lo), or `lo:hi` with either bound perhaps absent.
struct Subscript {
  bool range = false;
  Expr lo, hi;
};

struct Statement {
  enum class Kind {
    assign,      ///< targets = value; `a += b` is parsed as a = a + b
    expression,  ///< value alone: NoOp()
    loop,        ///< for variable in value (a call of range or reversed): body
    branch,      ///< if value: body, else: otherwise (elif nests)
    result,      ///< return value (a tuple for several)
    hole,        ///< `?` or `?8` on a line of its own
    pass,
  };
  Kind kind = Kind::pass;
  bool hold = false;
  Location where;
  std::vector<Expr> targets;  ///< names, or index expressions on names
  Expr value;
  std::string variable;
  std::vector<Statement> body, otherwise;
  int hole_count = 1;
};

struct Parameter {
  std::string name;
  Location where;
};

/// Setup, Predict, Learn or a helper.
struct FunctionDefinition {
  std::string name;
  std::string doc;
  std::vector<Parameter> parameters;
  std::vector<Statement> body;
  bool hold = false;
  Location where;
};

/// `W[l in range(L)]` names its index; `W[L]` uses the name of the count, if it is one.
struct FamilyDimension {
  std::string variable;
  Expr count;
};

struct Declaration {
  enum class Kind { size, constant, param, state };
  Kind kind = Kind::size;
  bool hold = false;
  Location where;  ///< of the name
  std::string name;
  std::vector<FamilyDimension> family;
  std::string type;              ///< "scalar", "vector", "matrix", or empty
  std::vector<Expr> dimensions;  ///< of a vector or matrix
  Location type_where;
  Expr value;         ///< after `=`
  Expr distribution;  ///< after `~`: a call
};

/// `import nn` (names empty) or `from nn import lstm, gru`.
struct Import {
  std::string module;
  std::vector<std::string> names;
  Location where;
};

struct Program {
  std::shared_ptr<const SourceFile> file;
  std::string doc;
  std::vector<Import> imports;
  std::vector<Declaration> declarations;
  std::vector<FunctionDefinition> functions;
};

}  // namespace mlz::text
