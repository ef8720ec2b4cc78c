#include "lang/core/draws.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace mlz {
namespace {

/// Block `index` of a draw: 128 random bits.
r123::Philox4x32::ctr_type block_bits(const DrawKey& key, std::uint64_t index) {
  // Stream and high halves go into the key, so that every field takes part without any overlap of counters.
  const std::uint64_t mixed =
      key.seed + 0x9E3779B97F4A7C15ull * (key.stream + 1) + ((index >> 32) << 8) + ((key.run >> 32) << 40);
  const r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(index),
                                               static_cast<std::uint32_t>(key.run), key.sampler, key.lifetime}};
  const r123::Philox4x32::key_type philox_key = {
      {static_cast<std::uint32_t>(mixed), static_cast<std::uint32_t>(mixed >> 32)}};
  return r123::Philox4x32()(counter, philox_key);
}

/// Two draws from (0, 1): odd multiples of 2^-53, so that neither end can occur.
std::pair<double, double> block(const DrawKey& key, std::uint64_t index) {
  const auto bits = block_bits(key, index);
  const auto open = [](std::uint32_t low, std::uint32_t high) {
    const std::uint64_t word = (static_cast<std::uint64_t>(high) << 32 | low) >> 12;
    return (static_cast<double>(word) + 0.5) * 0x1p-52;
  };
  return {open(bits[0], bits[1]), open(bits[2], bits[3])};
}

template <class Transform>
void fill(const DrawKey& key, std::span<double> out, Transform transform) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto [first, second] = block(key, i / 2);
    out[i] = transform(first);
    if (i + 1 < out.size()) out[i + 1] = transform(second);
  }
}

double polynomial(const double (&c)[8], double x) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

// Coefficients of AS 241 (PPND16): numerators and denominators for the centre, the shoulders and the tails.
constexpr double kCentreTop[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                  1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                  3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kCentreBottom[8] = {1.0,
                                     4.2313330701600911252e+1,
                                     6.8718700749205790830e+2,
                                     5.3941960214247511077e+3,
                                     2.1213794301586595867e+4,
                                     3.9307895800092710610e+4,
                                     2.8729085735721942674e+4,
                                     5.2264952788528545610e+3};
constexpr double kShoulderTop[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                    5.76949722146069140550e0,  3.64784832476320460504e0,
                                    1.27045825245236838258e0,  2.41780725177450611770e-1,
                                    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kShoulderBottom[8] = {1.0,
                                       2.05319162663775882187e0,
                                       1.67638483018380384940e0,
                                       6.89767334985100004550e-1,
                                       1.48103976427480074590e-1,
                                       1.51986665636164571966e-2,
                                       5.47593808499534494600e-4,
                                       1.05075007164441684324e-9};
constexpr double kTailTop[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kTailBottom[8] = {1.0,
                                   5.99832206555887937690e-1,
                                   1.36929880922735805310e-1,
                                   1.48753612908506148525e-2,
                                   7.86869131145613259100e-4,
                                   1.84631831751005468180e-5,
                                   1.42151175831644588870e-7,
                                   2.04426310338993978564e-15};

}  // namespace

double uniform01(const DrawKey& key, std::uint64_t i) {
  const auto [first, second] = block(key, i / 2);
  return i % 2 == 0 ? first : second;
}

std::uint64_t draw_bits(const DrawKey& key) {
  const auto bits = block_bits(key, 0);
  return static_cast<std::uint64_t>(bits[1]) << 32 | bits[0];
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kCentreTop, r) / polynomial(kCentreBottom, r);
  }
  double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  double z = 0;
  if (r <= 5) {
    r -= 1.6;
    z = polynomial(kShoulderTop, r) / polynomial(kShoulderBottom, r);
  } else {
    r -= 5;
    z = polynomial(kTailTop, r) / polynomial(kTailBottom, r);
  }
  return q < 0 ? -z : z;
}

void draw_uniform(const DrawKey& key, double lo, double hi, std::span<double> out) {
  if (!(lo < hi)) {
    std::fill(out.begin(), out.end(), lo);
    return;
  }
  fill(key, out, [=](double u) { return lo + (hi - lo) * u; });
}

void draw_normal(const DrawKey& key, double mean, double deviation, std::span<double> out) {
  fill(key, out, [=](double u) { return mean + deviation * normal_quantile(u); });
}

void draw_truncated_normal(const DrawKey& key, double mean, double deviation, std::span<double> out) {
  constexpr double width = 1 - 2 * kTruncationTail;
  fill(key, out, [=](double u) { return mean + deviation * normal_quantile(kTruncationTail + width * u); });
}

void draw_bernoulli(const DrawKey& key, double p, std::span<double> out) {
  fill(key, out, [=](double u) { return u < p ? 1.0 : 0.0; });
}

std::uint64_t DrawSequence::below(std::uint64_t n) {
  return std::min(static_cast<std::uint64_t>(uniform() * static_cast<double>(n)), n - 1);
}

void shuffle(DrawSequence& draws, std::span<std::uint32_t> order) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draws.below(i)]);
}

}  // namespace mlz
