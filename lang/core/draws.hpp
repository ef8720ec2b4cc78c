#pragma once
#include <cstdint>
#include <span>

namespace mlz {

/// Random draws as pure functions. A draw is named by where it is used, never by when: no generator has a state.
/// Philox4x32-10 underneath; two entries share one block.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;    ///< separates uses of one seed; see DrawStream
  std::uint32_t lifetime = 0;  ///< index of the task or episode
  std::uint32_t sampler = 0;
  std::uint64_t run = 0;       ///< how often that sampler ran before
};

/// Streams of one seed that must never meet.
enum DrawStream : std::uint32_t {
  kLifetimeStream = 0,  ///< draws of a program during its lifetime
  kTestStream = 1,      ///< draws of a program while a copy of its state is tested
  kParamStream = 2,     ///< first values of params
  kTaskStream = 3,      ///< data and orders made by tasks
  kSearchStream = 4,    ///< mutation and selection
};

/// Entry `i` of a draw from the open interval (0, 1), a multiple of 2^-53.
double uniform01(const DrawKey& key, std::uint64_t i);
/// 64 random bits of a draw, to start a sequence of one's own.
std::uint64_t draw_bits(const DrawKey& key);
/// The quantile of the standard normal distribution (Wichura 1988, algorithm AS 241), relative error 1e-16.
double normal_quantile(double p);
/// Distribution function of the standard normal at -2, the cut of truncated draws.
inline constexpr double kTruncationTail = 0.022750131948179195;

/// Fill `out` with entries 0, 1, ... of a draw.
void draw_uniform(const DrawKey& key, double lo, double hi, std::span<double> out);
void draw_normal(const DrawKey& key, double mean, double deviation, std::span<double> out);
void draw_truncated_normal(const DrawKey& key, double mean, double deviation, std::span<double> out);
void draw_bernoulli(const DrawKey& key, double p, std::span<double> out);

/// A convenient sequence of draws for code that makes data or permutations.
class DrawSequence {
 public:
  explicit DrawSequence(DrawKey key) : key_(key) {}
  double uniform() { return uniform01(key_, next_++); }
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  double normal() { return normal_quantile(uniform()); }
  /// A whole number in 0 .. n-1, each equally likely up to 2^-53.
  std::uint64_t below(std::uint64_t n);

 private:
  DrawKey key_;
  std::uint64_t next_ = 0;
};

/// 0 .. n-1 in random order (Fisher-Yates), replacing `order`.
void shuffle(DrawSequence& draws, std::span<std::uint32_t> order);

}  // namespace mlz
