#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vm/bind_scope.hpp"
#include "vm/bind_shapes.hpp"

namespace mlz::vm {

/// Registers one program may have, members of families and turns of loops counted one by one.
inline constexpr std::size_t kMaxRegisters = 250'000;

/// A window of a register, and how many of its two dimensions an index keeps.
struct Window {
  std::int64_t row = 0, col = 0, rows = 1, cols = 1;
  Kind kind = Kind::scalar;

  std::int64_t size() const { return rows * cols; }
  Dims dims() const;
};

/// Turns a core program into a bound one. Registers are made when they are declared or first used;
/// lines are bound in the order in which they run. After an error it goes on where that makes
/// sense, to report more than one.
class Binder {
 public:
  Binder(const CoreProgram& program, const BindOptions& options, Diagnostics& diagnostics);
  BoundProgram bind();

 private:
  const CoreProgram& program_;
  const BindOptions& options_;
  BindScope scope_;
  BoundProgram out_;
  std::unordered_map<std::string, const RegisterInfo*> infos_;
  std::unordered_map<std::string, RegisterId> ids_;  // by full name; kNoRegister: failed before
  std::unordered_map<std::uint64_t, RegisterId> constants_;  // by the bits of the value
  std::unordered_map<const CoreLine*, std::uint32_t> line_numbers_;
  std::map<RegisterId, std::string> families_;  // member or turn -> name in the program
  Function function_ = Function::setup;
  std::int64_t instructions_ = 0;
  std::int64_t idle_turns_ =
      0;               // turns of loops that made nothing; they count against the limit, too
  bool stop_ = false;  // a limit is reached: nothing more is made

  // binder_registers.cpp
  void declare_registers();
  void declare_members(const Declaration& declaration, const RegisterInfo& info,
                       std::vector<std::int64_t>& member);
  void give_birth(const Declaration& declaration, const RegisterInfo& info,
                  const std::vector<std::int64_t>& member);
  void add_param(const Declaration& declaration, RegisterId id);
  RegisterId register_of(const RegisterRef& ref, const Location& where);
  RegisterId member_of(const RegisterInfo& info, const std::vector<std::int64_t>& member,
                       const Location& where);
  RegisterId make_register(const RegisterInfo& info, const std::vector<std::int64_t>& member,
                           std::string name, const Location& where);
  RegisterId add_register(BoundRegister made, const Location& where);
  RegisterId constant_register(double value, const Location& where);
  std::optional<std::vector<std::int64_t>> members(const RegisterInfo& info, const RegisterRef& ref,
                                                   const Location& where);
  std::optional<std::string> turn_suffix(const RegisterInfo& info, const Location& where);
  void assign_roles();
  void mark_observed();

  // binder_lines.cpp
  void number_lines(const std::vector<CoreLine>& lines);
  void bind_lines(const std::vector<CoreLine>& lines);
  void bind_loop(const CoreLine& line);
  void bind_branch(const CoreLine& line);
  bool has_room(const CoreLine& line, std::int64_t turns);
  double least_instructions(const std::vector<CoreLine>& lines);
  double least_turns(const CoreLine& line) const;

  // binder_ops.cpp
  void bind_instruction(const CoreLine& line);
  void bind_constant(const CoreLine& line);
  void bind_get(const CoreLine& line);
  void bind_set(const CoreLine& line);
  void bind_concat(const CoreLine& line);
  void bind_plain(const CoreLine& line);
  bool bind_operands(const CoreLine& line, BoundInstruction& instruction);
  RegisterId bind_target(const CoreLine& line);
  RegisterId bind_operand(const Operand& operand, const Location& where);
  bool bind_attributes(const CoreLine& line, BoundInstruction& instruction,
                       std::optional<Dims>& asked);
  bool set_attribute(const CoreLine& line, std::size_t i, BoundInstruction& instruction,
                     std::optional<Dims>& asked);
  std::optional<double> scalar_attribute(const CoreLine& line, std::string_view name);
  std::optional<Window> window_of(const CoreLine& line, const BoundRegister& r);
  bool place(const Index& index, std::int64_t size, const CoreLine& line, std::int64_t& first,
             std::int64_t& count);
  std::optional<std::int64_t> entry(const StaticExpr& expr, std::int64_t size, std::int64_t last,
                                    const CoreLine& line);
  void emit(const CoreLine& line, BoundInstruction instruction);
  void clash(const CoreLine& line, const std::vector<Dims>& in, const Dims& out,
             const std::string& why);
};

}  // namespace mlz::vm
