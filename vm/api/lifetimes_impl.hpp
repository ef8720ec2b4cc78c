#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vm/api/impl.hpp"

namespace mlz {

/// A register the host hands in or takes out at every step.
struct Port {
  vm::RegisterId id = vm::kNoRegister;
  std::size_t entries = 0;  ///< of one lifetime

  Port(const vm::BoundProgram& program, Role role);
  bool exists() const { return id != vm::kNoRegister; }
};

struct Lifetimes::Impl {
  Impl(const BoundProgram& program, const StartOptions& options);

  BoundProgram program;
  std::unique_ptr<vm::Machine> machine;
  DType dtype;
  Port x, y, target;
  bool born = false;
  bool looking = false;  // inside look(): draws are those of tests
  std::vector<std::vector<std::vector<double>>> params;  // lifetime, param, entry
  std::vector<double> y64, zero64;                       // all lifetimes; zero: a target of one
  std::vector<float> y32, zero32;

  const vm::BoundProgram& bound() const { return program.impl().program; }
  int count() const { return machine->lanes(); }
  void need_birth(const char* call) const;
  /// Throws std::invalid_argument unless there are values for one lifetime or for all.
  void need_size(const Port& port, std::size_t given, const char* call, const char* what) const;
  vm::RegisterId id_of(std::string_view name) const;
  vm::RegisterId readable(std::string_view name, int lifetime) const;
  vm::RegisterId writable(std::string_view name, int lifetime) const;
  void need_lifetime(int lifetime) const;
  void need_entries(vm::RegisterId id, std::size_t given) const;

  void setup();
  void give_params();
  /// The params with those of `given` in place of the old ones. Throws std::invalid_argument.
  std::vector<std::vector<double>> changed_params(const Params& given, int lifetime) const;
  Params params_of(int lifetime) const;

  template <class T>
  std::vector<T>& answers();
  template <class T>
  const std::vector<T>& zeros() const;
  template <class T>
  void hand_in(const Port& port, std::span<const T> values);
  template <class T>
  std::span<const T> predict(std::span<const T> x_values);
  template <class T>
  void learn(std::span<const T> x_values, std::span<const T> target_values);
  template <class T>
  StreamResult run_stream(std::span<const T> xs, std::span<const T> targets, const StreamOptions& options,
                          std::span<T> predictions);
};

extern template std::span<const double> Lifetimes::Impl::predict(std::span<const double>);
extern template std::span<const float> Lifetimes::Impl::predict(std::span<const float>);
extern template void Lifetimes::Impl::learn(std::span<const double>, std::span<const double>);
extern template void Lifetimes::Impl::learn(std::span<const float>, std::span<const float>);
extern template StreamResult Lifetimes::Impl::run_stream(std::span<const double>, std::span<const double>,
                                                         const StreamOptions&, std::span<double>);
extern template StreamResult Lifetimes::Impl::run_stream(std::span<const float>, std::span<const float>,
                                                         const StreamOptions&, std::span<float>);

}  // namespace mlz
