#pragma once
#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

struct GaOptions {
  std::size_t candidates = 128;
  std::size_t parents = 25;  ///< the best of a generation, from which the next one comes
  double sigma = 0.05;
  std::uint64_t seed = 0;
};

/// Genetic algorithm over numbers, without crossover (Such et al. 2017, algorithm 1): a child is one of the parents,
/// each equally likely, plus noise; the best of the last generation lives on unchanged.
class Ga : public OuterLoop {
 public:
  /// Throws std::invalid_argument without two candidates, or a parent, or with more parents than candidates.
  Ga(Vector first, const GaOptions& options);

  std::vector<Vector> ask() const override;
  /// A loss that is NaN counts as the worst.
  void tell(std::span<const double> losses) override;
  const Vector& mean() const override { return parents_.front(); }  ///< the best of the last generation
  std::int64_t generation() const override { return generation_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;

 private:
  GaOptions options_;
  std::vector<Vector> parents_;  ///< best first
  std::int64_t generation_ = 0;
};

}  // namespace mlz::outer
