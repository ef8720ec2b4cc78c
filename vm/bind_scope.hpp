#pragma once
#include <optional>
#include <set>
#include <string>

#include "vm/bound_program.hpp"

namespace mlz::vm {

/// What names mean while a program is bound: the sizes of the task, declared sizes and constants,
/// and the variables of the loops around the current line. Evaluates expressions and reports what
/// is wrong with them.
class BindScope {
 public:
  /// Operands of expressions evaluated while one program is bound.
  static constexpr std::int64_t kMostEffort = 200'000'000;

  BindScope(const CoreProgram& program, const BindOptions& options, Diagnostics& diagnostics);

  /// `what` names the value in messages: "the size `hidden`".
  std::optional<double> number(const StaticExpr& expr, const Location& where,
                               const std::string& what);
  std::optional<std::int64_t> whole(const StaticExpr& expr, const Location& where,
                                    const std::string& what);
  std::optional<std::int64_t> positive(const StaticExpr& expr, const Location& where,
                                       const std::string& what);
  /// The value if there is one; reports nothing.
  std::optional<double> try_number(const StaticExpr& expr) const;

  /// Counts work towards kMostEffort; false once it is exceeded.
  bool spend(std::int64_t effort) const { return (effort_ += effort) <= kMostEffort; }

  void fail(const Location& where, std::string message, std::string hint = {});
  bool failed() const { return failed_; }

  /// Gives a name a value for the lifetime of the guard; without a value the name means nothing.
  class Variable {
   public:
    Variable(BindScope& scope, std::string name, std::optional<std::int64_t> value);
    ~Variable();
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    void set(std::int64_t value) { scope_.scope_.values[name_] = static_cast<double>(value); }

   private:
    BindScope& scope_;
    std::string name_;
    std::optional<double> before_;
  };

 private:
  const BindOptions& options_;
  Diagnostics& diagnostics_;
  StaticScope scope_;
  mutable std::int64_t effort_ = 0;
  bool failed_ = false;
  std::set<std::string> missing_;  ///< sizes already reported
  std::set<std::string> wrong_;    ///< declared sizes and constants without a value, about which enough has been said

  void declare(const Declaration& declaration);
  void declare_list(const Declaration& declaration);
  bool follows_from_wrong(const StaticExpr& expr) const;
  bool report_missing_size(const StaticExpr& expr, const Location& where);
};

}  // namespace mlz::vm
