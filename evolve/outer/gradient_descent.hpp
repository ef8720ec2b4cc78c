#pragma once
#include "evolve/outer/adam.hpp"
#include "evolve/outer/outer_loop.hpp"
#include "evolve/outer/schedule.hpp"

namespace mlz::outer {

struct DescentOptions {
  AdamOptions adam;    ///< its rate is that of the schedule
  Schedule schedule;
  double clip = 0;     ///< longest gradient, as for clip_norm()
};

/// What one update did.
struct DescentStep {
  double norm = 0;  ///< of the gradient before it was clipped; NaN or infinite where the update was left out
  double rate = 0;
};

/// Gradient descent by Adam as an outer loop: ask() gives the params alone, and step() takes a gradient in the place of
/// tell().
class GradientDescent : public OuterLoop {
 public:
  GradientDescent(Vector theta, const DescentOptions& options)
      : options_(options), theta_(std::move(theta)), adam_(theta_.size(), options.adam) {}

  /// One update. A gradient that is not finite changes nothing but the count of updates. Throws std::invalid_argument
  /// for one of another size.
  DescentStep step(Vector gradient);

  std::vector<Vector> ask() const override { return {theta_}; }
  /// Throws std::logic_error: losses alone have no direction.
  void tell(std::span<const double> losses) override;
  const Vector& mean() const override { return theta_; }
  std::int64_t generation() const override { return generation_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;

 private:
  DescentOptions options_;
  Vector theta_;
  Adam adam_;
  std::int64_t generation_ = 0;
};

}  // namespace mlz::outer
