#include "tasks/mixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "lang/core/diagnostics.hpp"
#include "tasks/draw_keys.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kMostTasks = 1000;

struct Part {
  double weight = 1;
  std::shared_ptr<const Task> task;
};

/// "2*mnist:resize=14" or "mnist:resize=14". Names of tasks begin with letters, so a first digit or
/// sign is a weight.
Part parse_part(const std::string& text, const DataPaths& paths) {
  const std::string whole = without_parentheses(text);
  if (whole.empty()) {
    throw InputError(
        "task mix: a task is missing beside a '+'. Write mix:tasks=(2*mnist + fashion_mnist).");
  }
  if (whole.find_first_of("0123456789.-+") != 0) return {1, make_task(whole, paths)};
  const auto star = whole.find('*');
  double weight = 0;
  const char* const end = whole.data() + (star == std::string::npos ? 0 : star);
  const auto [stop, error] = std::from_chars(whole.data(), end, weight);
  const bool spaces = std::string(stop, end).find_first_not_of(' ') == std::string::npos;
  if (star == std::string::npos || error != std::errc() || !spaces ||
      !(weight > 0 && weight <= 1e6)) {
    throw InputError(
        fmt::format("task mix: '{}' does not begin with a task or a weight above 0, as in 2*mnist.",
                    whole.substr(0, 80)));
  }
  const auto name = whole.find_first_not_of(' ', star + 1);
  return {
      weight,
      make_task(name == std::string::npos ? "" : without_parentheses(whole.substr(name)), paths)};
}

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
    const auto texts = split_outside(options.text("tasks"), '+');
    if (texts.size() > kMostTasks) {
      throw InputError(fmt::format("task mix: {} tasks are more than the {} allowed.", texts.size(),
                                   kMostTasks));
    }
    for (const std::string& text : texts) {
      parts_.push_back(parse_part(text, paths));
      check_same(parts_[0].task->info(), parts_.back().task->info());
      total_ += parts_.back().weight;
    }
    describe();
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    double left = total_ * uniform01(task_key(seed, index, Purpose::mixture), 0);
    std::size_t chosen = 0;
    while (chosen + 1 < parts_.size() && left >= parts_[chosen].weight)
      left -= parts_[chosen++].weight;
    return parts_[chosen].task->problem(seed, index);
  }

 private:
  void describe() {
    info_ = parts_[0].task->info();
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
  double total_ = 0;
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
