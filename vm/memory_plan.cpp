#include "vm/memory_plan.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>

namespace mlz::vm {
namespace {

/// Room that registers take one after the other.
class SharedRoom {
 public:
  explicit SharedRoom(std::int64_t begin) : end_(begin) {}

  /// Room of that size from the moment `first`, which no later call precedes, to the moment `last`.
  std::int64_t take(std::int64_t size, std::int64_t first, std::int64_t last) {
    for (; !taken_.empty() && taken_.top().last < first; taken_.pop()) {
      free_.emplace(taken_.top().size, taken_.top().begin);
    }
    Block made{last, end_, size};
    const auto fits = free_.lower_bound(size);
    if (fits != free_.end() && fits->first <= 2 * size) {  // a small one in a large one wastes the rest
      made.size = fits->first;
      made.begin = fits->second;
      free_.erase(fits);
    } else {
      end_ += size;
    }
    taken_.push(made);
    return made.begin;
  }
  std::int64_t end() const { return end_; }

 private:
  struct Block {
    std::int64_t last, begin, size;
    bool operator>(const Block& other) const { return std::tie(last, begin) > std::tie(other.last, other.begin); }
  };
  std::int64_t end_;
  std::priority_queue<Block, std::vector<Block>, std::greater<>> taken_;
  std::multimap<std::int64_t, std::int64_t> free_;  // size -> begin
};

}  // namespace

MemoryPlanner::MemoryPlanner(const BoundProgram& program, std::vector<std::int64_t> size, const std::vector<char>& kept)
    : size_(std::move(size)), own_(kept), spans_(size_.size()) {
  for (RegisterId r = 0; r < own_.size(); ++r) {
    if (program.registers[r].birth == BoundRegister::Birth::constant) own_[r] = 1;
  }
}

void MemoryPlanner::use(RegisterId r) {
  if (spans_[r].first < 0) spans_[r].first = moment_;
  spans_[r].last = moment_;
}

MemoryPlan MemoryPlanner::plan() const {
  MemoryPlan out;
  out.offset.assign(size_.size(), kNowhere);
  std::vector<RegisterId> shared;
  for (RegisterId r = 0; r < size_.size(); ++r) {
    out.apart += size_[r];
    if (own_[r] == 0 && spans_[r].first >= 0) shared.push_back(r);
    if (own_[r] == 0) continue;
    out.offset[r] = out.entries;
    out.entries += size_[r];
  }
  std::ranges::stable_sort(shared, {}, [&](RegisterId r) { return spans_[r].first; });
  SharedRoom room(out.entries);
  for (const RegisterId r : shared) out.offset[r] = room.take(size_[r], spans_[r].first, spans_[r].last);
  out.entries = room.end();
  return out;
}

}  // namespace mlz::vm
