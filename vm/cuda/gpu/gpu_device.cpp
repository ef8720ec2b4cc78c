#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "vm/cuda/gpu/blas_calls.hpp"
#include "vm/cuda/gpu/launcher.hpp"
#include "vm/cuda/gpu/uplink.hpp"

namespace mlz::vm::cuda {
namespace {

bool is_product(const Launch& l) {
  return std::holds_alternative<GemmLaunch>(l.work) || std::holds_alternative<GemvLaunch>(l.work);
}

/// A handle of cuBLAS that works in one stream, with memory of its own, so that recorded calls find it again.
class Products {
 public:
  explicit Products(cudaStream_t stream) : blas_(cublas()) {
    check_blas(blas_.create(&handle_), "cublasCreate");
    check_blas(blas_.set_stream(handle_, stream), "cublasSetStream");
    check(cudaMalloc(&workspace_, kWorkspaceBytes), "room for cuBLAS");
    check_blas(blas_.set_workspace(handle_, workspace_, kWorkspaceBytes), "cublasSetWorkspace");
  }
  ~Products() {
    blas_.destroy(handle_);
    cudaFree(workspace_);
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  void run(const Launch& launch, const Session& session) {
    const int math = session.tf32 && !session.wide ? Cublas::kTf32Math : Cublas::kDefaultMath;
    check_blas(blas_.set_math(handle_, math), "cublasSetMathMode");
    const auto* gemm = std::get_if<GemmLaunch>(&launch.work);
    if (gemm != nullptr && gemm->bf16)
      check_blas(
          call_gemm_bf16(handle_, *gemm, static_cast<float*>(session.memory), blas_.gemm_ex, blas_.gemm_ex_batched),
          "cublasGemmEx");
    else if (session.wide)
      run_as(launch, static_cast<double*>(session.memory), blas_.dgemm, blas_.dgemm_batched, blas_.dgemv,
             blas_.dgemv_batched);
    else
      run_as(launch, static_cast<float*>(session.memory), blas_.sgemm, blas_.sgemm_batched, blas_.sgemv,
             blas_.sgemv_batched);
  }

 private:
  static constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // what the vendor recommends for Hopper
  const Cublas& blas_;
  void* handle_ = nullptr;
  void* workspace_ = nullptr;

  void check_blas(int status, const char* what) const {
    if (status != Cublas::kSuccess) throw DeviceError(std::string(what) + ": " + blas_.status(status));
  }

  template <class T>
  void run_as(const Launch& launch, T* memory, Cublas::Gemm<T> gemm, Cublas::GemmBatched<T> gemm_batched,
              Cublas::Gemv<T> gemv, Cublas::GemvBatched<T> gemv_batched) {
    if (const auto* l = std::get_if<GemmLaunch>(&launch.work))
      check_blas(call_gemm(handle_, *l, memory, gemm, gemm_batched), "cublasGemm");
    else if (const auto* v = std::get_if<GemvLaunch>(&launch.work))
      check_blas(call_gemv(handle_, *v, memory, gemv, gemv_batched), "cublasGemv");
  }
};

/// Launches that were handed in, and their recording once they have run.
struct Sequence {
  std::vector<Launch> launches;
  std::uint64_t products = 0;
  int runs = 0;
  cudaGraphExec_t graph = nullptr;
};

/// What is worth using again for the next machine, for it takes milliseconds to make.
struct Queue {
  Queue() {
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
    for (cudaEvent_t& event : events) check(cudaEventCreate(&event), "making an event");
    uplink = std::make_unique<Uplink>(stream);
  }

  cudaStream_t stream = nullptr;
  cudaEvent_t events[2]{};
  std::unique_ptr<Uplink> uplink;
  std::unique_ptr<Products> products;  // made for the first product
};

/// Queues that no machine uses. Never freed: the driver may be gone when the program ends.
class QueuePool {
 public:
  static QueuePool& all() {
    static auto* pool = new QueuePool;
    return *pool;
  }
  std::unique_ptr<Queue> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Queue>();
    std::unique_ptr<Queue> queue = std::move(free_.back());
    free_.pop_back();
    return queue;
  }
  void give_back(std::unique_ptr<Queue> queue) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(queue));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Queue>> free_;
};

class Gpu final : public Device {
 public:
  Gpu() {
    check(cudaSetDevice(0), "choosing the GPU");
    queue_ = QueuePool::all().take();
    stream_ = queue_->stream;
    checking_ = std::getenv("MLZ_CUDA_CHECK") != nullptr;
    recording_ = !checking_ && std::getenv("MLZ_CUDA_NO_GRAPHS") == nullptr;
  }
  ~Gpu() override {
    cudaStreamSynchronize(stream_);
    clear();
    QueuePool::all().give_back(std::move(queue_));
  }
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  std::string description() const override {
    cudaDeviceProp p{};
    check(cudaGetDeviceProperties(&p, 0), "looking at the GPU");
    return std::string(p.name) + ", compute capability " + std::to_string(p.major) + "." + std::to_string(p.minor) +
           ", " + std::to_string(p.totalGlobalMem >> 20) + " MiB";
  }

  void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    bytes = std::max<std::size_t>(bytes, 256);
    if (cudaMalloc(&memory, bytes) != cudaSuccess) {
      cudaGetLastError();
      std::size_t available = 0, all = 0;
      cudaMemGetInfo(&available, &all);
      throw DeviceError("the registers of all lifetimes need " + std::to_string(bytes >> 20) + " MiB; the GPU has " +
                        std::to_string(available >> 20) + " MiB free");
    }
    zero(memory, bytes);
    return memory;
  }
  void release(void* memory) noexcept override {
    cudaStreamSynchronize(stream_);
    cudaFree(memory);
  }
  void zero(void* to, std::size_t bytes) override { check(cudaMemsetAsync(to, 0, bytes, stream_), "clearing memory"); }
  void upload(void* to, const void* from, std::size_t bytes) override {
    counts_.bytes_up += bytes;
    queue_->uplink->send(to, from, bytes);
  }
  void download(void* to, const void* from, std::size_t bytes) override {
    counts_.bytes_down += bytes;
    queue_->uplink->fetch(to, from, bytes);
  }

  void begin(const Session& session) override { session_ = session; }
  int add(const std::vector<Launch>& launches) override {
    Sequence s{launches, 0, 0, nullptr};
    s.products = static_cast<std::uint64_t>(std::ranges::count_if(launches, is_product));
    sequences_.push_back(std::move(s));
    return static_cast<int>(sequences_.size()) - 1;
  }

  /// The first run is direct, so that cuBLAS and the kernels are loaded outside of a recording; the second is recorded.
  void run(int sequence) override {
    Sequence& s = sequences_[static_cast<std::size_t>(sequence)];
    if (s.launches.empty()) return;
    if (s.runs++ == 0 || !recording_ || s.launches.size() > kMostRecorded) return run_each(s);
    if (s.graph == nullptr) record(s);
    check(cudaGraphLaunch(s.graph, stream_), "replaying a recorded function");
    counts_.launches += s.launches.size();
    counts_.products += s.products;
    ++counts_.recordings;
  }
  void run(const Launch& launch) override {
    ++counts_.launches;
    enqueue(launch);
  }
  void clear() override {
    for (const Sequence& s : sequences_) {
      if (s.graph != nullptr) cudaGraphExecDestroy(s.graph);
    }
    sequences_.clear();
  }

  std::vector<float> time(int sequence) override {
    std::vector<float> out;
    for (const Launch& launch : sequences_[static_cast<std::size_t>(sequence)].launches) {
      check(cudaEventRecord(queue_->events[0], stream_), "timing");
      enqueue(launch);
      check(cudaEventRecord(queue_->events[1], stream_), "timing");
      check(cudaEventSynchronize(queue_->events[1]), "timing");
      float ms = 0;
      check(cudaEventElapsedTime(&ms, queue_->events[0], queue_->events[1]), "timing");
      out.push_back(ms);
    }
    counts_.launches += out.size();
    return out;
  }
  Counts counts() const override { return counts_; }

 private:
  static constexpr std::size_t kMostRecorded = 20'000;
  std::unique_ptr<Queue> queue_;
  cudaStream_t stream_ = nullptr;
  Session session_;
  std::vector<Sequence> sequences_;
  Counts counts_;
  bool checking_ = false, recording_ = true;

  void enqueue(const Launch& launch) {
    if (!is_product(launch)) return check(launch_kernel(launch, session_, stream_), "starting a kernel");
    if (!queue_->products) queue_->products = std::make_unique<Products>(stream_);
    queue_->products->run(launch, session_);
  }

  void run_each(const Sequence& s) {
    counts_.products += s.products;
    for (std::size_t k = 0; k < s.launches.size(); ++k) {
      ++counts_.launches;
      try {
        enqueue(s.launches[k]);
        if (checking_) check(cudaStreamSynchronize(stream_), "running");
      } catch (const DeviceError& e) {
        throw DeviceError(e.what(), static_cast<int>(k));
      }
    }
  }

  void record(Sequence& s) {
    cudaGraph_t graph = nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "recording a function");
    try {
      for (const Launch& launch : s.launches) enqueue(launch);
    } catch (const DeviceError&) {
      cudaStreamEndCapture(stream_, &graph);
      if (graph != nullptr) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "recording a function");
    const cudaError_t made = cudaGraphInstantiate(&s.graph, graph, 0);
    cudaGraphDestroy(graph);
    check(made, "recording a function");
  }
};

}  // namespace

extern "C" __attribute__((visibility("default"))) Device* mlz_cuda_open(int abi, std::string& reason) {
  if (abi != kDeviceAbi) {
    reason = "libmlz_cuda.so is of another version of mlz";
    return nullptr;
  }
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    reason = std::string("there is no GPU to use") +
             (status != cudaSuccess ? std::string(" (") + cudaGetErrorString(status) + ")" : "");
    return nullptr;
  }
  try {
    return new Gpu;
  } catch (const DeviceError& e) {
    reason = e.what();
    return nullptr;
  }
}

}  // namespace mlz::vm::cuda
