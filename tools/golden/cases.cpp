#include "tools/golden/cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/support/files.hpp"

namespace mlz::golden {
namespace {

using nlohmann::json;
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

/// Calls `take` with the object of each line; what goes wrong in it is reported with file and line.
template <class F>
void for_each_line(const std::string& path, F&& take) {
  const std::string text = tools::read_file(path, kMostBytes);
  int line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ++line;
    try {
      if (end > begin)
        take(json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                         text.begin() + static_cast<std::ptrdiff_t>(end)));
    } catch (const std::exception& error) {
      throw InputError(fmt::format("{}:{}: not a golden case: {}", path, line, error.what()));
    }
    begin = end + 1;
  }
}

std::vector<std::vector<double>> rows(const json& value, std::size_t width) {
  std::vector<std::vector<double>> result;
  for (const json& row : value) {
    result.push_back(numbers(row));
    if (result.back().size() != width) throw InputError("a row of features has the wrong length");
  }
  return result;
}

std::shared_ptr<const tasks::Examples> examples(const json& line, const std::string& set,
                                                std::size_t width) {
  auto features = rows(line.at(set + "_features"), width);
  auto labels = numbers(line.at(set + "_labels"));
  if (features.size() != labels.size())
    throw InputError(set + ": features and labels differ in number");
  return std::make_shared<FixedExamples>(std::move(features), std::move(labels));
}

TaskCase task_case(const json& line) {
  const auto width = line.at("features").get<std::size_t>();
  const bool accuracy = line.at("eval_type") == "ACCURACY";
  TaskCase result;
  result.info.name = line.at("task");
  result.info.sizes = {{"features", static_cast<std::int64_t>(width)},
                       {"outputs", accuracy ? 2 : 1}};
  result.info.metric = accuracy ? tasks::Metric::accuracy : tasks::Metric::rms_error;
  result.info.classes = accuracy ? 2 : 0;
  result.info.protocol = "automl";
  result.problem.train = examples(line, "train", width);
  result.problem.valid = examples(line, "valid", width);
  result.problem.test =
      std::make_shared<FixedExamples>(std::vector<std::vector<double>>{}, std::vector<double>{});
  result.problem.epochs = line.at("epochs");
  result.problem.order = line.at("train_order").get<std::vector<std::vector<std::uint32_t>>>();
  for (const auto& order : result.problem.order) {
    for (const std::uint32_t id : order) {
      if (id >= result.problem.train->size())
        throw InputError("train_order names an example that is not there");
    }
  }
  return result;
}

ProgramCase program_case(const json& line) {
  ProgramCase result;
  result.id = line.at("id");
  result.task = line.at("task");
  result.program = line.at("program");
  result.outcome = line.at("outcome");
  result.max_abs_error = number(line.at("max_abs_error"));
  result.fitness = number(line.at("fitness"));
  result.train_steps = line.at("train_steps");
  result.train_abs_errors = numbers(line.at("train_abs_errors"));
  result.valid_predictions = numbers(line.at("valid_predictions"));
  result.fp_sensitive = line.at("fp_sensitive");
  const json& memory = line.at("final_memory");
  const auto scalars = numbers(memory.at("s"));
  for (std::size_t i = 0; i < scalars.size(); ++i)
    result.memory[fmt::format("s{}", i)] = {scalars[i]};
  for (const char* bank : {"v", "m"}) {
    for (const auto& [index, values] : memory.at(bank).items())
      result.memory[bank + index] = numbers(values);
  }
  return result;
}

OpCase op_case(const json& line) {
  OpCase result;
  result.id = line.at("id");
  result.text = line.at("text");
  result.features = line.at("F");
  result.fp_sensitive = line.at("fp_sensitive");
  for (const auto& [name, values] : line.at("in").items()) result.in[name] = numbers(values);
  if (!line.at("out_reg").is_null()) {
    result.out_register = line.at("out_reg");
    result.out = numbers(line.at("out"));
  }
  return result;
}

}  // namespace

void FixedExamples::features(std::size_t i, std::span<double> out) const {
  std::copy(features_[i].begin(), features_[i].end(), out.begin());
}

void FixedExamples::features(std::size_t i, std::span<float> out) const {
  std::transform(features_[i].begin(), features_[i].end(), out.begin(),
                 [](double v) { return static_cast<float>(v); });
}

std::map<std::string, TaskCase> read_tasks(const std::string& path) {
  std::map<std::string, TaskCase> result;
  for_each_line(path, [&](const json& line) { result.emplace(line.at("task"), task_case(line)); });
  return result;
}

std::vector<ProgramCase> read_programs(const std::string& path) {
  std::vector<ProgramCase> result;
  for_each_line(path, [&](const json& line) { result.push_back(program_case(line)); });
  return result;
}

std::vector<OpCase> read_ops(const std::string& path) {
  std::vector<OpCase> result;
  for_each_line(path, [&](const json& line) { result.push_back(op_case(line)); });
  return result;
}

}  // namespace mlz::golden
