#pragma once
#include <optional>

#include "evolve/eval/lifetime.hpp"
#include "evolve/numbered/evaluator.hpp"
#include "lang/core/core_program.hpp"

namespace mlz::evolve {

/// A value for each param of a program, in their declared order.
using ParamValues = std::vector<std::vector<double>>;

/// How programs are run besides the problems.
struct RunSetting {
  eval::Protocol protocol = eval::Protocol::stream;
  vm::DType dtype = vm::DType::f32;
  std::string engine = "auto";
  Join join = Join::mean;
  double max_error = 100;
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of all registers of a program, as f64
  int epochs = -1;                                 ///< -1: as many as the problem says
  std::int64_t steps = 0;                          ///< most training steps of a lifetime; 0: any
  bool ignore_non_finite = false;                  ///< stream: such predictions are wrong and end nothing
  ParamValues params = {};                         ///< empty: first values, drawn from the seed
};

/// Runs programs of any form on the problems of a set, as mlzrun would. Its functions may run at the same time.
class ProgramEvaluator {
 public:
  ProgramEvaluator(ProblemSet set, RunSetting setting) : set_(std::move(set)), setting_(std::move(setting)) {}

  const ProblemSet& set() const { return set_; }
  const RunSetting& setting() const { return setting_; }

  /// The program with the sizes of the task; nothing, with the reason in `why`, where they do not fit or a limit is
  /// passed.
  std::optional<vm::BoundProgram> bind(const CoreProgram& program, std::string* why = nullptr) const;
  /// A program that cannot be bound scores 0.
  Score score(const CoreProgram& program) const;
  /// Throws InputError as eval::check_fit does.
  Score score(const vm::BoundProgram& program) const { return score(program, setting_.params); }
  /// With other params; empty: first values.
  Score score(const vm::BoundProgram& program, const ParamValues& params) const;
  /// The engine that runs the program, by name.
  std::string engine_of(const vm::BoundProgram& program) const;

 private:
  ProblemSet set_;
  RunSetting setting_;
};

}  // namespace mlz::evolve
