#pragma once
#include <memory>
#include <string>
#include <vector>

#include "evolve/eval/lifetime.hpp"
#include "evolve/outer/outer_loop.hpp"
#include "lang/core/core_program.hpp"

namespace mlz::outer {

enum class Combine { product, mean };  ///< of the scores of several tasks

struct EvaluatorOptions {
  std::string engine = "auto";
  std::string protocol;  ///< empty: that of each task
  vm::DType dtype = vm::DType::f32;
  Combine combine = Combine::product;
  eval::Settings settings;  ///< of each lifetime; protocol, seed and index are set here
};

/// The scores of one lifetime on each task as one, and the training steps they took together.
struct Judged {
  double score = 0;
  std::int64_t steps = 0;
};

/// Judges the params of a program by a lifetime on each of several tasks. Params are one vector:
/// their numbers in declared order, row by row. Evaluation is pure; objects may be shared by
/// threads.
class ParamEvaluator {
 public:
  /// Throws InputError when the program does not fit a task, or has params of other shapes on one
  /// of them.
  ParamEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                 EvaluatorOptions options = {});

  std::size_t size() const { return size_; }  ///< numbers in a vector of params
  /// First values of the params, drawn from the seed.
  Vector initial(std::uint64_t seed) const;
  /// The outcome of lifetime `index` on each task. Throws std::invalid_argument for a vector of
  /// another size.
  std::vector<eval::Outcome> outcomes(std::span<const double> params, std::uint64_t seed,
                                      std::uint32_t index) const;
  /// Their scores as one; a lifetime that failed, or whose score is no number, scores 0.
  Judged judge(std::span<const double> params, std::uint64_t seed, std::uint32_t index) const;
  double score(std::span<const double> params, std::uint64_t seed, std::uint32_t index) const {
    return judge(params, seed, index).score;
  }

  /// The program with the sizes of the first task; params are the same for all.
  const vm::BoundProgram& program() const { return programs_[0]; }
  /// A vector of params as MachineOptions::params has it, and back.
  std::vector<std::vector<double>> split(std::span<const double> params) const;
  static Vector joined(const std::vector<std::vector<double>>& params);

 private:
  eval::Protocol protocol(std::size_t task) const;

  std::vector<std::shared_ptr<const tasks::Task>> tasks_;
  std::vector<vm::BoundProgram> programs_;
  EvaluatorOptions options_;
  std::size_t size_ = 0;
};

}  // namespace mlz::outer
