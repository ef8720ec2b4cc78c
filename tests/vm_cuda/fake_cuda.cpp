#include <cuda_runtime_api.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "device.hpp"
#include "vm/cuda/bf16.hpp"
#include "vm/cuda/gpu/cublas.hpp"
#include "vm/cuda/gpu/launcher.hpp"

// A CUDA without a GPU: what is enqueued waits until someone synchronizes, what is recorded is kept, and kernels and
// cuBLAS are loops. It shows whether vm/cuda/gpu/gpu_device.cpp keeps its copies, recordings and counts in order.

namespace {

using Work = std::function<void()>;

struct Stream {
  std::deque<Work> waiting;
  std::vector<Work>* recording = nullptr;
};

Stream& stream() {
  static Stream one;
  return one;
}

cudaError_t enqueue(Work work) {
  if (stream().recording != nullptr)
    stream().recording->push_back(std::move(work));
  else
    stream().waiting.push_back(std::move(work));
  return cudaSuccess;
}

cudaError_t finish() {
  if (stream().recording != nullptr) return cudaErrorStreamCaptureUnsupported;
  for (; !stream().waiting.empty(); stream().waiting.pop_front()) stream().waiting.front()();
  return cudaSuccess;
}

constexpr std::size_t kMemory = std::size_t{1} << 30;
std::map<void*, std::size_t>& allocations() {
  static std::map<void*, std::size_t> all;
  return all;
}
std::size_t used() {
  std::size_t total = 0;
  for (const auto& [address, bytes] : allocations()) total += bytes;
  return total;
}

}  // namespace

extern "C" {

const char* cudaGetErrorString(cudaError_t) { return "an error"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) { return std::strcpy(p->name, "loops"), cudaSuccess; }

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  if (used() + bytes > kMemory) return cudaErrorMemoryAllocation;
  *memory = std::malloc(bytes);
  allocations()[*memory] = bytes;
  std::memset(*memory, 0x7b, bytes);
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  finish();
  allocations().erase(memory);
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) { return *memory = std::malloc(bytes), cudaSuccess; }
cudaError_t cudaFreeHost(void* memory) { return std::free(memory), cudaSuccess; }
cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* all) {
  *available = kMemory - used();
  *all = kMemory;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t) {
  return enqueue([=] { std::memcpy(to, from, bytes); });
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  return enqueue([=] { std::memset(to, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned) { return *s = nullptr, cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return finish(); }
cudaError_t cudaEventCreate(cudaEvent_t* e) {
  *e = reinterpret_cast<cudaEvent_t>(new std::chrono::steady_clock::time_point);
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned) { return cudaEventCreate(e); }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t) {
  return enqueue(
      [=] { *reinterpret_cast<std::chrono::steady_clock::time_point*>(e) = std::chrono::steady_clock::now(); });
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return finish(); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t, cudaEvent_t) { return *ms = 1, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  stream().recording = new std::vector<Work>;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = reinterpret_cast<cudaGraph_t>(std::exchange(stream().recording, nullptr));
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = reinterpret_cast<cudaGraphExec_t>(new std::vector<Work>(*reinterpret_cast<std::vector<Work>*>(graph)));
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete reinterpret_cast<std::vector<Work>*>(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete reinterpret_cast<std::vector<Work>*>(exec);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t) {
  for (const Work& work : *reinterpret_cast<std::vector<Work>*>(exec)) enqueue(work);
  return cudaSuccess;
}

}  // extern "C"

namespace mlz::vm::cuda {

namespace {

float number(Bf16 a) { return from_bf16(a); }
template <class T>
T number(T a) {
  return a;
}

/// By the loops of the host device, which are given the same arguments that a launch would lead to.
template <class F, class T>
int multiply(int op_b, int op_a, int n, int m, int k, const T* alpha, const F* b, int ldb, const F* a, int lda,
             const T* beta, T* c, int ldc) {
  const T scale = *alpha, keep = *beta;
  enqueue([=] {
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        T sum = 0;
        for (int t = 0; t < k; ++t) {
          sum += number(op_a != 0 ? a[t * std::int64_t{lda} + i] : a[i * std::int64_t{lda} + t]) *
                 number(op_b != 0 ? b[j * std::int64_t{ldb} + t] : b[t * std::int64_t{ldb} + j]);
        }
        T& out = c[i * std::int64_t{ldc} + j];
        out = scale * sum + (keep == 0 ? 0 : keep * out);
      }
    }
  });
  return Cublas::kSuccess;
}
template <class T>
int gemm(void*, int op_b, int op_a, int n, int m, int k, const T* alpha, const T* b, int ldb, const T* a, int lda,
         const T* beta, T* c, int ldc) {
  return multiply(op_b, op_a, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
}
constexpr int kNotSupported = 15;
bool is_bf16(int type_b, int type_a, int type_c, int sums) {
  return type_a == Cublas::kBf16 && type_b == Cublas::kBf16 && type_c == Cublas::kFloat && sums == Cublas::kSumsInFloat;
}
int gemm_ex_batched(void*, int op_b, int op_a, int n, int m, int k, const void* alpha, const void* b, int type_b,
                    int ldb, long long step_b, const void* a, int type_a, int lda, long long step_a, const void* beta,
                    void* c, int type_c, int ldc, long long step_c, int count, int sums, int) {
  if (!is_bf16(type_b, type_a, type_c, sums)) return kNotSupported;
  for (int i = 0; i < count; ++i) {
    multiply(op_b, op_a, n, m, k, static_cast<const float*>(alpha), static_cast<const Bf16*>(b) + i * step_b, ldb,
             static_cast<const Bf16*>(a) + i * step_a, lda, static_cast<const float*>(beta),
             static_cast<float*>(c) + i * step_c, ldc);
  }
  return Cublas::kSuccess;
}
int gemm_ex(void* h, int op_b, int op_a, int n, int m, int k, const void* alpha, const void* b, int type_b, int ldb,
            const void* a, int type_a, int lda, const void* beta, void* c, int type_c, int ldc, int sums, int any) {
  return gemm_ex_batched(h, op_b, op_a, n, m, k, alpha, b, type_b, ldb, 0, a, type_a, lda, 0, beta, c, type_c, ldc, 0,
                         1, sums, any);
}
template <class T>
int gemm_batched(void* h, int op_b, int op_a, int n, int m, int k, const T* alpha, const T* b, int ldb,
                 long long step_b, const T* a, int lda, long long step_a, const T* beta, T* c, int ldc,
                 long long step_c, int count) {
  for (int i = 0; i < count; ++i)
    gemm(h, op_b, op_a, n, m, k, alpha, b + i * step_b, ldb, a + i * step_a, lda, beta, c + i * step_c, ldc);
  return Cublas::kSuccess;
}
template <class T>
int gemv(void* h, int op, int m, int n, const T* alpha, const T* a, int lda, const T* x, int, const T* beta, T* y,
         int) {
  const bool down = op == Cublas::kNoTrans;
  return gemm(h, Cublas::kNoTrans, down ? Cublas::kTrans : Cublas::kNoTrans, 1, down ? m : n, down ? n : m, alpha, x, 1,
              a, lda, beta, y, 1);
}
template <class T>
int gemv_batched(void* h, int op, int m, int n, const T* alpha, const T* a, int lda, long long step_a, const T* x, int,
                 long long step_x, const T* beta, T* y, int, long long step_y, int count) {
  for (int i = 0; i < count; ++i)
    gemv(h, op, m, n, alpha, a + i * step_a, lda, x + i * step_x, 1, beta, y + i * step_y, 1);
  return Cublas::kSuccess;
}

}  // namespace

const Cublas& cublas() {
  static const Cublas all{[](void**) { return 0; },
                          [](void*) { return 0; },
                          [](void*, void*) { return 0; },
                          [](void*, void*, std::size_t) { return 0; },
                          [](void*, int) { return 0; },
                          [](int) { return "an error"; },
                          gemm<float>,
                          gemm<double>,
                          gemm_batched<float>,
                          gemm_batched<double>,
                          gemm_ex,
                          gemm_ex_batched,
                          gemv<float>,
                          gemv<double>,
                          gemv_batched<float>,
                          gemv_batched<double>,
                          "loops"};
  return all;
}

cudaError_t launch_kernel(const Launch& launch, const Session& session, cudaStream_t) {
  return enqueue([=] {
    const auto device = open_host_device();
    device->begin(session);
    device->run(launch);
  });
}

extern "C" Device* mlz_cuda_open(int abi, std::string& reason);

}  // namespace mlz::vm::cuda

namespace mlz::test {

std::unique_ptr<vm::cuda::Device> open_test_device() {
  std::string reason;
  std::unique_ptr<vm::cuda::Device> device(vm::cuda::mlz_cuda_open(vm::cuda::kDeviceAbi, reason));
  if (!device) throw std::runtime_error(reason);
  return device;
}
const bool kOnGpu = true;

}  // namespace mlz::test
