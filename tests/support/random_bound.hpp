#pragma once
#include <random>

#include "vm/bound_program.hpp"
#include "vm/reference_ops.hpp"

namespace mlz::test {

/// What random programs are made of.
struct ProgramOptions {
  int instructions = 40;      ///< about so many over the three functions
  std::int64_t largest = 40;  ///< largest dimension
  double observed = 0.3;      ///< share of registers that are observed
  bool random_draws = true;
};

/// Builds a bound program register by register. Instructions are executed while they are added, so
/// that those whose results are not finite, or huge, can be left out mostly: programs of NaN alone
/// would test nothing.
class ProgramBuilder {
 public:
  ProgramBuilder();

  vm::RegisterId add(Kind kind, std::int64_t rows, std::int64_t cols);
  vm::RegisterId scalar() { return add(Kind::scalar, 1, 1); }
  vm::RegisterId vector(std::int64_t n) { return add(Kind::vector, 1, n); }
  vm::RegisterId matrix(std::int64_t rows, std::int64_t cols) {
    return add(Kind::matrix, rows, cols);
  }
  vm::RegisterId constant(double value);
  vm::RegisterId normal_param(Kind kind, std::int64_t rows, std::int64_t cols, double deviation);
  void start_as(vm::RegisterId state, vm::RegisterId param);
  void observe(vm::RegisterId id) { program.registers[id].observed = true; }
  void name(vm::RegisterId id, const std::string& name) { program.registers[id].name = name; }

  /// Adds an instruction to `function`; false when it was left out because its result is not tame
  /// and `tame` asks so.
  bool add(vm::BoundInstruction instruction, bool tame = false);
  bool op(OpId id, vm::RegisterId out, std::initializer_list<vm::RegisterId> in,
          std::array<std::int64_t, 4> attr = {}, double value = 0);
  /// Marks liveness and numbers samplers.
  vm::BoundProgram finish();

  const vm::BoundRegister& at(vm::RegisterId id) const { return program.registers[id]; }

  vm::BoundProgram program;
  Function function = Function::setup;
  bool keep_tame = false;  ///< for `op`

 private:
  std::vector<vm::Value> values_;
};

/// A program over all ops, all ways to broadcast, outputs that are inputs, and sequences that
/// fusion looks for.
vm::BoundProgram random_program(std::uint64_t seed, const ProgramOptions& options = {});

}  // namespace mlz::test
