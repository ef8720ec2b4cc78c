#pragma once
#include <span>
#include <vector>

#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

struct AdamOptions {
  double rate = 0.001, b1 = 0.9, b2 = 0.999, eps = 1e-8;
};

/// Adam (Kingma and Ba 2015, algorithm 1): steps down a gradient, each coordinate scaled by its own
/// history.
class Adam {
 public:
  Adam(std::size_t n, const AdamOptions& options) : options_(options), mean_(n, 0), spread_(n, 0) {}
  /// Changes `theta` by one step; both have n entries.
  void step(std::span<double> theta, std::span<const double> gradient);
  void set_rate(double rate) { options_.rate = rate; }
  void save(LoopState& state) const;
  void restore(const LoopState& state);

 private:
  AdamOptions options_;
  std::vector<double> mean_, spread_;
  double b1_power_ = 1, b2_power_ = 1;
};

}  // namespace mlz::outer
