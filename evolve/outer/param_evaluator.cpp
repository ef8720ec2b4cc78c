#include "evolve/outer/param_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "evolve/outer/bind_to_task.hpp"

namespace mlz::outer {
namespace {

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

double worst_loss(const tasks::TaskInfo& task, const eval::Settings& settings) {
  if (task.metric == tasks::Metric::accuracy) return -std::log(eval::kProbabilityMargin);
  return settings.max_abs_error * settings.max_abs_error;
}

ParamEvaluator::ParamEvaluator(const CoreProgram& program,
                               std::vector<std::shared_ptr<const tasks::Task>> tasks,
                               EvaluatorOptions options)
    : options_(std::move(options)) {
  if (tasks.empty()) throw InputError("params are judged on one task or more; there is none");
  for (const auto& task : tasks) {
    programs_.push_back(bind_to_task(program, task->info(), options_.max_bytes));
    eval::check_fit(programs_.back(), task->info(), protocol(*task));
    check_same_params(programs_[0], programs_.back(), tasks[0]->info().name, task->info().name);
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    places_.push_back(place(tasks[i], programs_[i]));
    batch_ = std::max(batch_, static_cast<std::size_t>(places_[i].machines->lanes()));
  }
  for (std::size_t i = 0; i < programs_[0].params.size(); ++i)
    size_ += static_cast<std::size_t>(param(programs_[0], i).size());
}

eval::Protocol ParamEvaluator::protocol(const tasks::Task& task) const {
  return eval::protocol_of(options_.protocol.empty() ? task.info().protocol : options_.protocol);
}

ParamEvaluator::Place ParamEvaluator::place(std::shared_ptr<const tasks::Task> task,
                                            const vm::BoundProgram& program) const {
  Place place{task, nullptr, std::make_unique<ProblemCache>(task), protocol(*task)};
  const vm::LaneChoice choice = fitting(program, place.protocol);
  vm::MachineOptions machine;
  machine.dtype = options_.dtype;
  machine.lanes = choice.lanes;
  place.machines = std::make_unique<MachinePool>(std::string(choice.engine), program, machine);
  return place;
}

vm::LaneChoice ParamEvaluator::fitting(const vm::BoundProgram& program, eval::Protocol protocol) const {
  const std::string& engine = options_.engine;
  if (protocol == eval::Protocol::automl) return {engine, 1};
  vm::LaneChoice choice = vm::fitting_lanes(program, options_.dtype);
  if (engine != "auto") choice = {engine, engine == "lanes" ? vm::kFullLanes : 1};
  if (options_.lanes > 0) choice.lanes = options_.lanes;
  return choice;
}

bool ParamEvaluator::has_loss() const {
  return std::all_of(places_.begin(), places_.end(),
                     [](const Place& place) { return place.protocol == eval::Protocol::stream; });
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

std::vector<vm::Birth> ParamEvaluator::births(std::span<const Trial> trials, std::uint64_t seed) const {
  std::vector<vm::Birth> births;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const bool same = i > 0 && trials[i].params.data() == trials[i - 1].params.data() &&
                      trials[i].params.size() == trials[i - 1].params.size();
    auto params = same ? births.back().params : std::make_shared<const vm::ParamValues>(split(trials[i].params));
    births.push_back({seed, trials[i].index, std::move(params)});
  }
  return births;
}

std::vector<eval::Outcome> ParamEvaluator::live(const Place& place, std::span<const Trial> trials,
                                                std::span<const vm::Birth> births, std::uint64_t seed) const {
  std::vector<std::shared_ptr<const tasks::Problem>> problems;
  std::vector<eval::LaneLifetime> lifetimes;
  for (const Trial& trial : trials) {
    const bool same = !problems.empty() && lifetimes.back().index == trial.index;
    problems.push_back(same ? problems.back() : place.problems->get(seed, trial.index));
    lifetimes.push_back({problems.back().get(), seed, trial.index});
  }
  eval::Settings settings = options_.settings;
  settings.protocol = place.protocol;
  settings.loss = place.protocol == eval::Protocol::stream;
  return place.machines->with({births.begin(), births.end()}, [&](vm::Machine& machine) {
    return eval::run_lifetimes(machine, place.task->info(), lifetimes, settings);
  });
}

std::vector<std::vector<eval::Outcome>> ParamEvaluator::outcomes(std::span<const Trial> trials,
                                                                 std::uint64_t seed) const {
  const std::vector<vm::Birth> all = births(trials, seed);
  std::vector<std::vector<eval::Outcome>> results(trials.size());
  for (const Place& place : places_) {
    const auto lanes = static_cast<std::size_t>(place.machines->lanes());
    for (std::size_t first = 0; first < trials.size(); first += lanes) {
      const std::size_t count = std::min(lanes, trials.size() - first);
      auto some = live(place, trials.subspan(first, count), std::span(all).subspan(first, count), seed);
      for (std::size_t i = 0; i < count; ++i) results[first + i].push_back(std::move(some[i]));
    }
  }
  return results;
}

std::vector<eval::Outcome> ParamEvaluator::outcomes(std::span<const double> params, std::uint64_t seed,
                                                    std::uint32_t index) const {
  const Trial one{params, index};
  return std::move(outcomes({&one, 1}, seed)[0]);
}

Judged ParamEvaluator::joined(std::span<const eval::Outcome> outcomes) const {
  Judged judged;
  Vector scores;
  double losses = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const eval::Outcome& outcome = outcomes[i];
    scores.push_back(outcome.failed() || !std::isfinite(outcome.score) ? 0 : outcome.score);
    judged.steps += outcome.steps;
    const double worst = worst_loss(places_[i].task->info(), options_.settings);
    losses += !outcome.failed() && outcome.loss < worst ? outcome.loss : worst;
  }
  const auto count = static_cast<double>(scores.size());
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  judged.score = options_.combine == Combine::product ? eval::product_score(scores) : sum / count;
  if (has_loss()) judged.loss = losses / count;
  return judged;
}

std::vector<Judged> ParamEvaluator::judge(std::span<const Trial> trials, std::uint64_t seed) const {
  std::vector<Judged> judged;
  for (const auto& each : outcomes(trials, seed)) judged.push_back(joined(each));
  return judged;
}

Judged ParamEvaluator::judge(std::span<const double> params, std::uint64_t seed, std::uint32_t index) const {
  const Trial one{params, index};
  return judge({&one, 1}, seed)[0];
}

}  // namespace mlz::outer
