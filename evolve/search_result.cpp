#include "evolve/search.hpp"
#include "lang/text/compile.hpp"

namespace mlz::evolve {

CoreProgram Search::core_of(const std::string& text) {
  Diagnostics diagnostics;
  auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{"best.mlz", text}), {}, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  return std::move(compiled->core);
}

Simplified Search::simplify_best(const Outcome& outcome, const SimplifyOptions& options) const {
  const auto on = [&](const std::shared_ptr<const tasks::Task>& task, std::uint64_t seed, std::int64_t count) {
    RunSetting run = genomes_->setting(*task);
    run.params = genomes_->params_of(outcome.best.text);
    return ProgramEvaluator(ProblemSet::make(task, seed, static_cast<std::uint32_t>(count)), std::move(run));
  };
  const std::array<ProgramEvaluator, 2> sets{on(task_, outcome.search_seed, config_.tasks),
                                             on(select_task_, outcome.select_seed, select_problems_of_ablation())};
  return simplify(core_of(outcome.best.text), sets, options);
}

std::optional<Search::Found> Search::found(const std::string& text) const {
  if (config_.tune_inside == 0) return {};
  const ProgramEvaluator evaluator({task_, 0, {}}, genomes_->setting(*task_));
  auto bound = evaluator.bind(core_of(text));
  return Found{std::move(bound.value()), genomes_->params_of(text)};
}

}  // namespace mlz::evolve
