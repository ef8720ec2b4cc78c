#include "evolve/numbered/evaluator.hpp"

#include <algorithm>

namespace mlz::evolve {
namespace {

vm::CompactInstruction to_compact(const Instruction& i) {
  vm::CompactInstruction out;
  out.op = i.op;
  out.out = i.out;
  out.a = i.in[0];
  out.b = i.in[1];
  out.literal = i.bits;
  if (i.op == vm::kMatrixEntry) {
    const auto [column, value] = i.pair();
    out.set(i.extra, column);
    out.third = value;
  }
  return out;
}

}  // namespace

const char* fate_name(Fate fate) {
  static constexpr const char* kNames[] = {"scored", "early_stop", "over_limit", "hurdle", "alike", "non_finite"};
  return kNames[static_cast<std::size_t>(fate)];
}

void to_compact(const Genome& genome, vm::CompactProgram& out) {
  for (std::size_t f = 0; f < 3; ++f) {
    out.code[f].clear();
    for (const Instruction& i : genome.function(f)) out.code[f].push_back(to_compact(i));
  }
}

NumberedEvaluator::NumberedEvaluator(const ProblemSet& set, Join join, double max_abs_error)
    : evaluator_(batch_of(set, max_abs_error), {}), join_(join) {
  for (const tasks::Problem& problem : set.problems) {
    all_steps_ += static_cast<std::int64_t>(problem.train->size()) * problem.epochs;
  }
}

Score NumberedEvaluator::score_of(const vm::BatchOutcome& outcome) {
  Score score{outcome.mean, static_cast<std::uint64_t>(outcome.steps),
              outcome.non_finite ? Fate::non_finite : outcome.steps < all_steps_ ? Fate::early_stop : Fate::scored};
  if (join_ == Join::median) {
    sorted_ = outcome.fitness;
    const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
    std::nth_element(sorted_.begin(), middle, sorted_.end());
    score.fitness = *middle;
  }
  return score;
}

void NumberedEvaluator::evaluate(std::span<const Genome* const> genomes, std::span<Score> scores) {
  if (programs_.size() < genomes.size()) {
    programs_.resize(genomes.size());
    outcomes_.resize(genomes.size());
  }
  pointers_.clear();
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    evolve::to_compact(*genomes[i], programs_[i]);
    pointers_.push_back(&programs_[i]);
  }
  evaluator_.evaluate(pointers_, outcomes_);
  for (std::size_t i = 0; i < genomes.size(); ++i) scores[i] = score_of(outcomes_[i]);
}

}  // namespace mlz::evolve
