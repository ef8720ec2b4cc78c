#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::tasks {

/// Reads the complete options of one task. Every reader throws InputError for a value of another
/// kind.
class Options {
 public:
  explicit Options(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  bool has(const std::string& name) const { return values_.contains(name); }
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

/// A value without the parentheses that enclose it.
std::string without_parentheses(std::string_view value);
/// A value as it can stand among options: in parentheses if it has commas or parentheses.
std::string in_parentheses(const std::string& value);
/// The pieces between separators outside parentheses, without spaces around them. Throws InputError
/// when the parentheses do not match.
std::vector<std::string> split_outside(std::string_view text, char separator);

/// A task's entry in the registry, or an InputError that names the tasks there are.
const TaskEntry& find_task(const std::string& name);

/// Defaults overlaid with "key=value,key=value", each value checked and in one standard spelling.
/// Throws InputError.
std::map<std::string, std::string> complete_options(const TaskEntry& entry,
                                                    const std::string& text);

/// Throws InputError when data of `bytes` bytes is more than a task may hold (4 GiB).
void require_memory(const std::string& task, double bytes);

}  // namespace mlz::tasks
