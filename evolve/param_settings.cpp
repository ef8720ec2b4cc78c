#include "evolve/param_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "evolve/outer/cma.hpp"
#include "evolve/outer/es.hpp"
#include "evolve/outer/ga.hpp"
#include "evolve/outer/gradient_descent.hpp"
#include "evolve/outer/random_search.hpp"
#include "evolve/search.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

/// A full covariance matrix of so many params fills 128 MiB.
constexpr std::size_t kMostFullParams = 4096;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ';');) {
    const std::size_t first = item.find_first_not_of(' ');
    if (first != std::string::npos) out.push_back(item.substr(first, item.find_last_not_of(' ') - first + 1));
  }
  return out;
}

outer::Schedule schedule_of(const Config& config) {
  using Form = outer::Schedule::Form;
  const Form form = config.schedule == "cosine"         ? Form::cosine
                    : config.schedule == "inverse_sqrt" ? Form::inverse_sqrt
                                                        : Form::constant;
  return {form, config.rate, config.warmup, config.decay_steps};
}

}  // namespace

CoreProgram tuned_program(const Config& config) {
  if (config.init.empty()) {
    throw InputError(fmt::format("--tune {}: finds params of a program: name it by --init FILE.mlz", config.tune));
  }
  std::vector<CoreProgram> programs = core_programs(config);
  if (programs.size() != 1) {
    throw InputError(
        fmt::format("--tune {}: takes one program; --init {} has {}", config.tune, config.init, programs.size()));
  }
  if (programs[0].has_holes()) {
    throw InputError(
        fmt::format("--tune {}: {} has holes; search without --tune fills them", config.tune, config.init));
  }
  return std::move(programs[0]);
}

std::vector<std::shared_ptr<const tasks::Task>> tuned_tasks(const Config& config, const std::string& names) {
  std::vector<std::shared_ptr<const tasks::Task>> tasks;
  for (const std::string& name : split(names)) {
    tasks.push_back(tasks::make_task(name, tasks::DataPaths::standard(config.data)));
  }
  return tasks;
}

outer::EvaluatorOptions tuned_evaluation(const Config& config,
                                         const std::vector<std::shared_ptr<const tasks::Task>>& tasks) {
  const bool f64 = std::any_of(tasks.begin(), tasks.end(), [&](const auto& task) {
    return eval::protocol_of(config.protocol.empty() ? task->info().protocol : config.protocol) == eval::Protocol::automl;
  });
  outer::EvaluatorOptions options;
  options.protocol = config.protocol;
  options.lanes = static_cast<int>(config.lanes);
  options.dtype = f64 ? vm::DType::f64 : vm::DType::f32;
  options.combine = config.join_tasks == "mean" ? outer::Combine::mean : outer::Combine::product;
  options.max_bytes = config.max_memory << 20;
  options.settings.max_abs_error = config.max_error;
  options.settings.curve_points = options.settings.valid_points = 0;
  options.settings.score_test = false;
  if (config.tune == "fme") options.settings.limits.steps = config.fme_run_steps;
  return options;
}

void check_tuning(const Config& c, std::size_t params, bool losses) {
  if (params == 0) {
    throw InputError(fmt::format("--tune {}: {} declares no param; write `param NAME : TYPE` for what is to be found",
                                 c.tune, c.init));
  }
  if (c.tune_inside > 0) {
    throw InputError(fmt::format("--tune-inside is for searches of programs, and --tune {} keeps the program as it is: leave one "
                                 "of them out",
                                 c.tune));
  }
  if (c.objective == "loss" && !losses) {
    throw InputError(fmt::format("--objective loss needs tasks with examples, under the stream protocol; {} has no loss",
                                 c.task));
  }
  if (c.tune == "es" && c.population % 2 != 0) {
    throw InputError(
        fmt::format("population = {}: --tune es takes candidates in pairs; give an even number", c.population));
  }
  if (c.tune == "cma" && c.population < 4) {
    throw InputError(fmt::format("population = {}: --tune cma needs 4 candidates or more", c.population));
  }
  if (c.tune == "cma" && c.covariance == "full" && params > kMostFullParams) {
    throw InputError(fmt::format(
        "--tune cma: the params have {} numbers, and a full matrix serves at most {}; use --covariance diagonal",
        params, kMostFullParams));
  }
  if (c.tune == "grad" && !losses) {
    throw InputError(fmt::format(
        "--tune grad follows losses, and {} has none: it needs examples, under the stream protocol", c.task));
  }
  if (c.tune == "grad" && c.schedule == "cosine" && c.decay_steps <= c.warmup) {
    throw InputError(fmt::format(
        "--schedule cosine: give --decay-steps, the updates until the rate is 0, above --warmup {}", c.warmup));
  }
}

std::unique_ptr<outer::OuterLoop> make_outer_loop(const Config& config, outer::Vector first) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  const auto candidates = static_cast<std::size_t>(config.population);
  const double sigma = config.sigma;
  const outer::AdamOptions adam{config.rate, config.beta1, config.beta2, config.epsilon};
  if (config.tune == "grad") {
    const outer::DescentOptions options{adam, schedule_of(config), config.clip};
    return std::make_unique<outer::GradientDescent>(std::move(first), options);
  }
  if (config.tune == "cma") {
    const outer::CmaOptions options{candidates, sigma, seed, config.covariance == "diagonal"};
    return std::make_unique<outer::Cma>(std::move(first), options);
  }
  if (config.tune == "ga") {
    const outer::GaOptions options{candidates, std::max<std::size_t>(1, candidates / 5), sigma, seed};
    return std::make_unique<outer::Ga>(std::move(first), options);
  }
  if (config.tune == "random") {
    return std::make_unique<outer::RandomSearch>(std::move(first), outer::RandomOptions{candidates, sigma, seed});
  }
  const auto shaping = config.shaping == "ranks" ? outer::Shaping::ranks : outer::Shaping::none;
  const outer::EsOptions options{candidates / 2, sigma, adam, seed, shaping};
  return std::make_unique<outer::EvolutionStrategy>(std::move(first), options);
}

}  // namespace mlz::evolve
