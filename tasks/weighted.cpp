#include "tasks/weighted.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/draw_keys.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kMostTasks = 1000;

Weighted parse_part(const std::string& task, const std::string& option, const std::string& text) {
  const std::string whole = without_parentheses(text);
  if (whole.empty()) {
    throw InputError(fmt::format("task {0}: a task is missing beside a '+'. Write {0}:{1}=(2*mnist + fashion_mnist).",
                                 task, option));
  }
  if (whole.find_first_of("0123456789.-+") != 0) return {1, whole};
  const auto star = whole.find('*');
  double weight = 0;
  const char* const end = whole.data() + (star == std::string::npos ? 0 : star);
  const auto [stop, error] = std::from_chars(whole.data(), end, weight);
  const bool spaces = std::string(stop, end).find_first_not_of(' ') == std::string::npos;
  if (star == std::string::npos || error != std::errc() || !spaces || !(weight > 0 && weight <= 1e6)) {
    throw InputError(fmt::format("task {}: '{}' does not begin with a task or a weight above 0, as in 2*mnist.", task,
                                 whole.substr(0, 80)));
  }
  const auto name = whole.find_first_not_of(' ', star + 1);
  return {weight, name == std::string::npos ? "" : without_parentheses(whole.substr(name))};
}

}  // namespace

std::vector<Weighted> weighted_tasks(const std::string& task, const std::string& option, const std::string& text) {
  const auto texts = split_outside(text, '+');
  if (texts.size() > kMostTasks) {
    throw InputError(fmt::format("task {}: {} tasks are more than the {} allowed.", task, texts.size(), kMostTasks));
  }
  std::vector<Weighted> out;
  for (const std::string& part : texts) out.push_back(parse_part(task, option, part));
  return out;
}

std::size_t drawn_part(const std::vector<double>& weights, std::uint64_t seed, std::uint32_t index) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double left = total * uniform01(task_key(seed, index, Purpose::mixture), 0);
  std::size_t chosen = 0;
  while (chosen + 1 < weights.size() && left >= weights[chosen]) left -= weights[chosen++];
  return chosen;
}

}  // namespace mlz::tasks
