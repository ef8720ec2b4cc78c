#include "lang/core/draws.hpp"

#include <algorithm>

#include "lang/core/draw_blocks.hpp"

namespace mlz {
namespace {

template <class Transform>
void fill(const DrawKey& key, std::span<double> out, Transform transform) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto [first, second] = draw_pair(key, i / 2);
    out[i] = transform(first);
    if (i + 1 < out.size()) out[i + 1] = transform(second);
  }
}

}  // namespace

double uniform01(const DrawKey& key, std::uint64_t i) {
  const auto [first, second] = draw_pair(key, i / 2);
  return i % 2 == 0 ? first : second;
}

std::uint64_t draw_bits(const DrawKey& key) {
  const auto bits = draw_block_bits(key, 0);
  return static_cast<std::uint64_t>(bits[1]) << 32 | bits[0];
}

double normal_quantile(double p) { return quantile_of_normal(p); }

void draw_uniform(const DrawKey& key, double lo, double hi, std::span<double> out) {
  if (!(lo < hi)) {
    std::fill(out.begin(), out.end(), lo);
    return;
  }
  fill(key, out, [=](double u) { return uniform_entry(u, lo, hi); });
}

void draw_normal(const DrawKey& key, double mean, double deviation, std::span<double> out) {
  fill(key, out, [=](double u) { return normal_entry(u, mean, deviation); });
}

void draw_truncated_normal(const DrawKey& key, double mean, double deviation, std::span<double> out) {
  fill(key, out, [=](double u) { return truncated_normal_entry(u, mean, deviation); });
}

void draw_bernoulli(const DrawKey& key, double p, std::span<double> out) {
  fill(key, out, [=](double u) { return bernoulli_entry(u, p); });
}

std::uint64_t DrawSequence::below(std::uint64_t n) {
  return std::min(static_cast<std::uint64_t>(uniform() * static_cast<double>(n)), n - 1);
}

void shuffle(DrawSequence& draws, std::span<std::uint32_t> order) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draws.below(i)]);
}

}  // namespace mlz
