#include "evolve/eval/lifetime.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "evolve/eval/protocols.hpp"
#include "vm/maths.hpp"

namespace mlz::eval {

Protocol protocol_of(std::string_view name) {
  if (name == "automl") return Protocol::automl;
  if (name == "stream") return Protocol::stream;
  if (name == "control") return Protocol::control;
  throw InputError(fmt::format("unknown protocol \"{}\"; there are automl, stream and control", name));
}

const char* protocol_name(Protocol protocol) {
  if (protocol == Protocol::control) return "control";
  return protocol == Protocol::automl ? "automl" : "stream";
}

const char* stop_text(Stop stop) {
  switch (stop) {
    case Stop::finished:
      return "finished";
    case Stop::error_limit:
      return "error NaN or above the limit";
    case Stop::non_finite:
      return "prediction not finite";
    case Stop::steps:
      return "limit of steps";
    case Stop::time:
      return "time limit";
    case Stop::cancelled:
      return "cancelled";
  }
  return "";
}

double squashed_fitness(double rms_error) {
  const double fitness = 1 - 2 / std::numbers::pi * vm::atan(rms_error);
  return std::isnan(fitness) ? 0 : fitness;
}

double fitness_of(tasks::Metric metric, double score) {
  if (std::isnan(score)) return 0;
  return metric == tasks::Metric::accuracy ? score : squashed_fitness(score);
}

namespace {

Outcome run_automl(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
                   const Settings& settings) {
  if (problem.valid->size() == 0) {
    throw InputError(fmt::format(
        "the automl protocol takes its fitness from the validation set, but task {} has none; "
        "ask for one, as in valid=100, or use --protocol stream",
        task.name));
  }
  return machine.dtype() == vm::DType::f32 ? run_automl<float>(machine, task, problem, settings)
                                           : run_automl<double>(machine, task, problem, settings);
}

}  // namespace

Outcome run_lifetime(vm::Machine& machine, const tasks::TaskInfo& task,
                     const tasks::Problem& problem, const Settings& settings) {
  const LaneLifetime one{&problem, settings.seed, settings.lifetime};
  return std::move(run_lifetimes(machine, task, {&one, 1}, settings)[0]);
}

std::vector<Outcome> run_lifetimes(vm::Machine& machine, const tasks::TaskInfo& task,
                                   std::span<const LaneLifetime> lifetimes, const Settings& settings) {
  check_fit(machine.program(), task, settings.protocol);
  if (lifetimes.size() > static_cast<std::size_t>(machine.lanes()))
    throw std::logic_error("there are more lifetimes than lanes");
  const bool f32 = machine.dtype() == vm::DType::f32;
  if (settings.protocol == Protocol::control) {
    return f32 ? run_control<float>(machine, lifetimes, settings) : run_control<double>(machine, lifetimes, settings);
  }
  if (settings.protocol == Protocol::stream) {
    return f32 ? run_stream<float>(machine, task, lifetimes, settings)
               : run_stream<double>(machine, task, lifetimes, settings);
  }
  if (lifetimes.size() != 1) throw std::logic_error("the automl protocol runs one lifetime at a time");
  Settings own = settings;
  own.seed = lifetimes[0].seed;
  own.lifetime = lifetimes[0].index;
  return {run_automl(machine, task, *lifetimes[0].problem, own)};
}

}  // namespace mlz::eval
