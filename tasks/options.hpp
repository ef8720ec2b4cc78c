#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::tasks {

/// Reads the complete options of one task. Every reader throws InputError for a value of another
/// kind.
class Options {
 public:
  explicit Options(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  const std::string& text(const std::string& name) const;
  std::int64_t whole(const std::string& name) const;
  std::size_t count(const std::string& name) const { return static_cast<std::size_t>(whole(name)); }
  double number(const std::string& name) const;
  bool flag(const std::string& name) const { return whole(name) != 0; }
  std::vector<std::int64_t> list(const std::string& name) const;

  /// `task` followed by the options that differ from their defaults, in the order of the registry.
  std::string full_name(const std::string& task) const;

 private:
  std::map<std::string, std::string> values_;
};

/// A task's entry in the registry, or an InputError that names the tasks there are.
const TaskEntry& find_task(const std::string& name);

/// Defaults overlaid with "key=value,key=value", each value checked and in one standard spelling.
/// Throws InputError.
std::map<std::string, std::string> complete_options(const TaskEntry& entry,
                                                    const std::string& text);

/// Throws InputError when data of `bytes` bytes is more than a task may hold (4 GiB).
void require_memory(const std::string& task, double bytes);

}  // namespace mlz::tasks
