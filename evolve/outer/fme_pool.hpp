#pragma once
#include "evolve/outer/outer_loop.hpp"
#include "lang/core/draws.hpp"

namespace mlz::outer {

/// Numbers that can be run, and how well they or their ancestors did.
struct Solution {
  Vector numbers;
  double performance = 0;
  std::int64_t scores = 1;  ///< how many of them the performance is the mean of
  std::int64_t used = 0;    ///< when last, by the pool's own clock
  std::int64_t number = 0;  ///< in order of birth
};

struct PoolOptions {
  enum class Kind { buckets, rewards, uniform, best };
  enum class Weight { power, exponential };
  Kind kind = Kind::buckets;
  std::size_t capacity = 200;  ///< in all; shared equally by buckets, with room for one each
  std::size_t buckets = 20;
  Weight weight = Weight::power;
  double kappa = 2, tau = 2;     ///< weight of bucket b: (b + 1)^kappa, or exp(b / tau)
  bool weigh_solutions = true;   ///< each solution has the weight of its bucket, else all of a bucket share it
  bool oldest_of_bucket = true;  ///< of a bucket the least recently used runs, else any
  bool selected_is_used = true;  ///< selection counts as use, as insertion does
  double epsilon = 0.01;
};

/// The memory of fitness monotonic execution: solutions that are chosen the more often the better they are, and of
/// which the least recently used go.
///
/// buckets  A solution is in bucket floor(p B) for its performance p, kept within 0 .. B-1. A full bucket loses its
///          solution that was used least recently.
/// rewards  One list; the chance of a solution follows max(p, 0) + epsilon.
/// uniform  One list; all have the same chance.
/// best     One solution: the best, the newer one of equals.
class FmePool {
 public:
  /// Throws std::invalid_argument without room, or without buckets.
  explicit FmePool(const PoolOptions& options);

  const std::vector<Solution>& solutions() const { return solutions_; }
  /// Chances of being chosen, up to a factor; those of a bucket fall to whichever of it was used least recently, if
  /// that is how it chooses.
  std::vector<double> weights() const;
  /// Chooses a solution by a draw and counts it as used.
  const Solution& choose(const DrawKey& key);
  void insert(Vector numbers, double performance);
  /// The solution of a number of birth, if it is still there.
  const Solution* find(std::int64_t number) const;
  void remove(std::int64_t number);
  /// Takes a further score of a solution into the mean that its performance is.
  void add_score(std::int64_t number, double score);
  /// The highest performance, the newest of equals; of those that were scored again, if there are any, since the first
  /// score of a child is of the run that made it, before it was what it is. There must be a solution.
  const Solution& best() const;

  void save(LoopState& state) const;
  /// `size`: numbers of a solution. Throws std::invalid_argument for what save() cannot have written.
  void restore(const LoopState& state, std::size_t size);

 private:
  PoolOptions options_;
  std::vector<Solution> solutions_;
  std::int64_t clock_ = 0, born_ = 0;

  std::size_t bucket(const Solution& solution) const;
  double log_weight(std::size_t bucket) const;
  std::size_t oldest(std::size_t bucket) const;
  void make_room(std::size_t bucket);
};

}  // namespace mlz::outer
