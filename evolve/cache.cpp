#include "evolve/cache.hpp"

#include <algorithm>
#include <bit>

namespace mlz::evolve {

ScoreCache::ScoreCache(std::size_t entries)
    : buckets_(std::bit_ceil(std::max<std::size_t>(entries, 2)) / 2), mask_(buckets_.size() - 1) {}

std::optional<Score> ScoreCache::find(const Key& key) const {
  for (const Entry& entry : buckets_[key.a & mask_].entries) {
    if (entry.key == key) return Score{entry.fitness, entry.steps_and_fate >> 8, static_cast<Fate>(entry.steps_and_fate & 255)};
  }
  return {};
}

void ScoreCache::put(const Key& key, const Score& score) {
  Bucket& bucket = buckets_[key.a & mask_];
  bucket.entries[1] = bucket.entries[0];
  bucket.entries[0] = {key, score.fitness, score.steps << 8 | static_cast<std::uint64_t>(score.fate)};
}

void ScoreCache::clear() { std::fill(buckets_.begin(), buckets_.end(), Bucket{}); }

}  // namespace mlz::evolve
