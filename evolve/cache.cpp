#include "evolve/cache.hpp"

#include <algorithm>
#include <bit>

namespace mlz::evolve {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// What the words of a key are mixed with, so that they only fit the score they were written with.
std::uint64_t mixed(std::uint64_t fitness, std::uint64_t rest) {
  return (fitness ^ std::rotl(rest, 32)) * 0x9E3779B97F4A7C15ull;
}

}  // namespace

std::optional<Score> ScoreCache::Entry::score_of(const Key& key) const {
  const std::uint64_t fitness = fitness_.load(kRelaxed), rest = rest_.load(kRelaxed), mix = mixed(fitness, rest);
  if ((a_.load(kRelaxed) ^ mix) != key.a || (b_.load(kRelaxed) ^ mix) != key.b) return {};
  return Score{std::bit_cast<double>(fitness), rest >> 24, static_cast<Fate>(rest & 255),
               static_cast<std::uint16_t>(rest >> 8)};
}

void ScoreCache::Entry::write(const Key& key, const Score& score) {
  const auto fitness = std::bit_cast<std::uint64_t>(score.fitness);
  const std::uint64_t rest = score.steps << 24 | std::uint64_t{score.trial} << 8 | static_cast<std::uint64_t>(score.fate);
  const std::uint64_t mix = mixed(fitness, rest);
  fitness_.store(fitness, kRelaxed);
  rest_.store(rest, kRelaxed);
  a_.store(key.a ^ mix, kRelaxed);
  b_.store(key.b ^ mix, kRelaxed);
}

void ScoreCache::Entry::copy(const Entry& other) {
  fitness_.store(other.fitness_.load(kRelaxed), kRelaxed);
  rest_.store(other.rest_.load(kRelaxed), kRelaxed);
  a_.store(other.a_.load(kRelaxed), kRelaxed);
  b_.store(other.b_.load(kRelaxed), kRelaxed);
}

ScoreCache::ScoreCache(std::size_t entries)
    : buckets_(std::bit_ceil(std::max<std::size_t>(entries, 2)) / 2), mask_(buckets_.size() - 1) {}

std::optional<Score> ScoreCache::find(const Key& key) const {
  const Bucket& bucket = buckets_[key.a & mask_];
  const auto first = bucket.entries[0].score_of(key);
  return first ? first : bucket.entries[1].score_of(key);
}

void ScoreCache::put(const Key& key, const Score& score) {
  Bucket& bucket = buckets_[key.a & mask_];
  bucket.entries[1].copy(bucket.entries[0]);
  bucket.entries[0].write(key, score);
}

}  // namespace mlz::evolve
