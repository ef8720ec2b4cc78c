#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "vm/cuda/device.hpp"
#include "vm/cuda/kernels.hpp"

namespace mlz::vm::cuda {
namespace {

/// One thread that does what a team of `width` does, partial by partial.
struct OneThread {
  int width = 1;

  template <class V, class Term, class Join>
  V reduce(std::int32_t n, V start, Term term, Join join) const {
    V p[kBlockThreads];
    for (int t = 0; t < width; ++t) p[t] = start;
    for (std::int32_t k = 0; k < n; ++k) p[k % width] = join(p[k % width], term(k));
    for (int half = width / 2; half > 0; half /= 2) {
      for (int t = 0; t < half; ++t) p[t] = join(p[t], p[t + half]);
    }
    return p[0];
  }
  template <class Body>
  void each(std::int32_t n, Body body) const {
    for (std::int32_t k = 0; k < n; ++k) body(k);
  }
  void sync() const {}
  bool first() const { return true; }
};

template <class T>
OneThread team_of(std::uint8_t threads) {
  return {threads == kBlock ? kBlockThreads : kPartials<T>};
}

/// Runs launches as a GPU does, one thread after the other.
template <class T>
class Loops {
 public:
  explicit Loops(const Frame<T>& frame) : frame_(frame) {}

  void operator()(const ChainLaunch& l) const {
    const int threads = chain_threads(l.slots, sizeof(T));
    std::vector<T> slots(static_cast<std::size_t>(std::max<int>(l.slots, 1) * threads * kChainEntries));
    const std::uint32_t in_block = static_cast<std::uint32_t>(threads) * kChainEntries;
    for (std::uint32_t block = 0; block < (l.total + in_block - 1) / in_block; ++block) {
      for (int t = 0; t < threads; ++t) {
        run_chain<T>(l, frame_, block, static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(threads),
                     slots.data());
      }
    }
  }
  void operator()(const MoveLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) run_move(l, frame_, item);
  }
  void operator()(const DrawLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) run_draw(l, frame_, item);
  }
  void operator()(const FoldLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) {
      if (l.threads == kOneThread)
        run_fold(l, frame_, Alone{}, item);
      else
        run_fold(l, frame_, team_of<T>(l.threads), item);
    }
  }
  void operator()(const ProductLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) {
      if (l.threads == kOneThread)
        run_product(l, frame_, Alone{}, item);
      else
        run_product(l, frame_, team_of<T>(l.threads), item);
    }
  }
  void operator()(const RoundLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) run_round(l, frame_, item);
  }
  void operator()(const RowsLaunch& l) const {
    for (std::uint32_t item = 0; item < l.total; ++item) run_rows(l, frame_, team_of<T>(l.threads), item);
  }
  void operator()(const CountLaunch& l) const { ++frame_.state->runs[l.function]; }

  /// In the order of the arguments that cuBLAS is given, with sums in the written order.
  void operator()(const GemmLaunch& l) const {
    for (std::uint32_t lane = 0; lane < static_cast<std::uint32_t>(l.batch); ++lane) {
      if (l.bf16)
        multiply(l, at_bf16(frame_, l.a, lane), at_bf16(frame_, l.b, lane), at(frame_, l.c, lane));
      else
        multiply(l, at(frame_, l.a, lane), at(frame_, l.b, lane), at(frame_, l.c, lane));
    }
  }
  void operator()(const GemvLaunch& l) const {
    const std::int64_t results = l.down ? l.cols : l.rows, terms = l.down ? l.rows : l.cols;
    for (std::uint32_t lane = 0; lane < static_cast<std::uint32_t>(l.batch); ++lane) {
      const T *a = at(frame_, l.a, lane), *x = at(frame_, l.x, lane);
      for (std::int64_t i = 0; i < results; ++i) {
        at(frame_, l.to, lane)[i] =
            sum_of_products<T>(terms, l.down ? a + i : a + i * l.cols, l.down ? l.cols : 1, x, 1);
      }
    }
  }

 private:
  Frame<T> frame_;

  static T number(T a) { return a; }
  static T number(Bf16 a) { return static_cast<T>(from_bf16(a)); }

  template <class F>
  static void multiply(const GemmLaunch& l, const F* a, const F* b, T* c) {
    const auto alpha = static_cast<T>(l.alpha);
    for (std::int64_t i = 0; i < l.m; ++i) {
      for (std::int64_t j = 0; j < l.n; ++j) {
        const T total = vm::sum<T>(l.k, [&](std::int64_t k) {
          return number(l.a_transposed ? a[k * l.lda + i] : a[i * l.lda + k]) *
                 number(l.b_transposed ? b[j * l.ldb + k] : b[k * l.ldb + j]);
        });
        T& out = c[i * l.ldc + j];
        out = l.beta == 0 ? alpha * total : out + alpha * total;
      }
    }
  }
};

class HostDevice final : public Device {
 public:
  std::string description() const override { return "loops on the processor"; }

  void* allocate(std::size_t bytes) override {
    void* memory = std::calloc(bytes + 1, 1);
    if (memory == nullptr) throw DeviceError("there is not enough memory");
    return memory;
  }
  void release(void* memory) noexcept override { std::free(memory); }
  void zero(void* to, std::size_t bytes) override { std::memset(to, 0, bytes); }
  void upload(void* to, const void* from, std::size_t bytes) override {
    counts_.bytes_up += bytes;
    std::memcpy(to, from, bytes);
  }
  void download(void* to, const void* from, std::size_t bytes) override {
    counts_.bytes_down += bytes;
    std::memcpy(to, from, bytes);
  }

  void begin(const Session& session) override { session_ = session; }
  int add(const std::vector<Launch>& sequence) override {
    sequences_.push_back(sequence);
    return static_cast<int>(sequences_.size()) - 1;
  }
  void run(int sequence) override {
    for (const Launch& launch : sequences_[static_cast<std::size_t>(sequence)]) run(launch);
  }
  void run(const Launch& launch) override {
    ++counts_.launches;
    counts_.products +=
        std::holds_alternative<GemmLaunch>(launch.work) || std::holds_alternative<GemvLaunch>(launch.work);
    if (session_.wide)
      run_as<double>(launch);
    else
      run_as<float>(launch);
  }
  void clear() override { sequences_.clear(); }

  std::vector<float> time(int sequence) override {
    std::vector<float> out;
    for (const Launch& launch : sequences_[static_cast<std::size_t>(sequence)]) {
      const auto start = std::chrono::steady_clock::now();
      run(launch);
      out.push_back(std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    return out;
  }
  Counts counts() const override { return counts_; }

 private:
  Session session_;
  std::vector<std::vector<Launch>> sequences_;
  Counts counts_;

  template <class T>
  void run_as(const Launch& launch) {
    const Frame<T> frame{static_cast<T*>(session_.memory), session_.state, session_.keys};
    std::visit(Loops<T>(frame), launch.work);
  }
};

}  // namespace

std::unique_ptr<Device> open_host_device() { return std::make_unique<HostDevice>(); }

}  // namespace mlz::vm::cuda
