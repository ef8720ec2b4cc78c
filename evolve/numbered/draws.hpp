#pragma once
#include <cstdint>

#include "lang/core/draws.hpp"

namespace mlz::evolve {

/// The draws of one candidate: a short sequence (SplitMix64) that starts at a counter-based draw, so that a candidate's
/// draws depend on its number alone.
class Draws {
 public:
  Draws() = default;
  Draws(std::uint64_t seed, std::uint32_t experiment, std::uint32_t island, std::uint64_t candidate)
      : state_(draw_bits({seed, kSearchStream, experiment, island, candidate})) {}

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  /// A whole number in 0 .. n-1, each equally likely up to 2^-32 n.
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((bits() >> 32) * n >> 32); }
  /// From the open interval (0, 1).
  double uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  double normal() { return normal_quantile(uniform()); }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace mlz::evolve
