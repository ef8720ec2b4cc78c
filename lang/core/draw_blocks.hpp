#pragma once
#include <Random123/philox.h>
#include <math.h>

#include <cstdint>

#include "lang/core/device.hpp"
#include "lang/core/draws.hpp"

/// Draws entry by entry, for code that makes them in its own loops or on a GPU.
namespace mlz {

/// Block `index` of a draw: 128 random bits.
MLZ_DEVICE inline r123::Philox4x32::ctr_type draw_block_bits(const DrawKey& key, std::uint64_t index) {
  // Stream and high halves go into the key, so that every field takes part without any overlap of counters.
  const std::uint64_t mixed =
      key.seed + 0x9E3779B97F4A7C15ull * (key.stream + 1) + ((index >> 32) << 8) + ((key.run >> 32) << 40);
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(key.run), key.sampler, key.lifetime}};
  const r123::Philox4x32::key_type philox_key = {
      {static_cast<std::uint32_t>(mixed), static_cast<std::uint32_t>(mixed >> 32)}};
  return r123::Philox4x32()(counter, philox_key);
}

/// Entries 2 index and 2 index + 1 of a draw from (0, 1): odd multiples of 2^-53, so that neither end can occur.
struct DrawPair {
  double first, second;
};
MLZ_DEVICE inline double open_uniform(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t word = (static_cast<std::uint64_t>(high) << 32 | low) >> 12;
  return (static_cast<double>(word) + 0.5) * 0x1p-52;
}
MLZ_DEVICE inline DrawPair draw_pair(const DrawKey& key, std::uint64_t index) {
  const auto bits = draw_block_bits(key, index);
  return {open_uniform(bits[0], bits[1]), open_uniform(bits[2], bits[3])};
}

MLZ_DEVICE inline double polynomial_of_8(const double (&c)[8], double x) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

/// As normal_quantile. Coefficients of AS 241 (PPND16): numerators and denominators for the centre, the shoulders and
/// the tails.
MLZ_DEVICE inline double quantile_of_normal(double p) {
  static constexpr double centre_top[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                           1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                           3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double centre_bottom[8] = {1.0,
                                              4.2313330701600911252e+1,
                                              6.8718700749205790830e+2,
                                              5.3941960214247511077e+3,
                                              2.1213794301586595867e+4,
                                              3.9307895800092710610e+4,
                                              2.8729085735721942674e+4,
                                              5.2264952788528545610e+3};
  static constexpr double shoulder_top[8] = {
      1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double shoulder_bottom[8] = {1.0,
                                                2.05319162663775882187e0,
                                                1.67638483018380384940e0,
                                                6.89767334985100004550e-1,
                                                1.48103976427480074590e-1,
                                                1.51986665636164571966e-2,
                                                5.47593808499534494600e-4,
                                                1.05075007164441684324e-9};
  static constexpr double tail_top[8] = {
      6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double tail_bottom[8] = {1.0,
                                            5.99832206555887937690e-1,
                                            1.36929880922735805310e-1,
                                            1.48753612908506148525e-2,
                                            7.86869131145613259100e-4,
                                            1.84631831751005468180e-5,
                                            1.42151175831644588870e-7,
                                            2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial_of_8(centre_top, r) / polynomial_of_8(centre_bottom, r);
  }
  double r = ::sqrt(-::log(q < 0 ? p : 1 - p));
  double z = 0;
  if (r <= 5) {
    r -= 1.6;
    z = polynomial_of_8(shoulder_top, r) / polynomial_of_8(shoulder_bottom, r);
  } else {
    r -= 5;
    z = polynomial_of_8(tail_top, r) / polynomial_of_8(tail_bottom, r);
  }
  return q < 0 ? -z : z;
}

/// What the samplers make of an entry from (0, 1).
MLZ_DEVICE inline double uniform_entry(double u, double lo, double hi) { return lo < hi ? lo + (hi - lo) * u : lo; }
/// A draw from the open interval (lo, hi), bounds that T can hold, as a T: where rounding would end on a bound, the next
/// number inside.
template <class T>
MLZ_DEVICE inline T inside(double drawn, double lo, double hi) {
  const T out = static_cast<T>(drawn);
  if constexpr (sizeof(T) == sizeof(float)) {
    const T low = static_cast<T>(lo), high = static_cast<T>(hi);
    if (lo < drawn && out <= low) return nextafterf(low, high);
    if (drawn < hi && out >= high) return nextafterf(high, low);
  }
  return out;
}
MLZ_DEVICE inline double normal_entry(double u, double mean, double deviation) {
  return mean + deviation * quantile_of_normal(u);
}
MLZ_DEVICE inline double truncated_normal_entry(double u, double mean, double deviation) {
  constexpr double width = 1 - 2 * kTruncationTail;
  return mean + deviation * quantile_of_normal(kTruncationTail + width * u);
}
MLZ_DEVICE inline double bernoulli_entry(double u, double p) { return u < p ? 1.0 : 0.0; }

}  // namespace mlz
