#pragma once
#include <memory>
#include <string>
#include <vector>

#include "evolve/eval/lifetime.hpp"
#include "evolve/outer/machine_pool.hpp"
#include "evolve/outer/outer_loop.hpp"
#include "evolve/outer/problem_cache.hpp"
#include "lang/core/core_program.hpp"
#include "vm/engine_choice.hpp"

namespace mlz::outer {

enum class Combine { product, mean };  ///< of the scores of several tasks

struct EvaluatorOptions {
  std::string engine = "auto";
  int lanes = 0;  ///< lifetimes that share a machine; 0: as vm::fitting_lanes finds, 1 for engines other than lanes
  std::string protocol;  ///< empty: that of each task
  vm::DType dtype = vm::DType::f32;
  Combine combine = Combine::product;
  std::int64_t max_bytes = std::int64_t{4} << 30;  ///< of the registers of one lifetime, as f64
  eval::Settings settings;  ///< of each lifetime; protocol, seed and index are set here
};

/// What one lifetime on each task was worth, and the training steps they took together.
struct Judged {
  double score = 0;  ///< their scores as one
  double loss = eval::kNoScore;  ///< the mean of Outcome::loss; none where a task has no losses
  std::int64_t steps = 0;
};

/// Params to be judged by lifetime `index` on each task.
struct Trial {
  std::span<const double> params;
  std::uint32_t index = 0;
};

/// Judges the params of a program by a lifetime on each of several tasks. Params are one vector:
/// their numbers in declared order, row by row. Evaluation is pure: what a trial gives depends neither on the trials
/// beside it nor on what was judged before. Objects may be shared by threads.
class ParamEvaluator {
 public:
  /// Throws InputError when the program does not fit a task, or has params of other shapes on one
  /// of them.
  ParamEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                 EvaluatorOptions options = {});

  std::size_t size() const { return size_; }  ///< numbers in a vector of params
  /// First values of the params, drawn from the seed.
  Vector initial(std::uint64_t seed) const;
  /// As many trials as are best judged in one call.
  std::size_t batch() const { return batch_; }
  /// Whether all tasks have losses.
  bool has_loss() const;
  /// The outcome of each trial on each task: [trial][task]. Throws std::invalid_argument for a vector of another size.
  std::vector<std::vector<eval::Outcome>> outcomes(std::span<const Trial> trials, std::uint64_t seed) const;
  std::vector<eval::Outcome> outcomes(std::span<const double> params, std::uint64_t seed,
                                      std::uint32_t index) const;
  /// What they are worth. A lifetime that failed, or whose score is no number, scores 0, and its loss is that of
  /// worst_loss(); no loss is larger.
  std::vector<Judged> judge(std::span<const Trial> trials, std::uint64_t seed) const;
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
  /// A task with all that is made for it once.
  struct Place {
    std::shared_ptr<const tasks::Task> task;
    std::unique_ptr<MachinePool> machines;
    std::unique_ptr<ProblemCache> problems;
    eval::Protocol protocol;
  };
  eval::Protocol protocol(const tasks::Task& task) const;
  Place place(std::shared_ptr<const tasks::Task> task, const vm::BoundProgram& program) const;
  vm::LaneChoice fitting(const vm::BoundProgram& program, eval::Protocol protocol) const;
  std::vector<vm::Birth> births(std::span<const Trial> trials, std::uint64_t seed) const;
  std::vector<eval::Outcome> live(const Place& place, std::span<const Trial> trials, std::span<const vm::Birth> births,
                                  std::uint64_t seed) const;
  Judged joined(std::span<const eval::Outcome> outcomes) const;

  std::vector<vm::BoundProgram> programs_;
  EvaluatorOptions options_;
  std::vector<Place> places_;
  std::size_t size_ = 0, batch_ = 1;
};

/// The largest loss of a lifetime on a task: that of the least probability (eval::kProbabilityMargin) for classes, the
/// square of Settings::max_abs_error for numbers.
double worst_loss(const tasks::TaskInfo& task, const eval::Settings& settings);

}  // namespace mlz::outer
