#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "lang/core/op_table.hpp"
#include "lang/core/source.hpp"

namespace mlz {

/// A register, or one member of a family of registers: `W[l][h]`.
struct RegisterRef {
  std::string name;
  std::vector<StaticExpr> member;  ///< empty for a plain register

  bool operator==(const RegisterRef&) const = default;
  std::string print() const;
};

/// An input of an instruction: a register, a number known at bind time, or a hole `?`.
struct Operand {
  enum class Kind { reg, constant, hole };
  Kind kind = Kind::hole;
  RegisterRef reg;
  StaticExpr constant;

  static Operand of(RegisterRef r) { return {Kind::reg, std::move(r), {}}; }
  static Operand of(StaticExpr c) { return {Kind::constant, {}, std::move(c)}; }
  bool operator==(const Operand&) const = default;
  std::string print() const;
};

/// One position of an index: `:`, `i`, `lo:hi`, or a fraction (`v3[0.3]` as in AutoML-Zero).
/// Expressions are as written: a negative one counts from the end; a missing bound is empty.
struct Index {
  enum class Kind { all, at, range, fraction };
  Kind kind = Kind::all;
  StaticExpr lo, hi;

  bool operator==(const Index&) const = default;
  std::string print() const;
};

/// One line of the core form: an instruction, a block, or a hole.
struct CoreLine {
  enum class Kind { instruction, loop, branch, hole };
  Kind kind = Kind::instruction;
  bool hold = false;
  Location where;

  // instruction: out = op(in, attributes); `index` for get, set and set_fraction
  OpId op = OpId::noop;
  RegisterRef out;
  std::vector<Operand> in;
  std::vector<std::vector<StaticExpr>> attributes;  ///< aligned with OpInfo::attributes; empty = left out
  std::vector<Index> index;

  // loop: for variable in range(first, last, step)
  std::string variable;
  StaticExpr first, last, step;
  // branch: if condition
  StaticExpr condition;
  std::vector<CoreLine> body;       ///< of a loop, or of a branch whose condition holds
  std::vector<CoreLine> otherwise;  ///< of a branch

  int hole_count = 1;  ///< hole: how many instructions are to be found

  /// Equal but for `where`.
  bool operator==(const CoreLine& other) const;
};

/// One index of a family: members 0 .. count-1; `variable` names it inside the family's shape.
struct FamilyIndex {
  std::string variable;
  StaticExpr count;
  bool operator==(const FamilyIndex&) const = default;
};

/// What a declaration at the top of a program says.
struct Declaration {
  enum class Kind { size, constant, param, state };
  Kind kind = Kind::size;
  std::string name;
  std::vector<FamilyIndex> family;     ///< param, state
  Shape shape;                         ///< param, state
  StaticExpr value;                    ///< size (perhaps a list), const, scalar param
  OpId draw = OpId::noop;              ///< param: the distribution of its first value, or noop
  std::vector<StaticExpr> draw_args;
  std::string starts_as;               ///< state: the param whose value it has at birth, or empty
  bool hold = false;
  Location where;

  /// Equal but for `where`.
  bool operator==(const Declaration& other) const;
};

/// Parts the task plays in a program's registers.
enum class Role : std::uint8_t { none, x, target, y, reward, action, done };

/// A register of the program with its symbolic shape.
struct RegisterInfo {
  std::string name;
  Shape shape;
  std::vector<FamilyIndex> family;
  Role role = Role::none;
  bool is_state = false;
  bool is_param = false;
  /// Loop variables the shape depends on: the register then is one of its own per turn of those loops.
  std::vector<std::string> per_iteration;
};

enum class Function : std::uint8_t { setup = 0, predict = 1, learn = 2 };
inline constexpr std::array<Function, 3> kFunctions{Function::setup, Function::predict, Function::learn};
const char* function_name(Function function);  ///< "Setup", "Predict", "Learn"

/// A program in core form: independent of the task, every line one operation on named registers.
struct CoreProgram {
  std::string doc;
  std::vector<Declaration> declarations;
  std::vector<RegisterInfo> registers;  ///< in order of first appearance
  std::array<std::vector<CoreLine>, 3> functions;
  std::array<bool, 3> hold{};
  SizeTable sizes;  ///< derived from the declarations

  const RegisterInfo* find(const std::string& name) const;
  const RegisterInfo* with_role(Role role) const;
  bool has_holes() const;
  /// Same declarations and lines; registers follow from these.
  bool operator==(const CoreProgram& other) const;
};

/// Sizes that a task may hand to a program; a program uses them without declaring them.
const std::vector<std::string>& task_size_names();

/// Canonical text of the core form; it is a valid program and parses back to an equal one.
std::string print(const CoreProgram& program);
std::string print(const CoreLine& line, int indent = 0);
std::string print(const Declaration& declaration);

}  // namespace mlz
