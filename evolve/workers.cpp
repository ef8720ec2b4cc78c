#include "evolve/workers.hpp"

#include <algorithm>
#include <utility>

namespace mlz::evolve {
namespace {

/// Waits a little without giving the processor away, since rounds follow each other within microseconds.
constexpr int kSpins = 4000;

// The parts of a gate.
constexpr std::uint64_t kOne = 1, kCount = 0xffff, kOpen = 0x10000, kRound = 0x20000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

template <class Ready>
bool spin(Ready ready) {
  for (int i = 0; i < kSpins; ++i) {
    if (ready()) return true;
    pause();
  }
  return false;
}

}  // namespace

Workers::Workers(int count) {
  for (int worker = 1; worker < count; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
}

Workers::~Workers() {
  end_ = true;
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
    if (end_) return;
    if (!join(seen)) continue;
    work(worker);
    leave();
  }
}

/// Takes part in a round as long as it is open: who comes late is not waited for.
bool Workers::join(std::uint64_t round) {
  std::uint64_t gate = gate_.load();
  do {
    if ((gate & kOpen) == 0 || gate / kRound != round) return false;
  } while (!gate_.compare_exchange_weak(gate, gate + kOne));
  return true;
}

void Workers::leave() {
  if ((--gate_ & (kCount | kOpen)) == 0) gate_.notify_one();
}

/// Lets nobody else join, and waits for those who have.
void Workers::close() {
  gate_ &= ~kOpen;
  if (spin([&] { return (gate_.load() & kCount) == 0; })) return;
  for (std::uint64_t gate = gate_; (gate & kCount) != 0; gate = gate_) gate_.wait(gate);
}

void Workers::share(std::size_t n, std::size_t part, const std::function<void(std::size_t, std::size_t, int)>& body) {
  if (n == 0) return;
  if (threads_.empty() || n <= part) return body(0, n, caller_);
  body_ = &body;
  n_ = n;
  part_ = part;
  next_ = 0;
  gate_ = (round_.load() + 1) * kRound | kOpen;
  ++round_;
  round_.notify_all();
  work(0);
  close();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace mlz::evolve
