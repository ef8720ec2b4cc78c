#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mlz {

/// An expression whose value is known when a program is bound: sizes, constants, loop variables and
/// arithmetic on them. Immutable and cheap to copy. Its size is bounded, though its parts may be shared: one that
/// would exceed the limits throws InputError when it is made.
class StaticExpr {
 public:
  enum class Kind {
    number,   ///< a literal; `text` is how it prints, `value` what it means
    name,     ///< a size, constant or loop variable
    element,  ///< name[args[0]]: an entry of a list of sizes (negative counts from the end)
    list,     ///< [args...]: only as the value of a size
    call,     ///< name(args...): an operator ("+", "neg", "<") or function ("sqrt", "len", "min")
  };

  static constexpr std::int64_t kMaxNodes = 100'000;
  static constexpr int kMaxDepth = 1000;

  StaticExpr() = default;
  static StaticExpr number(double value);
  static StaticExpr name(std::string name);
  static StaticExpr element(std::string list, StaticExpr index);
  static StaticExpr list(std::vector<StaticExpr> items);
  static StaticExpr call(std::string function, std::vector<StaticExpr> args);

  explicit operator bool() const { return node_ != nullptr; }
  Kind kind() const;
  double value() const;                        ///< of a number
  const std::string& text() const;             ///< the name or function
  const std::vector<StaticExpr>& args() const;
  std::int64_t nodes() const;                  ///< operators and operands when written out

  /// Canonical text that parses back to the same expression.
  std::string print() const;
  bool operator==(const StaticExpr& other) const;

  /// The same expression with names replaced by expressions (loop variables, helper arguments).
  StaticExpr substitute(const std::map<std::string, StaticExpr>& replacements) const;
  void visit_names(const std::function<void(const std::string&)>& visit) const;

 private:
  struct Node;
  std::shared_ptr<const Node> node_;
};

/// Functions and operators allowed in a StaticExpr with their number of arguments; used by the parser
/// and the evaluator alike.
struct StaticFunction {
  const char* name;
  int arity;
  double (*apply)(double a, double b);  ///< unary functions ignore b
  bool whole;                           ///< whole arguments give a whole result
};
const StaticFunction* find_static_function(const std::string& name);
std::vector<std::string> static_function_names();

/// What names mean when a StaticExpr is evaluated.
struct StaticScope {
  std::map<std::string, double> values;              ///< constants, sizes, loop variables
  std::map<std::string, std::vector<double>> lists;  ///< lists of sizes
};

/// The value of `expr`, or nothing with the reason in `why` (an unknown name, an index outside a list).
std::optional<double> evaluate(const StaticExpr& expr, const StaticScope& scope, std::string& why);

/// Shortest decimal text that reads back to the same double; whole numbers print without a point.
/// Infinities print as the literals 1e999 and -1e999, which read back as such.
std::string print_number(double value);

}  // namespace mlz
