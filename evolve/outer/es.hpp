#pragma once
#include "evolve/outer/adam.hpp"
#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

enum class Shaping { none, ranks };

struct EsOptions {
  std::size_t pairs = 64;
  double sigma = 0.05;
  AdamOptions adam{0.025};
  std::uint64_t seed = 0;
  Shaping shaping = Shaping::none;  ///< what tell(losses) makes of losses
};

/// Evolution strategy with antithetic noise and Adam (Salimans et al. 2017; without fitness
/// shaping unless asked for), as VSML was trained by it (Kirsch and Schmidhuber 2021): the gradient is the mean over
/// pairs of eps (L+ - L-) / (2 sigma).
class EvolutionStrategy : public OuterLoop {
 public:
  EvolutionStrategy(Vector theta, const EsOptions& options)
      : options_(options),
        theta_(std::move(theta)),
        gradient_(theta_.size(), 0),
        adam_(theta_.size(), options.adam) {}

  /// theta + sigma eps, theta - sigma eps for each pair in turn.
  std::vector<Vector> ask() const override;
  void tell(std::span<const double> losses) override;
  /// The same with noise eps from elsewhere: `plus` and `minus` hold a loss for each pair. Throws
  /// std::invalid_argument where numbers do not match.
  void tell(const std::vector<Vector>& noise, std::span<const double> plus,
            std::span<const double> minus);

  const Vector& mean() const override { return theta_; }
  const Vector& gradient() const { return gradient_; }  ///< of the last generation
  std::int64_t generation() const override { return generation_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;

 private:
  Vector noise(std::size_t pair) const;

  EsOptions options_;
  Vector theta_, gradient_;
  Adam adam_;
  std::int64_t generation_ = 0;
};

/// Ranks of losses spread evenly over -0.5 to 0.5, lowest first; equal losses share the mean of their ranks, and NaN
/// counts as the highest.
Vector centred_ranks(std::span<const double> losses);

}  // namespace mlz::outer
