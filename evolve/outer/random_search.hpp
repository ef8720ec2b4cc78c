#pragma once
#include <limits>

#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

struct RandomOptions {
  std::size_t candidates = 128;
  double sigma = 1;
  std::uint64_t seed = 0;
};

/// Draws candidates around the first vector, always the same way, and keeps the best: what other loops are compared
/// with. Where losses of different generations come from different problems, luck of the problems counts too.
class RandomSearch : public OuterLoop {
 public:
  RandomSearch(Vector first, const RandomOptions& options)
      : options_(options), first_(std::move(first)), best_(first_) {}

  /// first + sigma z for each.
  std::vector<Vector> ask() const override;
  void tell(std::span<const double> losses) override;
  const Vector& mean() const override { return best_; }
  std::int64_t generation() const override { return generation_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;

 private:
  RandomOptions options_;
  Vector first_, best_;
  double least_ = std::numeric_limits<double>::max();
  std::int64_t generation_ = 0;
};

}  // namespace mlz::outer
