#pragma once
#include <string>
#include <vector>

#include "lang/core/diagnostics.hpp"
#include "mlz/vm.hpp"
#include "vm/bound_program.hpp"
#include "vm/machine.hpp"

/// What the public types hold.
namespace mlz {

struct BoundProgram::Impl {
  vm::BoundProgram program;
};

struct Snapshot::Impl {
  vm::Snapshot machine;
  BoundProgram program;
  std::string engine;
  DType dtype = DType::f64;
  int lifetimes = 1;
  bool born = false;
  std::vector<std::vector<std::vector<double>>> params;  // lifetime, param, entry
};

/// One error without a place.
ProgramError plain_error(const std::string& message);
std::vector<ProgramError> error_values(const Diagnostics& diagnostics);

template <class T>
Result<T> failed(const Diagnostics& diagnostics) {
  return Result<T>(error_values(diagnostics), diagnostics.count());
}
template <class T>
Result<T> failed(const std::string& message) {
  return Result<T>({plain_error(message)}, 1);
}

/// What is wrong with one call taking that many operations, or empty.
std::string excess_operations(const vm::BoundProgram& program, double limit);

}  // namespace mlz
