#include "evolve/outer/param_evaluator.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

namespace mlz::outer {
namespace {

vm::BoundProgram bound(const CoreProgram& program, const tasks::TaskInfo& task, eval::Protocol protocol) {
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = task.sizes;
  vm::BoundProgram result = vm::bind(program, bind, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  eval::check_fit(result, task, protocol);
  return result;
}

const vm::BoundRegister& param(const vm::BoundProgram& program, std::size_t i) {
  return program.registers[program.params[i].id];
}

/// Throws InputError unless params have the same names and shapes.
void check_same_params(const vm::BoundProgram& a, const vm::BoundProgram& b,
                       const std::string& first, const std::string& other) {
  for (std::size_t i = 0; i < std::max(a.params.size(), b.params.size()); ++i) {
    const bool both = i < a.params.size() && i < b.params.size();
    if (both && param(a, i).name == param(b, i).name && param(a, i).rows == param(b, i).rows &&
        param(a, i).cols == param(b, i).cols)
      continue;
    throw InputError(fmt::format(
        "one vector of params cannot serve the tasks {} and {}: `{}` depends on the task", first,
        other, i < a.params.size() ? param(a, i).name : param(b, i).name));
  }
}

}  // namespace

ParamEvaluator::ParamEvaluator(const CoreProgram& program,
                               std::vector<std::shared_ptr<const tasks::Task>> tasks,
                               EvaluatorOptions options)
    : tasks_(std::move(tasks)), options_(std::move(options)) {
  if (tasks_.empty()) throw InputError("params are judged on one task or more; there is none");
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    programs_.push_back(bound(program, tasks_[i]->info(), protocol(i)));
    check_same_params(programs_[0], programs_.back(), tasks_[0]->info().name, tasks_[i]->info().name);
  }
  for (std::size_t i = 0; i < programs_[0].params.size(); ++i)
    size_ += static_cast<std::size_t>(param(programs_[0], i).size());
}

eval::Protocol ParamEvaluator::protocol(std::size_t task) const {
  return eval::protocol_of(options_.protocol.empty() ? tasks_[task]->info().protocol : options_.protocol);
}

Vector ParamEvaluator::initial(std::uint64_t seed) const {
  return joined(vm::initial_params(programs_[0], seed));
}

Vector ParamEvaluator::joined(const std::vector<std::vector<double>>& params) {
  Vector all;
  for (const auto& values : params)
    all.insert(all.end(), values.begin(), values.end());
  return all;
}

std::vector<std::vector<double>> ParamEvaluator::split(std::span<const double> params) const {
  if (params.size() != size_) throw std::invalid_argument("a vector of params has the wrong size");
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < programs_[0].params.size(); ++i) {
    const auto count = static_cast<std::size_t>(param(programs_[0], i).size());
    values.emplace_back(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(count));
    params = params.subspan(count);
  }
  return values;
}

std::vector<eval::Outcome> ParamEvaluator::outcomes(std::span<const double> params,
                                                    std::uint64_t seed, std::uint32_t index) const {
  std::vector<eval::Outcome> results;
  vm::MachineOptions machine_options;
  machine_options.dtype = options_.dtype;
  machine_options.seed = seed;
  machine_options.lifetimes = {index};
  machine_options.params = split(params);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const auto machine = vm::make_machine(options_.engine, programs_[i], machine_options);
    eval::Settings settings = options_.settings;
    settings.protocol = protocol(i);
    settings.seed = seed;
    settings.lifetime = index;
    results.push_back(
        eval::run_lifetime(*machine, tasks_[i]->info(), tasks_[i]->problem(seed, index), settings));
  }
  return results;
}

Judged ParamEvaluator::judge(std::span<const double> params, std::uint64_t seed,
                             std::uint32_t index) const {
  Judged judged;
  Vector scores;
  for (const auto& outcome : outcomes(params, seed, index)) {
    scores.push_back(outcome.failed() || !std::isfinite(outcome.score) ? 0 : outcome.score);
    judged.steps += outcome.steps;
  }
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  judged.score = options_.combine == Combine::product ? eval::product_score(scores)
                                                      : sum / static_cast<double>(scores.size());
  return judged;
}

}  // namespace mlz::outer
