#define MLZ_LEVEL gpu
#include "vm/cuda/gpu/launcher.hpp"
#include "vm/cuda/kernels.hpp"
#include "vm/quarter_turns.hpp"

// The grids of threads that run the kernels of vm/cuda/kernels.hpp, and what maths.hpp leaves to each kind of code.

namespace mlz::vm {

__device__ __noinline__ QuarterTurns reduce_quarter_turns(double a) { return quarter_turns(a); }
__device__ double library_pow(double a, double b) { return ::pow(a, b); }
__device__ float library_pow(float a, float b) { return ::powf(a, b); }
__device__ double library_exp(double a) { return ::exp(a); }
__device__ double library_log(double a) { return ::log(a); }
__device__ double library_sin(double a) { return ::sin(a); }
__device__ double library_cos(double a) { return ::cos(a); }
__device__ double library_tan(double a) { return ::tan(a); }
__device__ double library_asin(double a) { return ::asin(a); }
__device__ double library_acos(double a) { return ::acos(a); }
__device__ double library_atan(double a) { return ::atan(a); }

namespace cuda {
namespace {

/// `width` neighbouring threads of a warp.
template <int width>
struct WarpTeam {
  unsigned rank = threadIdx.x % width;
  unsigned mask = (0xffffffffu >> (32 - width)) << (threadIdx.x % 32 / width * width);

  template <class V, class Term, class Join>
  __device__ V reduce(std::int32_t n, V start, Term term, Join join) const {
    V v = start;
    for (std::int32_t k = static_cast<std::int32_t>(rank); k < n; k += width) v = join(v, term(k));
    for (int half = width / 2; half > 0; half /= 2) {
      const V other = __shfl_down_sync(mask, v, static_cast<unsigned>(half), width);
      v = join(v, other);
    }
    return __shfl_sync(mask, v, 0, width);
  }
  template <class Body>
  __device__ void each(std::int32_t n, Body body) const {
    for (std::int32_t k = static_cast<std::int32_t>(rank); k < n; k += width) body(k);
  }
  __device__ void sync() const { __syncwarp(mask); }
  __device__ bool first() const { return rank == 0; }
};

/// All threads of a block.
struct BlockTeam {
  template <class V, class Term, class Join>
  __device__ V reduce(std::int32_t n, V start, Term term, Join join) const {
    __shared__ V p[kBlockThreads];
    const int rank = static_cast<int>(threadIdx.x);
    V v = start;
    for (std::int32_t k = rank; k < n; k += kBlockThreads) v = join(v, term(k));
    __syncthreads();  // the result of a reduction before this one has been read
    p[rank] = v;
    for (int half = kBlockThreads / 2; half > 0; half /= 2) {
      __syncthreads();
      if (rank < half) p[rank] = join(p[rank], p[rank + half]);
    }
    __syncthreads();
    return p[0];
  }
  template <class Body>
  __device__ void each(std::int32_t n, Body body) const {
    for (std::int32_t k = static_cast<std::int32_t>(threadIdx.x); k < n; k += kBlockThreads) body(k);
  }
  __device__ void sync() const { __syncthreads(); }
  __device__ bool first() const { return threadIdx.x == 0; }
};

template <int width>
__device__ std::uint32_t item_of_team() {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(blockIdx.x) * kBlockThreads + threadIdx.x) / width);
}

static_assert(sizeof(ChainLaunch) + sizeof(Frame<double>) <= 4096);  // what every GPU takes as parameters

template <class T>
__global__ void __launch_bounds__(128) chain_kernel(const __grid_constant__ ChainLaunch l, const Frame<T> f) {
  extern __shared__ double room[];
  run_chain<T>(l, f, blockIdx.x, threadIdx.x, blockDim.x, reinterpret_cast<T*>(room));
}

template <class T>
__global__ void __launch_bounds__(kBlockThreads) move_kernel(const __grid_constant__ MoveLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<1>();
  if (item < l.total) run_move(l, f, item);
}

template <class T>
__global__ void __launch_bounds__(kBlockThreads) round_kernel(const __grid_constant__ RoundLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<1>();
  if (item < l.total) run_round(l, f, item);
}

template <class T>
__global__ void __launch_bounds__(kBlockThreads) draw_kernel(const __grid_constant__ DrawLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<1>();
  if (item < l.total) run_draw(l, f, item);
}

template <class T, class Team, int width>
__global__ void __launch_bounds__(kBlockThreads) fold_kernel(const __grid_constant__ FoldLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<width>();
  if (item < l.total) run_fold(l, f, Team{}, item);
}

template <class T, class Team, int width>
__global__ void __launch_bounds__(kBlockThreads) rows_kernel(const __grid_constant__ RowsLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<width>();
  if (item < l.total) run_rows(l, f, Team{}, item);
}

template <class T, class Team, int width>
__global__ void __launch_bounds__(kBlockThreads)
    product_kernel(const __grid_constant__ ProductLaunch l, const Frame<T> f) {
  const std::uint32_t item = item_of_team<width>();
  if (item < l.total) run_product(l, f, Team{}, item);
}

__global__ void count_kernel(CountLaunch l, DrawState* state) { ++state->runs[l.function]; }

/// Blocks for `total` items of `width` threads each.
unsigned blocks(std::uint32_t total, int width) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(total) * width + kBlockThreads - 1) / kBlockThreads);
}

template <class T>
class Launcher {
 public:
  Launcher(const Frame<T>& frame, cudaStream_t stream) : f_(frame), stream_(stream) {}

  void operator()(const ChainLaunch& l) const {
    const int threads = chain_threads(l.slots, sizeof(T));
    const std::uint32_t in_block = static_cast<std::uint32_t>(threads) * kChainEntries;
    const std::size_t room = static_cast<std::size_t>(l.slots) * threads * kChainEntries * sizeof(T);
    chain_kernel<T><<<(l.total + in_block - 1) / in_block, threads, room, stream_>>>(l, f_);
  }
  void operator()(const MoveLaunch& l) const {
    move_kernel<T><<<blocks(l.total, 1), kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const RoundLaunch& l) const {
    round_kernel<T><<<blocks(l.total, 1), kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const DrawLaunch& l) const {
    draw_kernel<T><<<blocks(l.total, 1), kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const FoldLaunch& l) const {
    if (l.threads == kOneThread)
      fold_kernel<T, Alone, 1><<<blocks(l.total, 1), kBlockThreads, 0, stream_>>>(l, f_);
    else if (l.threads == kTeam)
      fold_kernel<T, Warp, kWidth><<<blocks(l.total, kWidth), kBlockThreads, 0, stream_>>>(l, f_);
    else
      fold_kernel<T, BlockTeam, kBlockThreads><<<l.total, kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const RowsLaunch& l) const {
    if (l.threads == kTeam)
      rows_kernel<T, Warp, kWidth><<<blocks(l.total, kWidth), kBlockThreads, 0, stream_>>>(l, f_);
    else
      rows_kernel<T, BlockTeam, kBlockThreads><<<l.total, kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const ProductLaunch& l) const {
    if (l.threads == kOneThread)
      product_kernel<T, Alone, 1><<<blocks(l.total, 1), kBlockThreads, 0, stream_>>>(l, f_);
    else if (l.threads == kTeam)
      product_kernel<T, Warp, kWidth><<<blocks(l.total, kWidth), kBlockThreads, 0, stream_>>>(l, f_);
    else
      product_kernel<T, BlockTeam, kBlockThreads><<<l.total, kBlockThreads, 0, stream_>>>(l, f_);
  }
  void operator()(const CountLaunch& l) const { count_kernel<<<1, 1, 0, stream_>>>(l, f_.state); }
  void operator()(const GemmLaunch&) const {}
  void operator()(const GemvLaunch&) const {}

 private:
  static constexpr int kWidth = kPartials<T>;
  using Warp = WarpTeam<kWidth>;
  Frame<T> f_;
  cudaStream_t stream_;
};

template <class T>
void launch_as(const Launch& launch, const Session& s, cudaStream_t stream) {
  const Frame<T> frame{static_cast<T*>(s.memory), s.state, s.keys};
  std::visit(Launcher<T>(frame, stream), launch.work);
}

}  // namespace

cudaError_t launch_kernel(const Launch& launch, const Session& session, cudaStream_t stream) {
  if (session.wide)
    launch_as<double>(launch, session, stream);
  else
    launch_as<float>(launch, session, stream);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace mlz::vm
