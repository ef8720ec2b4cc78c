#include "tasks/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

constexpr double kMostBytes = 4.0 * 1024 * 1024 * 1024;
constexpr std::size_t kWidestShown = 80;

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// User text for a message: short and printable.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kWidestShown));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; },
      '?');
  return text.size() > kWidestShown ? out + "..." : out;
}

std::vector<std::string_view> pieces(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find_first_of(separators);
    out.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

/// Pieces between separators outside parentheses. Throws InputError when these do not match.
std::vector<std::string_view> outer_pieces(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  long depth = 0;
  for (std::size_t i = 0; i < text.size() && depth >= 0; ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (text[i] != separator || depth != 0) continue;
    out.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  if (depth != 0) {
    throw InputError(
        fmt::format("the parentheses in the task options '{}' do not match.", shown(text)));
  }
  out.push_back(trimmed(text.substr(begin)));
  return out;
}

/// Whether the first parenthesis of a text closes at its end.
bool enclosed(std::string_view text) {
  if (text.size() < 2 || text.front() != '(') return false;
  long depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) return i + 1 == text.size();
  }
  return false;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string best = closest(word.substr(0, kWidestShown), known);
  return best.empty() ? std::string() : fmt::format(" Did you mean '{}'?", best);
}

[[noreturn]] void bad_value(const TaskEntry& entry, const TaskOption& option,
                            std::string_view value) {
  const bool number = option.kind == OptionKind::number;
  throw InputError(fmt::format(
      "task {}: {}={} is not {} from {} to {}{}. It means: {}.", entry.name, option.name,
      shown(value), number ? "a number" : "a whole number", option.lo, option.hi,
      option.kind == OptionKind::list ? ", or several joined by '/'" : "", option.meaning));
}

/// The value in standard spelling.
std::string checked(const TaskEntry& entry, const TaskOption& option, std::string_view value) {
  const auto whole = [&](std::string_view text) {
    const auto number = parse<std::int64_t>(text);
    if (!number || static_cast<double>(*number) < option.lo ||
        static_cast<double>(*number) > option.hi) {
      bad_value(entry, option, value);
    }
    return fmt::format("{}", *number);
  };
  if (option.kind == OptionKind::text) return without_parentheses(value);
  if (option.kind == OptionKind::choice) {
    if (std::ranges::count(option.choices, value) > 0) return std::string(value);
    throw InputError(fmt::format("task {}: {}={} is not one of {}.{} It means: {}.", entry.name,
                                 option.name, shown(value), fmt::join(option.choices, ", "),
                                 did_you_mean(value, option.choices), option.meaning));
  }
  if (option.kind == OptionKind::whole) return whole(value);
  if (option.kind == OptionKind::number) {
    const auto number = parse<double>(value);
    if (!number || !(*number >= option.lo && *number <= option.hi)) bad_value(entry, option, value);
    return fmt::format("{}", *number);
  }
  if (value.empty()) return {};
  std::vector<std::string> items;
  for (const std::string_view item : pieces(value, "/,")) items.push_back(whole(item));
  return fmt::format("{}", fmt::join(items, "/"));
}

const TaskOption& find_option(const TaskEntry& entry, std::string_view name) {
  std::vector<std::string> known;
  for (const TaskOption& option : entry.options) {
    if (option.name == name) return option;
    known.push_back(option.name);
  }
  throw InputError(fmt::format("task {} has no option '{}'.{} Its options are: {}.", entry.name,
                               shown(name), did_you_mean(name, known), fmt::join(known, ", ")));
}

struct Given {
  const TaskOption* option;
  std::string value;
};

/// Splits "key=value,key=value" outside parentheses. An item without '=' goes on with the list
/// before it, as in classes=3,5.
std::vector<Given> split(const TaskEntry& entry, std::string_view text) {
  std::vector<Given> out;
  if (trimmed(text).empty()) return out;
  for (const std::string_view item : outer_pieces(text, ',')) {
    const auto equals = item.find('=');
    if (equals != std::string_view::npos) {
      const TaskOption& option = find_option(entry, trimmed(item.substr(0, equals)));
      out.push_back({&option, std::string(trimmed(item.substr(equals + 1)))});
    } else if (!out.empty() && out.back().option->kind == OptionKind::list) {
      out.back().value.append(",").append(item);
    } else {
      throw InputError(
          fmt::format("task {}: '{}' is not an option. Write options as {}:key=value,key=value.",
                      entry.name, shown(item), entry.name));
    }
  }
  return out;
}

}  // namespace

const std::string& Options::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw InputError(fmt::format("the task option '{}' has no value.", name));
  return found->second;
}

std::int64_t Options::whole(const std::string& name) const {
  const auto value = parse<std::int64_t>(text(name));
  if (!value)
    throw InputError(fmt::format("{}={} is not a whole number.", name, shown(text(name))));
  return *value;
}

double Options::number(const std::string& name) const {
  const auto value = parse<double>(text(name));
  if (!value) throw InputError(fmt::format("{}={} is not a number.", name, shown(text(name))));
  return *value;
}

std::vector<std::int64_t> Options::list(const std::string& name) const {
  std::vector<std::int64_t> out;
  if (text(name).empty()) return out;
  for (const std::string_view item : pieces(text(name), "/,")) {
    const auto value = parse<std::int64_t>(item);
    if (!value)
      throw InputError(
          fmt::format("{}={} is not a list of whole numbers.", name, shown(text(name))));
    out.push_back(*value);
  }
  return out;
}

std::string Options::full_name(const std::string& task) const {
  std::string out = task;
  for (const TaskOption& option : find_task(task).options) {
    const std::string& value = text(option.name);
    if (value == option.default_value) continue;
    out += fmt::format("{}{}={}", out.size() == task.size() ? ':' : ',', option.name,
                       in_parentheses(value));
  }
  return out;
}

std::string without_parentheses(std::string_view value) {
  constexpr int kMostPairs = 8;  // each costs a pass over the text
  for (int pair = 0; pair < kMostPairs && enclosed(value); ++pair)
    value = trimmed(value.substr(1, value.size() - 2));
  return std::string(value);
}

std::string in_parentheses(const std::string& value) {
  return value.find_first_of(",(") == std::string::npos ? value : "(" + value + ")";
}

std::vector<std::string> split_outside(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (const std::string_view piece : outer_pieces(text, separator)) out.emplace_back(piece);
  return out;
}

const TaskEntry& find_task(const std::string& name) {
  std::vector<std::string> known;
  for (const TaskEntry& entry : registry()) {
    if (entry.name == name) return entry;
    known.push_back(entry.name);
  }
  const std::size_t comma = name.find(',');
  if (comma != std::string::npos && std::ranges::find(known, name.substr(0, comma)) != known.end()) {
    throw InputError(fmt::format("there is no task '{}'. Options follow a colon: {}:{}", shown(name),
                                 name.substr(0, comma), shown(name.substr(comma + 1))));
  }
  throw InputError(
      fmt::format("there is no task '{}'.{} The tasks are: {} (--list-tasks shows their options).",
                  shown(name), did_you_mean(name, known), fmt::join(known, ", ")));
}

std::map<std::string, std::string> complete_options(const TaskEntry& entry,
                                                    const std::string& text) {
  std::map<std::string, std::string> out;
  for (const Given& given : split(entry, text)) {
    const std::string& name = given.option->name;
    if (!out.emplace(name, checked(entry, *given.option, given.value)).second) {
      throw InputError(
          fmt::format("task {}: the option '{}' is given twice; keep one.", entry.name, name));
    }
  }
  for (const TaskOption& option : entry.options) {
    out.emplace(option.name, option.default_value);
  }
  return out;
}

void require_memory(const std::string& task, double bytes) {
  if (bytes <= kMostBytes) return;
  throw InputError(fmt::format(
      "task {} would need {:.1f} GiB of memory; at most {:.0f} GiB are allowed. Ask for fewer "
      "examples, features or epochs.",
      task, bytes / 0x1p30, kMostBytes / 0x1p30));
}

}  // namespace mlz::tasks
