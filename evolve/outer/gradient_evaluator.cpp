#include "evolve/outer/gradient_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "vm/engine_choice.hpp"

namespace mlz::outer {
namespace {

/// Lifetimes that the engine for lanes takes at once. Fixed, so that the choice of engine does not depend on a batch.
constexpr int kLanes = 16;

vm::BoundProgram bound(const CoreProgram& program, const tasks::TaskInfo& task) {
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = task.sizes;
  vm::BoundProgram result = vm::bind(program, bind, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  return result;
}

void check_protocol(const EvaluatorOptions& options, const tasks::TaskInfo& task) {
  const std::string& protocol = options.protocol.empty() ? task.protocol : options.protocol;
  if (eval::protocol_of(protocol) == eval::Protocol::stream) return;
  throw InputError(fmt::format("gradients are taken under the stream protocol, but task {} would be run under {}; use "
                               "--protocol stream, or a search without gradients",
                               task.name, protocol));
}

}  // namespace

/// The program on one task, and machines for it that are not in use.
struct GradientEvaluator::OnTask {
  std::shared_ptr<const tasks::Task> task;
  vm::BoundProgram program;
  vm::Adjoint adjoint;
  eval::GradientOptions options;
  int lanes = 1;
  mutable std::mutex lock;
  mutable std::multimap<int, std::unique_ptr<eval::LifetimeGradients>> idle;  // by number of lanes

  OnTask(const CoreProgram& core, std::shared_ptr<const tasks::Task> on, const EvaluatorOptions& evaluator,
         eval::GradientOptions gradient)
      : task(std::move(on)), program(bound(core, task->info())), options(std::move(gradient)) {
    options.dtype = evaluator.dtype;
    options.inputs = options.initial_state = false;
    adjoint = vm::differentiate(program, eval::adjoint_options(options));
    options.engine = evaluator.engine != "auto" ? evaluator.engine
                                                : std::string(vm::fitting_engine(adjoint.program, evaluator.dtype, kLanes));
    lanes = options.engine == "lanes" ? kLanes : 1;
    give_back(1, take(1));  // says at once what does not fit
  }

  std::unique_ptr<eval::LifetimeGradients> take(int count) const {
    {
      const std::lock_guard guard(lock);
      if (const auto found = idle.find(count); found != idle.end()) return std::move(idle.extract(found).mapped());
    }
    return std::make_unique<eval::LifetimeGradients>(program, adjoint, task->info(), count, options);
  }
  void give_back(int count, std::unique_ptr<eval::LifetimeGradients> machine) const {
    const std::lock_guard guard(lock);
    idle.emplace(count, std::move(machine));
  }

  /// Gradients of some lifetimes, together where they have equally many steps.
  std::vector<eval::LifetimeGradient> of(const std::vector<std::vector<double>>& params, std::uint32_t first, int count,
                                         const eval::Settings& settings) const {
    std::vector<tasks::Problem> problems;
    std::vector<std::uint32_t> lifetimes;
    bool equal = true;
    for (int k = 0; k < count; ++k) {
      lifetimes.push_back(first + static_cast<std::uint32_t>(k));
      problems.push_back(task->problem(settings.seed, lifetimes.back()));
      equal = equal && eval::stream_steps(program, problems[0], settings) == eval::stream_steps(program, problems.back(), settings);
    }
    const int together = equal ? count : 1;
    std::vector<eval::LifetimeGradient> all;
    auto machine = take(together);
    for (std::size_t k = 0; k < problems.size(); k += static_cast<std::size_t>(together)) {
      const auto some = static_cast<std::size_t>(together);
      auto made = machine->of(std::span(problems).subspan(k, some), std::span(lifetimes).subspan(k, some), params, settings);
      std::ranges::move(made, std::back_inserter(all));
    }
    give_back(together, std::move(machine));
    return all;
  }
};

GradientEvaluator::GradientEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                                     EvaluatorOptions options, eval::GradientOptions gradient)
    : params_(program, tasks, options), options_(std::move(options)) {
  for (const auto& task : tasks) {
    check_protocol(options_, task->info());
    tasks_.push_back(std::make_unique<OnTask>(program, task, options_, gradient));
  }
}

GradientEvaluator::~GradientEvaluator() = default;

BatchGradient GradientEvaluator::of(std::span<const double> params, std::uint64_t seed, std::uint32_t first, int count) const {
  if (count < 1) throw std::invalid_argument("a batch needs at least one lifetime");
  const auto values = params_.split(params);
  eval::Settings settings = options_.settings;
  settings.protocol = eval::Protocol::stream;
  settings.seed = seed;
  BatchGradient batch;
  batch.gradient.assign(size(), 0.0);
  for (const auto& on : tasks_) {
    for (int begin = 0; begin < count; begin += on->lanes) {
      const int some = std::min(on->lanes, count - begin);
      for (const eval::LifetimeGradient& one : on->of(values, first + static_cast<std::uint32_t>(begin), some, settings)) {
        batch.loss += one.loss;
        batch.score += one.score;
        batch.steps += one.steps;
        const Vector joined = ParamEvaluator::joined(one.params);
        std::ranges::transform(batch.gradient, joined, batch.gradient.begin(), std::plus<>{});
      }
    }
  }
  const double lifetimes = static_cast<double>(count) * static_cast<double>(tasks_.size());
  batch.loss /= lifetimes;
  batch.score /= lifetimes;
  for (double& g : batch.gradient) g /= lifetimes;
  return batch;
}

}  // namespace mlz::outer
