#pragma once
#include <map>
#include <stdexcept>

#include "evolve/eval/lifetime.hpp"
#include "vm/adjoint/reversal.hpp"

namespace mlz::eval {

struct GradientOptions {
  std::string engine = "auto";
  vm::DType dtype = vm::DType::f32;
  bool blas = true;
  std::int64_t remat = 0;                          ///< as vm::ReversalOptions::segment
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of kept states, in all lanes together
  bool inputs = false;                             ///< also the gradient of x at each step
  bool initial_state = false;                      ///< also that of the registers as Setup left them
  bool explain =
      true;  ///< find the line where something became infinite or NaN, by leading the lifetime once more, slowly
};

/// The gradient of Outcome::loss of one lifetime under the stream protocol.
struct LifetimeGradient {
  double loss = kNoScore;
  double score = 0;  ///< fitness_of the training score of the last epoch
  std::int64_t steps = 0;
  std::vector<std::vector<double>> params;  ///< in declared order, row by row
  std::vector<std::vector<double>> inputs;  ///< by step, if asked for; empty where x does not reach the loss
  std::map<std::string, std::vector<double>> initial_state;  ///< by register, if asked for; those that reach the loss
};

/// A prediction, a loss or a gradient became infinite or NaN; the text says where.
class NonFiniteGradient : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes gradients of lifetimes of a program on a task, several at once in the lanes of one machine. Not thread-safe.
class LifetimeGradients {
 public:
  /// Throws InputError where the program does not fit the task, or as vm::differentiate does. `adjoint` is that of
  /// `program`, made before; it must outlive this, as must the others.
  LifetimeGradients(const vm::BoundProgram& program, const vm::Adjoint& adjoint, const tasks::TaskInfo& task, int lanes,
                    const GradientOptions& options);

  /// One gradient per problem; there must be a problem and a lifetime for each lane, and equally many steps in all.
  /// Settings count as under the stream protocol, of its limits that of steps. Throws NonFiniteGradient. What is
  /// returned is overwritten by the next call.
  const std::vector<LifetimeGradient>& of(std::span<const tasks::Problem> problems,
                                          std::span<const std::uint32_t> lifetimes,
                                          const std::shared_ptr<const vm::ParamValues>& params,
                                          const Settings& settings);

 private:
  const vm::BoundProgram& program_;
  const vm::Adjoint& adjoint_;
  const tasks::TaskInfo& task_;
  GradientOptions options_;
  vm::Reversal reversal_;
  std::vector<LifetimeGradient> results_;  // by lane

  [[noreturn]] void explain(std::span<const tasks::Problem> problems, std::span<const std::uint32_t> lifetimes,
                            const std::shared_ptr<const vm::ParamValues>& params, const Settings& settings) const;
};

/// What adjoints take gradients of under such options.
vm::AdjointOptions adjoint_options(const GradientOptions& options);

/// The training steps of a lifetime under the stream protocol.
std::int64_t stream_steps(const vm::BoundProgram& program, const tasks::Problem& problem, const Settings& settings);

}  // namespace mlz::eval
