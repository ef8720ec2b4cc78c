#pragma once
#include "evolve/numbered/genome.hpp"
#include "evolve/numbered/problem_set.hpp"

namespace mlz::evolve {

/// What became of a candidate.
enum class Fate : std::uint8_t { scored, early_stop, over_limit, hurdle, alike, non_finite };
inline constexpr std::size_t kFates = 6;
const char* fate_name(Fate fate);

/// The result of trying one program on a set of problems.
struct Score {
  double fitness = 0;       ///< mean or median over the problems, in [0, 1]
  std::uint64_t steps = 0;  ///< training steps in all
  Fate fate = Fate::scored; ///< early_stop, non_finite: training ended before its time on some problem
  std::uint16_t trial = 0;  ///< of its params that gave the fitness, counted from 1; 0: as the program had them
};

/// How the fitness of problems is joined. The median of an even count is the upper middle one.
enum class Join { mean, median };

/// Runs programs of numbered registers under the automl protocol in f64 on all problems of a set. Results have the bits
/// of the reference engine. For one thread; copies share the examples.
class NumberedEvaluator {
 public:
  NumberedEvaluator(const ProblemSet& set, Join join, double max_abs_error);

  void evaluate(std::span<const Genome* const> genomes, std::span<Score> scores);
  /// The fitness of each problem for program `i` of the last call.
  const std::vector<double>& each(std::size_t i) const { return outcomes_[i].fitness; }

 private:
  vm::BatchEvaluator evaluator_;
  Join join_;
  std::int64_t all_steps_ = 0;
  std::vector<vm::CompactProgram> programs_;
  std::vector<const vm::CompactProgram*> pointers_;
  std::vector<vm::BatchOutcome> outcomes_;
  std::vector<double> sorted_;

  Score score_of(const vm::BatchOutcome& outcome);
};

/// A genome as the VM's searches take it; keeps the memory of `out`.
void to_compact(const Genome& genome, vm::CompactProgram& out);

}  // namespace mlz::evolve
