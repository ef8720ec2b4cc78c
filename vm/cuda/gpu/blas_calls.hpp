#pragma once
#include "vm/cuda/bf16.hpp"
#include "vm/cuda/gpu/cublas.hpp"
#include "vm/cuda/launch.hpp"

/// The arguments of cuBLAS for a launch. It has columns where we have rows: what is a b here is b' a' there, the same
/// numbers without a transpose. `memory` is what places are offsets into; the result is cuBLAS's status.
namespace mlz::vm::cuda {

template <class T>
int call_gemm(void* handle, const GemmLaunch& l, T* memory, Cublas::Gemm<T> gemm, Cublas::GemmBatched<T> batched) {
  const int op_a = l.a_transposed ? Cublas::kTrans : Cublas::kNoTrans;
  const int op_b = l.b_transposed ? Cublas::kTrans : Cublas::kNoTrans;
  const T alpha = static_cast<T>(l.alpha), beta = static_cast<T>(l.beta);
  const T *a = memory + l.a.offset, *b = memory + l.b.offset;
  T* c = memory + l.c.offset;
  if (l.batch == 1) return gemm(handle, op_b, op_a, l.n, l.m, l.k, &alpha, b, l.ldb, a, l.lda, &beta, c, l.ldc);
  return batched(handle, op_b, op_a, l.n, l.m, l.k, &alpha, b, l.ldb, l.b.lane_step, a, l.lda, l.a.lane_step, &beta, c,
                 l.ldc, l.c.lane_step, l.batch);
}

/// A launch with factors in bf16, which are summed in f32.
inline int call_gemm_bf16(void* handle, const GemmLaunch& l, float* memory, Cublas::GemmEx gemm,
                          Cublas::GemmExBatched batched) {
  constexpr int in = Cublas::kBf16, out = Cublas::kFloat, sums = Cublas::kSumsInFloat, any = Cublas::kAnyAlgorithm;
  const int op_a = l.a_transposed ? Cublas::kTrans : Cublas::kNoTrans;
  const int op_b = l.b_transposed ? Cublas::kTrans : Cublas::kNoTrans;
  const auto alpha = static_cast<float>(l.alpha), beta = static_cast<float>(l.beta);
  const auto* factors = reinterpret_cast<const Bf16*>(memory);
  const Bf16 *a = factors + l.a.offset, *b = factors + l.b.offset;
  float* c = memory + l.c.offset;
  if (l.batch == 1) {
    return gemm(handle, op_b, op_a, l.n, l.m, l.k, &alpha, b, in, l.ldb, a, in, l.lda, &beta, c, out, l.ldc, sums, any);
  }
  return batched(handle, op_b, op_a, l.n, l.m, l.k, &alpha, b, in, l.ldb, l.b.lane_step, a, in, l.lda, l.a.lane_step,
                 &beta, c, out, l.ldc, l.c.lane_step, l.batch, sums, any);
}

template <class T>
int call_gemv(void* handle, const GemvLaunch& l, T* memory, Cublas::Gemv<T> gemv, Cublas::GemvBatched<T> batched) {
  const int op = l.down ? Cublas::kNoTrans : Cublas::kTrans;
  const T one = 1, zero = 0;
  const T *a = memory + l.a.offset, *x = memory + l.x.offset;
  T* to = memory + l.to.offset;
  if (l.batch == 1) return gemv(handle, op, l.cols, l.rows, &one, a, l.cols, x, 1, &zero, to, 1);
  return batched(handle, op, l.cols, l.rows, &one, a, l.cols, l.a.lane_step, x, 1, l.x.lane_step, &zero, to, 1,
                 l.to.lane_step, l.batch);
}

}  // namespace mlz::vm::cuda
