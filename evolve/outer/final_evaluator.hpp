#pragma once
#include "evolve/outer/param_evaluator.hpp"

namespace mlz::outer {

/// The score of one lifetime and what it made of the params it began with.
struct Lived {
  Judged judged;
  Vector final;  ///< empty where the lifetime failed or left a number that is not finite
};

/// Lets params live, and reads what becomes of them: where a state begins as a param (`state W = W0`), its value at the
/// end of the lifetime is the value of that param in the result. Evaluation is pure; objects may be shared by threads.
class FinalEvaluator {
 public:
  /// Throws InputError unless there is one task, which the program fits, and params that a state begins as, one each.
  FinalEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                 EvaluatorOptions options);
  FinalEvaluator(const FinalEvaluator&) = delete;
  FinalEvaluator& operator=(const FinalEvaluator&) = delete;

  /// Lifetime `index` of params as ParamEvaluator has them. Throws std::invalid_argument for a vector of another size.
  Lived live(std::span<const double> params, std::uint64_t seed, std::uint32_t index) const;
  /// For each number of a vector of params, whether it is of a param that a state begins as.
  const std::vector<char>& handed_on() const { return handed_on_; }

 private:
  struct Part {
    std::size_t first = 0, size = 0;          ///< its numbers in a vector of params
    vm::RegisterId state = vm::kNoRegister;  ///< that begins as it; kNoRegister: none
  };
  std::shared_ptr<const tasks::Task> task_;
  EvaluatorOptions options_;
  vm::BoundProgram program_;
  std::unique_ptr<MachinePool> machines_;
  std::vector<Part> parts_;
  std::vector<char> handed_on_;

  void find_parts();
  void read_final(const vm::Machine& machine, Vector& params) const;
};

}  // namespace mlz::outer
