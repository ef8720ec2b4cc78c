#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "evolve/numbered/evaluator.hpp"
#include "evolve/numbered/live.hpp"

namespace mlz::evolve {

/// Remembers the scores of programs by fingerprint, in bounded memory. Two places per bucket; the one written longer ago
/// gives way. Threads may find and put at the same time: equal keys have equal scores, and an entry that one thread reads
/// while another one writes it has a key that fits nothing.
class ScoreCache {
 public:
  explicit ScoreCache(std::size_t entries);

  std::optional<Score> find(const Key& key) const;
  void put(const Key& key, const Score& score);
  void prefetch(const Key& key) const { __builtin_prefetch(&buckets_[key.a & mask_]); }

 private:
  /// Four words that can be read and written one by one, without a lock.
  class Entry {
   public:
    std::optional<Score> score_of(const Key& key) const;
    void write(const Key& key, const Score& score);
    void copy(const Entry& other);

   private:
    using Word = std::atomic<std::uint64_t>;
    Word a_{0}, b_{0};  // the key, mixed with what follows
    Word fitness_{0}, rest_{0};  // rest: fate in the low byte, then 16 bits of the trial and 40 of the steps
  };
  struct alignas(64) Bucket {
    Entry entries[2];
  };
  std::vector<Bucket> buckets_;
  std::uint64_t mask_;
};

}  // namespace mlz::evolve
