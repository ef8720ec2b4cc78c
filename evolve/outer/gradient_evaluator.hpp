#pragma once
#include <memory>
#include <mutex>

#include "evolve/eval/gradient.hpp"
#include "evolve/outer/batch_gradient.hpp"
#include "evolve/outer/param_evaluator.hpp"

namespace mlz::outer {

/// Gradients of the mean loss of lifetimes with respect to the params of a program, which are one vector as in
/// ParamEvaluator. With several tasks a lifetime is one on each, and its loss and score are means over them. Evaluation
/// is pure; objects may be shared by threads.
class GradientEvaluator {
 public:
  /// `options` as of ParamEvaluator; `gradient` says how states are kept (its engine and dtype are those of `options`).
  /// Throws InputError when the program does not fit a task, has params of other shapes on one of them, or no param
  /// that reaches the loss; and for a protocol that is not `stream`.
  GradientEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                    EvaluatorOptions options = {}, eval::GradientOptions gradient = {});
  ~GradientEvaluator();

  /// Loss, score and gradient, each a mean over lifetimes first ... first+count-1 of `seed`; the same whatever other
  /// calls there are. Throws std::invalid_argument for a vector of another size or a count below 1,
  /// eval::NonFiniteGradient where a loss or gradient is infinite or NaN.
  BatchGradient of(std::span<const double> params, std::uint64_t seed, std::uint32_t first, int count) const;

  std::size_t size() const { return params_.size(); }
  const ParamEvaluator& params() const { return params_; }

 private:
  struct OnTask;
  ParamEvaluator params_;
  EvaluatorOptions options_;
  std::vector<std::unique_ptr<OnTask>> tasks_;
};

}  // namespace mlz::outer
