#include "evolve/search.hpp"
#include "lang/text/compile.hpp"

namespace mlz::evolve {

Simplified Search::simplify_best(const Outcome& outcome, const SimplifyOptions& options) const {
  const auto on = [&](const std::shared_ptr<const tasks::Task>& task, std::uint64_t seed, std::int64_t count) {
    return ProgramEvaluator(ProblemSet::make(task, seed, static_cast<std::uint32_t>(count)), genomes_->setting(*task));
  };
  const std::array<ProgramEvaluator, 2> sets{on(task_, outcome.search_seed, config_.tasks),
                                             on(select_task_, outcome.select_seed, select_problems_of_ablation())};
  Diagnostics diagnostics;
  const auto compiled =
      text::compile(std::make_shared<SourceFile>(SourceFile{"best.mlz", outcome.best.text}), {}, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  return simplify(compiled->core, sets, options);
}

}  // namespace mlz::evolve
