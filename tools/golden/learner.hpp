#pragma once
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/golden/golden.hpp"
#include "vm/adjoint/reversal.hpp"
#include "vm/machine.hpp"

namespace mlz::golden {

/// One lifetime of a program, stepped by hand: its params and, after Setup, any of its registers
/// are given by name.
class Learner {
 public:
  using Settings = std::map<std::string, std::string>;  ///< as in --set name=value
  using Sizes = std::map<std::string, std::int64_t>;    ///< what a task would hand in

  /// Binds a program of the standard library ("srwm.mlz"). Throws InputError.
  Learner(const std::string& program, const Settings& settings, const Sizes& sizes,
          const Options& options);
  /// Binds a text.
  static Learner of_text(const std::string& text, const Sizes& sizes, const Options& options);

  /// Gives a param its value; before start(). Throws InputError where there is none of that name
  /// and size.
  void param(const std::string& name, std::vector<double> values);
  void start();  ///< birth and Setup
  /// Lifetimes with these params, to be run forward and back.
  vm::Reversal reversal(const vm::AdjointOptions& adjoint) const;

  void write(const std::string& name, std::span<const double> values);
  std::vector<double> read(const std::string& name) const;
  /// x = values, target = 0, Predict.
  void predict(std::span<const double> x);
  /// x = values again, target = label in the form of y (none: 0), Learn.
  void learn(std::span<const double> label = {});
  std::vector<double> y() const;

  vm::Machine& machine() { return *machine_; }
  const vm::BoundProgram& program() const { return program_; }

 private:
  Learner(vm::BoundProgram program, const Options& options);
  vm::MachineOptions machine_options() const;
  void write_role(Role role, std::span<const double> values);
  vm::RegisterId find(const std::string& name) const;

  vm::BoundProgram program_;
  Options options_;
  std::vector<std::vector<double>> params_;
  std::unique_ptr<vm::Machine> machine_;
  std::vector<double> x_;
};

/// Finds the first number that differs from a recorded case by more than tolerance * (1 +
/// |expected|).
class Comparison {
 public:
  explicit Comparison(double tolerance) : tolerance_(tolerance) {}
  /// `field` names the numbers in messages, as in "y[3]".
  void numbers(const std::string& field, std::span<const double> expected,
               std::span<const double> got);
  void recorded(const std::string& field, const nlohmann::json& expected,
                std::span<const double> got);
  void exactly(const std::string& field, double expected, double got);
  /// The first difference in words.
  const std::optional<std::string>& difference() const { return difference_; }

 private:
  double tolerance_;
  std::optional<std::string> difference_;
};

}  // namespace mlz::golden
