#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "evolve/numbered/evaluator.hpp"
#include "evolve/numbered/live.hpp"

namespace mlz::evolve {

/// Remembers the scores of programs by fingerprint, in bounded memory. Two places per bucket; the one written longer ago
/// gives way. What it holds depends on the order of calls alone.
class ScoreCache {
 public:
  explicit ScoreCache(std::size_t entries);

  std::optional<Score> find(const Key& key) const;
  void put(const Key& key, const Score& score);
  void prefetch(const Key& key) const { __builtin_prefetch(&buckets_[key.a & mask_]); }
  void clear();

 private:
  struct Entry {
    Key key;
    double fitness = 0;
    std::uint64_t rest = 0;  // fate in the low byte, then 16 bits of the trial and 40 of the steps
  };
  struct alignas(64) Bucket {
    Entry entries[2];
  };
  std::vector<Bucket> buckets_;
  std::uint64_t mask_;
};

}  // namespace mlz::evolve
