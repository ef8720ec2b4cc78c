#pragma once
#include <deque>
#include <memory>
#include <mutex>

#include "tasks/task.hpp"

namespace mlz::outer {

/// The problems of a task that were asked for last: candidates are judged by the same ones. Safe to share by threads.
class ProblemCache {
 public:
  explicit ProblemCache(std::shared_ptr<const tasks::Task> task) : task_(std::move(task)) {}
  std::shared_ptr<const tasks::Problem> get(std::uint64_t seed, std::uint32_t index);

 private:
  struct Entry {
    std::uint64_t seed = 0;
    std::uint32_t index = 0;
    std::shared_ptr<const tasks::Problem> problem;
  };
  std::shared_ptr<const tasks::Task> task_;
  std::mutex lock_;
  std::deque<Entry> entries_;  // the oldest first

  std::shared_ptr<const tasks::Problem> find(std::uint64_t seed, std::uint32_t index);
};

}  // namespace mlz::outer
