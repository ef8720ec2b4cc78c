#include "tools/support/matrix_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lang/core/diagnostics.hpp"
#include "tools/support/files.hpp"

namespace mlz::tools {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr const char* kBlank = " \t\r";

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// The words of a line as a shell takes them: between blanks, which may stand inside '...' or "...".
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out;
  bool inside = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        out.back() += c;
      }
      continue;
    }
    const bool blank = std::string(kBlank).find(c) != std::string::npos;
    if (!blank && !inside) out.emplace_back();
    inside = !blank;
    if (c == '\'' || c == '"') {
      quote = c;
    } else if (!blank) {
      out.back() += c;
    }
  }
  if (quote != 0) throw InputError(fmt::format("a quote {} is not closed", quote));
  return out;
}

template <class T>
T whole_number(const std::string& text, T lo, T hi) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < lo || value > hi) {
    throw InputError(fmt::format("'{}' is not a whole number from {} to {}", text.substr(0, 80), lo, hi));
  }
  return value;
}

std::vector<std::int64_t> numbers(const std::string& text) {
  std::vector<std::int64_t> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    out.push_back(whole_number<std::int64_t>(trimmed(text.substr(begin, end - begin)), 1, std::int64_t{1} << 60));
    begin = end + 1;
  }
  return out;
}

/// "NAME = VALUE" in two.
std::pair<std::string, std::string> named(const std::string& text, const char* example) {
  const auto equals = text.find('=');
  std::pair<std::string, std::string> out;
  if (equals != std::string::npos) out = {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
  if (out.first.empty() || out.second.empty())
    throw InputError(fmt::format("expected a name and what it is, as in {}", example));
  return out;
}

template <class Rows>
void require_new(const Rows& rows, const std::string& name) {
  const bool known = std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
  if (known) throw InputError(fmt::format("the name '{}' stands for two things; choose another", name));
}

void read_learner(Matrix& matrix, const std::string& value) {
  auto [name, command] = named(value, "learner linear = stdlib/online.mlz --set n=[features,outputs]");
  require_new(matrix.learners, name);
  matrix.learners.push_back({name, learner_options(words(command))});
}

void read_task(Matrix& matrix, const std::string& value) {
  auto [name, text] = named(value, "task stream = online:data=mnist,steps=2000");
  require_new(matrix.tasks, name);
  matrix.tasks.push_back({name, text});
}

struct Key {
  const char* name;
  void (*read)(Matrix&, const std::string& value);
};
constexpr Key kKeys[] = {
    {"learner", read_learner},
    {"task", read_task},
    {"runs", [](Matrix& m, const std::string& v) { m.runs = whole_number(v, 1, 100000); }},
    {"seed",
     [](Matrix& m, const std::string& v) { m.seed = whole_number<std::uint64_t>(v, 0, std::uint64_t{1} << 62); }},
    {"at", [](Matrix& m, const std::string& v) { m.at = numbers(v); }},
    {"window", [](Matrix& m, const std::string& v) { m.window = whole_number<std::int64_t>(v, 1, 1 << 24); }},
};

void read_line(Matrix& matrix, const std::string& line) {
  const std::string text = trimmed(line);
  if (text.empty() || text[0] == '#') return;
  const auto end = std::min(text.find_first_of(kBlank), text.size());
  const std::string word = text.substr(0, end);
  const auto key = std::ranges::find(kKeys, word, &Key::name);
  if (key == std::end(kKeys)) {
    throw InputError(fmt::format("'{}' is not one of learner, task, runs, seed, at, window", word.substr(0, 80)));
  }
  key->read(matrix, trimmed(text.substr(end)));
}

}  // namespace

Matrix read_matrix(const RunOptions& options) {
  const std::string text = read_file(options.matrix, kMostBytes);
  Matrix out;
  int line = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ++line;
    try {
      read_line(out, text.substr(begin, end - begin));
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}, line {}: {}", options.matrix, line, error.what()));
    }
    begin = end + 1;
  }
  if (out.learners.empty() || out.tasks.empty()) {
    throw InputError(fmt::format("{} has no line '{} NAME = ...'; it needs one or more", options.matrix,
                                 out.learners.empty() ? "learner" : "task"));
  }
  if (options.given.contains("--runs")) out.runs = options.runs;
  if (options.given.contains("--seed")) out.seed = options.seed;
  if (options.given.contains("--at")) out.at = options.at;
  if (options.given.contains("--window")) out.window = options.window;
  return out;
}

}  // namespace mlz::tools
