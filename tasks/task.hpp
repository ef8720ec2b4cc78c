#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lang/core/diagnostics.hpp"
#include "tasks/world.hpp"

namespace mlz::tasks {

/// A readable set of examples with features and a label each. Immutable; shared by all threads.
class Examples {
 public:
  virtual ~Examples() = default;
  virtual std::size_t size() const = 0;
  /// Writes the features of example i; `out` has exactly as many entries.
  virtual void features(std::size_t i, std::span<double> out) const = 0;
  virtual void features(std::size_t i, std::span<float> out) const = 0;
  /// A class index from 0, or the number to be predicted.
  virtual double label(std::size_t i) const = 0;
  /// Numbers in a label: 1, or more where several numbers are to be predicted at once.
  virtual std::size_t label_width() const { return 1; }
  /// Writes all numbers of the label of example i; `out` has label_width() entries.
  virtual void labels(std::size_t i, std::span<double> out) const { out[0] = label(i); }
};

enum class Metric { accuracy, rms_error, episode_return };  ///< classes, numbers, or rewards added up

/// A lifetime in a world: several episodes one after the other. An episode's score is where its return, the sum of its
/// rewards, lies between WorldInfo::lowest (0) and highest (1); that of the lifetime is their weighted mean.
struct Control {
  WorldInfo world;
  std::size_t episodes = 1;
  /// Every episode takes max_steps steps: when it is done the world begins anew, and what follows is not scored. Else
  /// it ends when it is done.
  bool idle_to_limit = false;
  /// Episode k of n weighs k / (0 + 1 + ... + n-1), from k = 0; else all weigh the same, as one alone does.
  bool rising_weights = true;
  std::function<DrawKey(std::uint64_t episode)> draws;
  std::vector<std::vector<double>> first_states;  ///< of each episode; empty: drawn

  double weight(std::size_t episode) const {
    const auto n = static_cast<double>(episodes);
    return rising_weights && episodes > 1 ? 2 * static_cast<double>(episode) / (n * (n - 1)) : 1 / n;
  }
};

/// One problem to learn: fixed data, drawn or read for one seed and index.
struct Problem {
  std::shared_ptr<const Examples> train, valid, test;  ///< valid and test may be empty sets, never null
  int epochs = 1;
  /// Order of the training examples in each epoch; empty: in stored order every time.
  std::vector<std::vector<std::uint32_t>> order;
  /// Predictions of training examples before this one of an epoch count neither in scores nor in the loss: a task may
  /// show examples for the learner alone, and ask about the last.
  std::size_t first_scored = 0;
  std::shared_ptr<const Control> control = nullptr;  ///< of a control task, which has no examples; else null
};

/// What a program can know of a task before any data is seen.
struct TaskInfo {
  std::string name;                           ///< with its options: "linear:features=4"
  std::map<std::string, std::int64_t> sizes;  ///< features, outputs, height, width, channels ...
  Metric metric = Metric::accuracy;
  int classes = 0;                     ///< 0 for numbers
  std::string protocol = "stream";     ///< the default one: "stream", "automl" or "control"
  std::string source;                  ///< where the data came from, for reports
  bool fixed_sets = false;             ///< all problems share their sets and differ in order only
  std::vector<std::int64_t> marks;     ///< numbers of examples after which reports give the score; see eval::Marks
};

class Task {
 public:
  virtual ~Task() = default;
  virtual const TaskInfo& info() const = 0;
  /// Problem `index` (the lifetime's index) for a seed. Pure: equal arguments give equal data.
  virtual Problem problem(std::uint64_t seed, std::uint32_t index) const = 0;
};

enum class OptionKind {
  text,
  whole,   ///< a whole number in lo .. hi
  number,  ///< a finite number in lo .. hi
  list,    ///< whole numbers in lo .. hi, written 3/5 or 3,5; empty: none
  choice,  ///< one of some words
};

struct TaskOption {
  std::string name, default_value, meaning;
  OptionKind kind = OptionKind::text;
  double lo = 0, hi = 0;                  ///< allowed values, both ends included
  std::vector<std::string> choices = {};  ///< of OptionKind::choice
};

/// Where data is looked for: --data first, then $MLZ_DATA, the user's cache, system folders.
struct DataPaths {
  std::vector<std::string> folders;
  static DataPaths standard(const std::string& data_option);
};

struct TaskEntry {
  std::string name, meaning;
  std::vector<TaskOption> options;
  /// Makes the task from complete options, each checked against its kind and range. Throws InputError.
  std::function<std::shared_ptr<const Task>(const std::map<std::string, std::string>&, const DataPaths&)> make;
};

const std::vector<TaskEntry>& registry();

/// Makes the task of a text such as "linear:features=4,train=100". A value in parentheses may hold commas. Throws
/// InputError with what to do for unknown names and options, values that do not fit, missing or damaged data.
std::shared_ptr<const Task> make_task(const std::string& text, const DataPaths& paths);

/// The names, meanings and options with defaults of all tasks, as a page to read.
std::string list_tasks();

/// Shuffled order of `count` training examples in one epoch (from 0) of a lifetime. Problem::order holds these, except
/// that a task with the automl protocol keeps stored order in its first epoch. For runs of more epochs than the problem
/// states.
std::vector<std::uint32_t> training_order(std::uint64_t seed, std::uint32_t index, std::uint32_t epoch,
                                          std::size_t count);

}  // namespace mlz::tasks
