#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::golden {

/// Rows of numbers with a label each.
class FixedExamples : public tasks::Examples {
 public:
  FixedExamples(std::vector<std::vector<double>> features, std::vector<double> labels)
      : features_(std::move(features)), labels_(std::move(labels)) {}
  std::size_t size() const override { return labels_.size(); }
  void features(std::size_t i, std::span<double> out) const override;
  void features(std::size_t i, std::span<float> out) const override;
  double label(std::size_t i) const override { return labels_[i]; }

 private:
  std::vector<std::vector<double>> features_;
  std::vector<double> labels_;
};

struct TaskCase {
  tasks::TaskInfo info;
  tasks::Problem problem;
};

/// A recorded lifetime.
struct ProgramCase {
  std::string id, task, program, outcome;
  double max_abs_error = 100, fitness = 0;
  std::int64_t train_steps = 0;
  std::vector<double> train_abs_errors, valid_predictions;
  std::map<std::string, std::vector<double>>
      memory;  ///< registers that are not all zero, and all scalars
  bool fp_sensitive = false;
};

/// A recorded instruction.
struct OpCase {
  std::string id, text, out_register;  ///< out_register is empty where nothing comes out
  std::int64_t features = 0;
  std::map<std::string, std::vector<double>> in;
  std::vector<double> out;
  bool fp_sensitive = false;
};

/// Files of JSON lines. They throw InputError naming file and line when something is missing or of
/// the wrong type.
std::map<std::string, TaskCase> read_tasks(const std::string& path);
std::vector<ProgramCase> read_programs(const std::string& path);
std::vector<OpCase> read_ops(const std::string& path);

}  // namespace mlz::golden
