#include "evolve/cache.hpp"

#include <algorithm>
#include <bit>

namespace mlz::evolve {

ScoreCache::ScoreCache(std::size_t entries)
    : buckets_(std::bit_ceil(std::max<std::size_t>(entries, 2)) / 2), mask_(buckets_.size() - 1) {}

std::optional<Score> ScoreCache::find(const Key& key) const {
  for (const Entry& entry : buckets_[key.a & mask_].entries) {
    if (entry.key != key) continue;
    return Score{entry.fitness, entry.rest >> 24, static_cast<Fate>(entry.rest & 255),
                 static_cast<std::uint16_t>(entry.rest >> 8)};
  }
  return {};
}

void ScoreCache::put(const Key& key, const Score& score) {
  Bucket& bucket = buckets_[key.a & mask_];
  bucket.entries[1] = bucket.entries[0];
  const auto fate = static_cast<std::uint64_t>(score.fate);
  bucket.entries[0] = {key, score.fitness, score.steps << 24 | std::uint64_t{score.trial} << 8 | fate};
}

void ScoreCache::clear() { std::fill(buckets_.begin(), buckets_.end(), Bucket{}); }

}  // namespace mlz::evolve
