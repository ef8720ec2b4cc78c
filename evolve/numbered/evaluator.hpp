#pragma once
#include "evolve/numbered/genome.hpp"
#include "evolve/numbered/lane_data.hpp"

namespace mlz::evolve {

/// What became of a candidate.
enum class Fate : std::uint8_t { scored, error_limit, non_finite, over_limit };
inline constexpr std::size_t kFates = 4;
const char* fate_name(Fate fate);

/// The result of trying one program on a set of problems.
struct Score {
  double fitness = 0;       ///< mean or median over the problems, in [0, 1]
  std::uint64_t steps = 0;  ///< training steps in all
  Fate fate = Fate::scored; ///< of the first problem that ended early, else scored
};

/// How the fitness of problems is joined. The median of an even count is the upper middle one.
enum class Join { mean, median };

/// Runs programs of numbered registers under the automl protocol in f64, all problems of a set in lockstep. Results
/// have the bits of the reference engine.
class LaneEvaluator {
 public:
  LaneEvaluator(const ProblemSet& set, const Banks& banks, Join join, double max_abs_error);
  ~LaneEvaluator();

  /// Memory of one thread.
  class Workspace;
  std::shared_ptr<Workspace> workspace() const;

  /// Tries a program made of live instructions. Thread-safe with one workspace per thread.
  Score evaluate(const Genome& live, Workspace& workspace) const;
  /// The fitness of each problem at the last call.
  static std::span<const double> each(const Workspace& workspace);

 private:
  std::vector<LaneData> groups_;
  Banks banks_;
  Join join_;
  double max_abs_error_;
};

}  // namespace mlz::evolve
