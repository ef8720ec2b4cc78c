#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mlz::evolve {

/// Threads that share the work of loops. With one worker everything runs in the caller.
class Workers {
 public:
  explicit Workers(int count);
  /// The caller alone, under the number of a worker of others.
  static Workers alone(int worker) { return Workers(1, worker); }
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()) + 1; }
  /// Calls body(first, last, worker) for parts of 0 .. n-1 of at most `part`, from all workers, and waits for the end.
  /// The first exception is thrown again.
  void share(std::size_t n, std::size_t part, const std::function<void(std::size_t, std::size_t, int)>& body);

 private:
  Workers(int count, int caller) : Workers(count) { caller_ = caller; }

  int caller_ = 0;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> round_{0};
  /// Of the current round: its number, whether it is open, and how many of the other threads take part.
  std::atomic<std::uint64_t> gate_{0};
  std::atomic<bool> end_{false};
  // of the current round
  const std::function<void(std::size_t, std::size_t, int)>* body_ = nullptr;
  std::size_t n_ = 0, part_ = 1;
  std::atomic<std::size_t> next_{0};
  std::mutex failure_lock_;
  std::exception_ptr failure_;

  void serve(int worker);
  bool join(std::uint64_t round);
  void leave();
  void close();
  void work(int worker);
};

}  // namespace mlz::evolve
