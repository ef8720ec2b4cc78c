#include "evolve/outer/gradient_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "evolve/outer/bind_to_task.hpp"
#include "vm/adjoint/own_products.hpp"
#include "vm/engine_choice.hpp"

namespace mlz::outer {
namespace {

/// Lifetimes that the engine for lanes takes at once. Fixed, so that the choice of engine does not depend on a batch.
constexpr int kLanes = 16;

void check_protocol(const EvaluatorOptions& options, const tasks::TaskInfo& task) {
  const std::string& protocol = options.protocol.empty() ? task.protocol : options.protocol;
  if (eval::protocol_of(protocol) == eval::Protocol::stream) return;
  throw InputError(
      fmt::format("gradients are taken under the stream protocol, but task {} would be run under {}; use "
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
      : task(std::move(on)),
        program(vm::with_own_products(bind_to_task(core, task->info(), evaluator.max_bytes))),
        options(std::move(gradient)) {
    options.dtype = evaluator.dtype;
    options.inputs = options.initial_state = false;
    options.engine = evaluator.engine;
    adjoint = vm::differentiate(program, eval::adjoint_options(options));
    if (options.engine == "auto") options.engine = vm::fitting_engine(adjoint.program, evaluator.dtype, kLanes);
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

  /// Hands out the gradients of lifetimes one after the other; they are taken together where they have equally many
  /// steps.
  template <class Take>
  void each(const std::shared_ptr<const vm::ParamValues>& params, std::uint32_t first, int count,
            const eval::Settings& settings, Take&& hand_out) const {
    int width = 0;
    std::unique_ptr<eval::LifetimeGradients> machine;
    for (int begin = 0; begin < count; begin += lanes) {
      const Group group = read(first + static_cast<std::uint32_t>(begin), std::min(lanes, count - begin), settings);
      if (machine != nullptr && group.together != width) give_back(width, std::move(machine));
      if (machine == nullptr) machine = take(width = group.together);
      const auto some = static_cast<std::size_t>(width);
      for (std::size_t k = 0; k < group.problems.size(); k += some) {
        for (const auto& one : machine->of(std::span(group.problems).subspan(k, some),
                                           std::span(group.lifetimes).subspan(k, some), params, settings))
          hand_out(one);
      }
    }
    give_back(width, std::move(machine));
  }

 private:
  struct Group {
    std::vector<tasks::Problem> problems;
    std::vector<std::uint32_t> lifetimes;
    int together = 1;
  };

  Group read(std::uint32_t first, int count, const eval::Settings& settings) const {
    Group group;
    bool equal = true;
    for (int k = 0; k < count; ++k) {
      group.lifetimes.push_back(first + static_cast<std::uint32_t>(k));
      group.problems.push_back(task->problem(settings.seed, group.lifetimes.back()));
      equal = equal && eval::stream_steps(program, group.problems[0], settings) ==
                           eval::stream_steps(program, group.problems.back(), settings);
    }
    group.together = equal ? count : 1;
    return group;
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

BatchGradient GradientEvaluator::of(std::span<const double> params, std::uint64_t seed, std::uint32_t first,
                                    int count) const {
  if (count < 1) throw std::invalid_argument("a batch needs at least one lifetime");
  const auto values = std::make_shared<const vm::ParamValues>(params_.split(params));
  eval::Settings settings = options_.settings;
  settings.protocol = eval::Protocol::stream;
  settings.seed = seed;
  BatchGradient batch;
  batch.gradient.assign(size(), 0.0);
  for (const auto& on : tasks_) {
    on->each(values, first, count, settings, [&](const eval::LifetimeGradient& one) {
      batch.loss += one.loss;
      batch.score += one.score;
      batch.steps += one.steps;
      auto sum = batch.gradient.begin();
      for (const auto& part : one.params) {
        for (const double g : part) *sum++ += g;
      }
    });
  }
  const double lifetimes = static_cast<double>(count) * static_cast<double>(tasks_.size());
  batch.loss /= lifetimes;
  batch.score /= lifetimes;
  for (double& g : batch.gradient) g /= lifetimes;
  return batch;
}

}  // namespace mlz::outer
