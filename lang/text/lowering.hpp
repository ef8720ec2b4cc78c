#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lang/core/core_program.hpp"
#include "lang/core/infer.hpp"
#include "lang/text/modules.hpp"

namespace mlz::text {

/// What an expression turned out to be.
struct Value {
  enum class Kind {
    bad,       ///< an error has been reported
    constant,  ///< known before the run
    reg,       ///< a register
    family,    ///< all members of a family, only as an argument of a helper or to be indexed
    list,      ///< a list of sizes
    hole,
  };
  Kind kind = Kind::bad;
  Location where;
  StaticExpr constant;
  RegisterRef ref;  ///< reg; family and list: the name
  Shape shape;
  std::string text;  ///< as written, for messages
};

/// A value that may still need an instruction to come into being. With no instruction, `value` is the result.
struct Pending {
  bool has_instruction = false;
  Value value;
  CoreLine line;                ///< without its output
  bool takes_any_shape = false;  ///< a sampler or fill without a shape: takes that of the register it is assigned to
};

/// Names visible at one place: a main function, or one inlined call of a helper.
struct Scope {
  const Module* module = nullptr;
  std::map<std::string, Value> names;  ///< loop variables, arguments, locals of a helper
  std::string prefix;                  ///< of a helper's locals; empty in main functions
  std::set<std::string> single_assigned;  ///< helper locals that may be bound to a bind-time value
  const FunctionDefinition* helper = nullptr;
};

/// Checks a parsed program and lowers it to core form: names get meanings, helpers are inlined, expressions become one
/// instruction a line, and every register gets a symbolic shape. Split over several files by what is lowered.
class Lowering {
 public:
  Lowering(const Module& main, const CompileOptions& options, Diagnostics& diagnostics);
  CoreProgram run();
  const std::map<const Statement*, std::string>& shapes() const { return shapes_; }

 private:
  struct TooLong {};  // thrown once the inlined program exceeds its limit

  // lower_declarations.cpp
  void declare_all();
  void declare(const Declaration& ast);
  void declare_size(const Declaration& ast, mlz::Declaration& made);
  void declare_register(const Declaration& ast, mlz::Declaration& made);
  void declare_start(const Declaration& ast, mlz::Declaration& made);
  void declare_draw(const Declaration& ast, mlz::Declaration& made);
  bool declare_family(const Declaration& ast, mlz::Declaration& made);
  bool name_is_free(const Declaration& ast);
  Declaration with_override(const Declaration& ast);
  void check_overrides();
  std::optional<Shape> declared_shape(const Declaration& ast);

  // lower_names.cpp
  Value resolve(const Expr& name);
  Value resolve_register(const std::string& name, const Location& where);
  Value implicit_register(const std::string& name, const Location& where);
  Value task_register(const std::string& name, const Location& where);
  Value unknown_name(const Expr& name);
  bool declared_below(const Expr& name);
  Value register_value(const RegisterInfo& info, const Location& where);
  RegisterInfo& add_register(const std::string& name, const Shape& shape, const Location& where);
  RegisterInfo* find_register(const std::string& name);
  std::string fresh(const std::string& stem);
  std::string local_name(const std::string& name);
  const mlz::Declaration* declaration(const std::string& name) const;

  // lower_static.cpp
  std::optional<StaticExpr> as_static(const Expr& expr);
  std::optional<StaticExpr> static_call(const Expr& expr);
  std::optional<StaticExpr> static_length(const Expr& expr);
  std::optional<StaticExpr> need_static(const Expr& expr, const std::string& purpose);
  std::optional<StaticExpr> need_size(const Expr& expr);
  bool sizes_only(const StaticExpr& expr, const Location& where);
  void not_a_size(const StaticExpr& expr, const Location& where);

  // lower_expr.cpp
  Pending build(const Expr& expr);
  Pending build_binary(const Expr& expr);
  Pending build_unary(const Expr& expr);
  Pending build_index(const Expr& expr);
  Pending build_op(std::string_view name, std::vector<Value> operands, std::vector<std::vector<StaticExpr>> attributes,
                   const Location& where);
  Pending finish(OpId op, std::vector<Value> operands, std::vector<std::vector<StaticExpr>> attributes,
                 const Location& where);
  Pending hole_op(std::vector<Value> operands, const Location& where);
  Value operand(const Expr& expr);
  Value materialise(Pending pending);
  std::optional<std::vector<Index>> build_subscripts(const std::vector<Subscript>& subscripts);
  Value family_member(const Expr& expr, std::vector<const Expr*>& rest);
  Pending atom(Value value) const;

  // lower_calls.cpp
  Pending build_call(const Expr& expr);
  Pending call_op(const Expr& expr);
  void unknown_call(const Expr& expr);
  void bad_length(const Expr& expr);
  const FunctionDefinition* find_helper(const Expr& call, const Module*& module);
  std::vector<Pending> inline_helper(const Expr& call, const FunctionDefinition& helper, const Module& module);
  bool bind_arguments(const Expr& call, const FunctionDefinition& helper, Scope& inner);
  std::optional<std::vector<std::vector<StaticExpr>>> read_attributes(const Expr& call, const OpInfo& op,
                                                                      std::size_t first);
  std::optional<std::vector<StaticExpr>> read_attribute(const Expr& value, const OpAttribute& attribute);

  // lower_statements.cpp
  void lower_function(const FunctionDefinition& definition, Function which);
  void lower_block(const std::vector<Statement>& body);
  void lower_statement(const Statement& statement);
  void lower_assign(const Statement& statement);
  void lower_several(const Statement& statement);
  bool names(const Expr& target, const std::string& name) const;
  void lower_expression(const Statement& statement);
  bool loop_range(const Expr& header, CoreLine& line);
  void reverse(CoreLine& line) const;
  void lower_loop(const Statement& statement);
  void lower_turns(const Statement& statement, CoreLine& line);
  void lower_branch(const Statement& statement);
  bool bind_static_local(const Statement& statement);
  void emit(CoreLine line);

  // lower_assign.cpp
  void assign(const Expr& target, Pending value, const Statement* statement);
  void assign_name(const Expr& target, Pending value, const Statement* statement);
  void assign_index(const Expr& target, Pending value);
  bool may_assign_part(const Expr& target, const Value& out, const std::vector<const Expr*>& rest, const Pending& pending);
  void assign_part(const Expr& target, const Value& out, const Expr& part, Pending pending);
  void assign_fraction(const Expr& target, const RegisterRef& ref, const std::vector<Index>& index, const Value& value);
  std::optional<Value> assigned_register(const Expr& target, const Shape& shape, bool shape_known);
  bool fits(const Shape& wanted, const Shape& given, const Expr& target, const Value& source);
  void store(Pending value, const RegisterRef& out, const Shape& shape);

  // lowering.cpp
  void check_entry_names();
  Diagnostic& error(const Location& where, std::string message, std::string hint = {});
  void note_shape(Diagnostic& diagnostic, const Value& value);

  const Module& main_;
  const CompileOptions& options_;
  Diagnostics& diagnostics_;
  Diagnostic ignored_;
  CoreProgram core_;
  std::map<std::string, Location> first_seen_;       // of registers that have their shape from a line, for notes
  std::map<std::string, Location> assigned_later_;   // names assigned anywhere in the main functions
  std::set<std::string> poisoned_;                   // registers whose shape is unknown because of an error
  std::set<std::string> identifiers_;                // every name in use, to make fresh ones
  std::map<std::string, int> last_number_;           // the last one tried for each stem of a fresh name
  std::unordered_map<std::string, std::size_t> register_index_;  // the first of core_.registers with that name
  std::set<std::string> reported_;                   // to report each error of a helper once
  std::vector<std::string> loops_;                   // active loop variables
  std::vector<const FunctionDefinition*> calls_;     // helpers being inlined
  std::vector<Location> call_sites_;
  std::map<const Statement*, std::string> shapes_;   // what --dump=typed shows
  std::map<std::string, int> inlined_;               // how often each helper was
  std::vector<CoreLine>* out_ = nullptr;
  Scope* scope_ = nullptr;
  Function function_ = Function::setup;
  long emitted_ = 0;
  bool hold_ = false;
  Location current_;  // of the declaration or statement being lowered
  bool dry_ = false;  // shapes only: nothing is emitted or reported
  bool batched_ = false;
};

/// Whether a name is one of those that the task writes: x, target, reward, action, done.
bool handed_in(const std::string& name);
/// Whether a name is s<i>, v<i> or m<i>; the letter, or 0.
char numbered_kind(const std::string& name);
/// Every name that the statements assign to.
void collect_assigned(const std::vector<Statement>& body, std::map<std::string, int>& counts,
                      std::map<std::string, Location>* where = nullptr);
/// Replaces names in a shape, as when a family's index is known.
Shape substitute(const Shape& shape, const std::map<std::string, StaticExpr>& names, const SizeTable& sizes);
/// Surface text with inferred shapes.
std::string print_typed(const Program& program, const std::map<const Statement*, std::string>& shapes);

}  // namespace mlz::text
