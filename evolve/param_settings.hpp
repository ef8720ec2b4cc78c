#pragma once
#include <memory>

#include "evolve/config.hpp"
#include "evolve/outer/param_evaluator.hpp"

/// What the configuration of a search for params asks for.
namespace mlz::evolve {

/// The program whose params are searched. Throws InputError where there is none, several, or one with holes.
CoreProgram tuned_program(const Config& config);

/// The tasks of a text such as "cartpole; acrobot".
std::vector<std::shared_ptr<const tasks::Task>> tuned_tasks(const Config& config, const std::string& names);

/// How params are judged on tasks.
outer::EvaluatorOptions tuned_evaluation(const Config& config,
                                         const std::vector<std::shared_ptr<const tasks::Task>>& tasks);

/// Throws InputError for settings that do not suit so many params, or tasks without losses where those are wanted.
void check_tuning(const Config& config, std::size_t params, bool losses);

/// The loop that --tune names, from the params `first`.
std::unique_ptr<outer::OuterLoop> make_outer_loop(const Config& config, outer::Vector first);

}  // namespace mlz::evolve
