#pragma once
#include <cstddef>
#include <vector>

#include "vm/batch_evaluator.hpp"
#include "vm/stream_kernels.hpp"

namespace mlz::vm {

/// The examples of up to 16 tasks as streams read them: for each example the label and then the features, with a number
/// per task.
struct ExampleBlock {
  int first_task = 0, tasks = 0;
  int lanes = 0;           ///< with padding
  std::size_t stride = 0;  ///< bytes per example
  std::vector<const std::byte*> train;  ///< by epoch
  const std::byte* valid = nullptr;
  std::vector<std::byte> memory;
};

struct PreparedBatch {
  int features = 0, epochs = 1;
  std::size_t train_count = 0, valid_count = 0;
  BatchMetric metric = BatchMetric::rms_error;
  double max_abs_error = 0;
  std::uint64_t seed = 0;
  std::vector<std::uint32_t> lifetimes;
  std::vector<ExampleBlock> blocks;
};

/// Throws InputError when the tasks do not fit each other.
template <class T>
PreparedBatch prepare(const TaskBatch& batch);

}  // namespace mlz::vm
