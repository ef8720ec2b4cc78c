#pragma once
#include <bit>
#include <initializer_list>
#include <map>
#include <optional>

#include "vm/bind_shapes.hpp"
#include "vm/bound_program.hpp"

namespace mlz::vm::adjoint {

/// Appends instructions to one function of a program and makes registers for what they compute.
class Emitter {
 public:
  using Attributes = std::array<std::int64_t, 4>;

  Emitter(BoundProgram& program, Function function) : program_(program), function_(function) {}

  BoundProgram& program() { return program_; }
  const BoundRegister& reg(RegisterId id) const { return program_.registers[id]; }
  Dims dims(RegisterId id) const { return dims_of(program_.registers[id]); }
  /// What is appended from now on counts as part of that line of the program.
  void set_line(std::uint32_t line) { line_ = line; }

  RegisterId add_register(std::string name, const Dims& dims);
  RegisterId constant(double value);
  /// A register of that shape that nothing writes.
  RegisterId zeros(const Dims& dims);

  /// The result of an op in a register of its own. `shape` is for ops that are told theirs, and for get.
  RegisterId op(OpId id, std::initializer_list<RegisterId> in, Attributes attributes = {},
                std::optional<Dims> shape = {}, double value = 0);
  /// An instruction whose result is a register that exists.
  void write(RegisterId out, OpId id, std::initializer_list<RegisterId> in, Attributes attributes = {},
             double value = 0);
  void append(BoundInstruction instruction);

 private:
  BoundProgram& program_;
  Function function_;
  std::uint32_t line_ = 0;
  std::map<std::uint64_t, RegisterId> constants_;
  std::map<std::array<std::int64_t, 3>, RegisterId> zeros_;
};

}  // namespace mlz::vm::adjoint
