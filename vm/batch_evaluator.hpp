#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vm/compact.hpp"
#include "vm/levels.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// squashed_rms_error: lifetimes as under accuracy, the sigmoid of the prediction in the place of it when Learn begins, and
/// scores as under rms_error.
enum class BatchMetric : std::uint8_t { accuracy, rms_error, squashed_rms_error };

/// The examples of one task, row by row.
struct BatchTask {
  std::vector<double> train_features, train_labels, valid_features, valid_labels;
  /// Order of the training examples in each epoch; empty: one epoch in stored order.
  std::vector<std::vector<std::uint32_t>> orders;
  std::uint32_t lifetime = 0;  ///< names the random draws of programs on this task
};

/// Tasks that programs are evaluated on together. All have equal numbers of examples and epochs.
struct TaskBatch {
  int features = 0;
  BatchMetric metric = BatchMetric::rms_error;
  double max_abs_error = 100;
  std::uint64_t seed = 0;  ///< of the draws of programs
  std::vector<BatchTask> tasks;
};

struct BatchOptions {
  DType dtype = DType::f64;
  std::optional<Level> level;  ///< of kernels; none: the best, or that of MLZ_KERNELS
  int interleave = 0;          ///< candidates in one stream of instructions; 0: as many as suits the cache
  bool fuse = true;
};

struct BatchOutcome {
  std::vector<double> fitness;  ///< by task, in [0, 1]
  double mean = 0;
  std::int64_t steps = 0;  ///< training steps over all tasks, those that stopped early included
  bool non_finite = false;  ///< some lifetime stopped early at a prediction that was infinite or NaN
};

/// Evaluates compact programs under the automl protocol (Real et al. 2020, section 3): lanes are tasks, and several
/// programs run interleaved in one stream of instructions. In f64 results have the bits of one program and task at a
/// time on the reference engine. Not thread-safe; make one per thread, or copies that share the prepared examples.
class BatchEvaluator {
 public:
  /// Throws InputError when the tasks do not fit each other or are too large.
  BatchEvaluator(const TaskBatch& batch, const BatchOptions& options);
  /// An evaluator of its own over the same prepared examples.
  BatchEvaluator(const BatchEvaluator& other);
  BatchEvaluator& operator=(const BatchEvaluator&) = delete;
  ~BatchEvaluator();

  /// Outcomes must be as many as programs; their memory is used again.
  void evaluate(std::span<const CompactProgram* const> programs, std::span<BatchOutcome> outcomes);

  class Engine;

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace mlz::vm
