#include "tasks/mixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lang/core/diagnostics.hpp"
#include "tasks/weighted.hpp"

namespace mlz::tasks {
namespace {

struct Part {
  double weight = 1;
  std::shared_ptr<const Task> task;
};

std::string sizes_text(const TaskInfo& info) {
  std::vector<std::string> items;
  for (const auto& [name, value] : info.sizes) items.push_back(fmt::format("{} {}", name, value));
  return fmt::format("{}, {}, protocol {}", fmt::join(items, ", "),
                     info.classes > 0 ? fmt::format("{} classes", info.classes) : "numbers",
                     info.protocol);
}

void check_same(const TaskInfo& first, const TaskInfo& other) {
  if (first.sizes == other.sizes && first.metric == other.metric &&
      first.classes == other.classes && first.protocol == other.protocol) {
    return;
  }
  throw InputError(
      fmt::format("task mix: its tasks must have the same sizes, but\n  {} has {}\n  {} has "
                  "{}\nOptions such as "
                  "resize=, grey=, project= and classes= can make them equal.",
                  first.name, sizes_text(first), other.name, sizes_text(other)));
}

class Mixture final : public Task {
 public:
  Mixture(const Options& options, const DataPaths& paths) {
    for (const Weighted& part : weighted_tasks("mix", "tasks", options.text("tasks"))) {
      parts_.push_back({part.weight, make_task(part.task, paths)});
      weights_.push_back(part.weight);
      check_same(parts_[0].task->info(), parts_.back().task->info());
    }
    describe();
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    return parts_[drawn_part(weights_, seed, index)].task->problem(seed, index);
  }

 private:
  void describe() {
    info_ = parts_[0].task->info();
    info_.fixed_sets = info_.fixed_sets && parts_.size() == 1;
    std::vector<std::string> names, sources;
    for (const Part& part : parts_) {
      const std::string& name = part.task->info().name;
      const std::string weight = part.weight == 1 ? "" : fmt::format("{}*", part.weight);
      names.push_back(weight + (name.find('+') == std::string::npos ? name : "(" + name + ")"));
      sources.push_back(part.task->info().source);
    }
    info_.name = fmt::format("mix:tasks=({})", fmt::join(names, " + "));
    info_.source = fmt::format("{}", fmt::join(sources, ", "));
  }

  std::vector<Part> parts_;
  std::vector<double> weights_;
  TaskInfo info_;
};

}  // namespace

std::shared_ptr<const Task> make_mixture(const Options& options, const DataPaths& paths) {
  if (options.text("tasks").empty()) {
    throw InputError(
        "task mix: name the tasks, as in mix:tasks=(2*mnist:resize=14 + fashion_mnist:resize=14).");
  }
  return std::make_shared<Mixture>(options, paths);
}

}  // namespace mlz::tasks
