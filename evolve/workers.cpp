#include "evolve/workers.hpp"

#include <algorithm>
#include <utility>

namespace mlz::evolve {
namespace {

/// Waits a little without giving the processor away, since rounds follow each other within microseconds.
constexpr int kSpins = 4000;

template <class Ready>
bool spin(Ready ready) {
  for (int i = 0; i < kSpins; ++i) {
    if (ready()) return true;
    __builtin_ia32_pause();
  }
  return false;
}

}  // namespace

Workers::Workers(int count) {
  for (int worker = 1; worker < count; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
}

Workers::~Workers() {
  leave_ = true;
  ++round_;
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::work(int worker) {
  try {
    for (;;) {
      const std::size_t first = next_.fetch_add(part_);
      if (first >= n_) return;
      (*body_)(first, std::min(first + part_, n_), worker);
    }
  } catch (...) {
    const std::lock_guard lock(failure_lock_);
    if (!failure_) failure_ = std::current_exception();
    next_ = n_;
  }
}

void Workers::serve(int worker) {
  for (std::uint64_t seen = 0;;) {
    if (!spin([&] { return round_.load() != seen; })) round_.wait(seen);
    seen = round_.load();
    if (leave_) return;
    work(worker);
    if (--busy_ == 0) busy_.notify_one();
  }
}

void Workers::share(std::size_t n, std::size_t part, const std::function<void(std::size_t, std::size_t, int)>& body) {
  if (n == 0) return;
  if (threads_.empty() || n <= part) return body(0, n, caller_);
  body_ = &body;
  n_ = n;
  part_ = part;
  next_ = 0;
  busy_ = static_cast<int>(threads_.size());
  ++round_;
  round_.notify_all();
  work(0);
  if (!spin([&] { return busy_.load() == 0; })) {
    for (int left = busy_; left != 0; left = busy_) busy_.wait(left);
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace mlz::evolve
