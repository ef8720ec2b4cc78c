#include <cuda_runtime_api.h>

#include <algorithm>

#include "cases.hpp"
#include "vm/cuda/bf16.hpp"
#include "vm/cuda/gpu/cublas.hpp"
#include "vm/cuda/gpu/uplink.hpp"

namespace mlz::bench {

using vm::cuda::check;

double bare_product_ms(std::int64_t n, vm::Factors factors) {
  const vm::cuda::Cublas& blas = vm::cuda::cublas();
  const std::size_t bytes = static_cast<std::size_t>(n * n) * sizeof(float);
  std::vector<float> numbers(static_cast<std::size_t>(n * n));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i * 2654435761u % 1000) / 500 - 1;
  float* m[3];
  for (float*& matrix : m) check(cudaMalloc(reinterpret_cast<void**>(&matrix), bytes), "room for a matrix");
  const bool bf16 = factors == vm::Factors::bf16;
  std::vector<vm::cuda::Bf16> rounded(numbers.size());
  std::ranges::transform(numbers, rounded.begin(), vm::cuda::to_bf16);
  for (int k = 0; k < 2; ++k) {
    const void* from = bf16 ? static_cast<const void*>(rounded.data()) : numbers.data();
    check(cudaMemcpy(m[k], from, bf16 ? bytes / 2 : bytes, cudaMemcpyHostToDevice), "copying");
  }
  void* handle = nullptr;
  blas.create(&handle);
  blas.set_math(handle, factors == vm::Factors::tf32 ? vm::cuda::Cublas::kTf32Math : vm::cuda::Cublas::kDefaultMath);
  const float one = 1, zero = 0;
  const int size = static_cast<int>(n), runs = n >= 4096 ? 10 : 100;
  const auto product = [&] {
    using B = vm::cuda::Cublas;
    if (bf16)
      blas.gemm_ex(handle, 0, 0, size, size, size, &one, m[0], B::kBf16, size, m[1], B::kBf16, size, &zero, m[2],
                   B::kFloat, size, B::kSumsInFloat, B::kAnyAlgorithm);
    else
      blas.sgemm(handle, 0, 0, size, size, size, &one, m[0], size, m[1], size, &zero, m[2], size);
  };
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "timing");
  check(cudaEventCreate(&end), "timing");
  for (int k = 0; k < 3; ++k) product();
  check(cudaEventRecord(begin), "timing");
  for (int k = 0; k < runs; ++k) product();
  check(cudaEventRecord(end), "timing");
  check(cudaEventSynchronize(end), "timing");
  float ms = 0;
  check(cudaEventElapsedTime(&ms, begin, end), "timing");
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  blas.destroy(handle);
  for (float* matrix : m) cudaFree(matrix);
  return static_cast<double>(ms) / runs;
}

}  // namespace mlz::bench
