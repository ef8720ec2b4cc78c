#include "evolve/outer/problem_cache.hpp"

#include <algorithm>

namespace mlz::outer {
namespace {
constexpr std::size_t kMostProblems = 32;
}

std::shared_ptr<const tasks::Problem> ProblemCache::find(std::uint64_t seed, std::uint32_t index) {
  const std::lock_guard guard(lock_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.seed == seed && e.index == index; });
  return found == entries_.end() ? nullptr : found->problem;
}

std::shared_ptr<const tasks::Problem> ProblemCache::get(std::uint64_t seed, std::uint32_t index) {
  if (auto known = find(seed, index)) return known;
  auto made = std::make_shared<const tasks::Problem>(task_->problem(seed, index));
  const std::lock_guard guard(lock_);
  if (entries_.size() == kMostProblems) entries_.pop_front();
  entries_.push_back({seed, index, made});
  return made;
}

}  // namespace mlz::outer
