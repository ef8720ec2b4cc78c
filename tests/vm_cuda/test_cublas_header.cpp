#if __has_include(<cublas_v2.h>)
#include <cublas_v2.h>

#include <type_traits>

#include "vm/cuda/gpu/cublas.hpp"

// The declarations of vm/cuda/gpu/cublas.hpp are those of the header of cuBLAS, with handles and streams as void* and
// enumerations as int.

namespace {

using mlz::vm::cuda::Cublas;

template <class T>
struct Plain {
  using type = std::conditional_t<std::is_enum_v<T>, int, T>;
};
template <>
struct Plain<cublasHandle_t> {
  using type = void*;
};
template <>
struct Plain<cublasHandle_t*> {
  using type = void**;
};
template <>
struct Plain<cudaStream_t> {
  using type = void*;
};

template <class F>
struct PlainFunction;
template <class R, class... Args>
struct PlainFunction<R (*)(Args...)> {
  using type = typename Plain<R>::type (*)(typename Plain<Args>::type...);
};

// The header has these twice, for older kinds of sums.
using GemmEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*,
                                  const void*, cudaDataType, int, const void*, cudaDataType, int, const void*, void*,
                                  cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t);
using GemmExBatched = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                                         const void*, const void*, cudaDataType, int, long long, const void*,
                                         cudaDataType, int, long long, const void*, void*, cudaDataType, int, long long,
                                         int, cublasComputeType_t, cublasGemmAlgo_t);

template <class Ours, class Theirs>
constexpr bool equal = std::is_same_v<Ours, typename PlainFunction<Theirs>::type>;

static_assert(equal<decltype(Cublas::create), decltype(&cublasCreate_v2)>);
static_assert(equal<decltype(Cublas::destroy), decltype(&cublasDestroy_v2)>);
static_assert(equal<decltype(Cublas::set_stream), decltype(&cublasSetStream_v2)>);
static_assert(equal<decltype(Cublas::set_workspace), decltype(&cublasSetWorkspace_v2)>);
static_assert(equal<decltype(Cublas::set_math), decltype(&cublasSetMathMode)>);
static_assert(equal<decltype(Cublas::status), decltype(&cublasGetStatusString)>);
static_assert(equal<decltype(Cublas::sgemm), decltype(&cublasSgemm_v2)>);
static_assert(equal<decltype(Cublas::dgemm), decltype(&cublasDgemm_v2)>);
static_assert(equal<decltype(Cublas::sgemm_batched), decltype(&cublasSgemmStridedBatched)>);
static_assert(equal<decltype(Cublas::dgemm_batched), decltype(&cublasDgemmStridedBatched)>);
static_assert(equal<decltype(Cublas::gemm_ex), decltype(static_cast<GemmEx>(&cublasGemmEx))>);
static_assert(
    equal<decltype(Cublas::gemm_ex_batched), decltype(static_cast<GemmExBatched>(&cublasGemmStridedBatchedEx))>);
static_assert(equal<decltype(Cublas::sgemv), decltype(&cublasSgemv_v2)>);
static_assert(equal<decltype(Cublas::dgemv), decltype(&cublasDgemv_v2)>);
static_assert(equal<decltype(Cublas::sgemv_batched), decltype(&cublasSgemvStridedBatched)>);
static_assert(equal<decltype(Cublas::dgemv_batched), decltype(&cublasDgemvStridedBatched)>);
static_assert(Cublas::kSuccess == CUBLAS_STATUS_SUCCESS && Cublas::kNoTrans == CUBLAS_OP_N &&
              Cublas::kTrans == CUBLAS_OP_T && Cublas::kDefaultMath == CUBLAS_DEFAULT_MATH &&
              Cublas::kTf32Math == CUBLAS_TF32_TENSOR_OP_MATH);
static_assert(Cublas::kFloat == CUDA_R_32F && Cublas::kBf16 == CUDA_R_16BF &&
              Cublas::kSumsInFloat == CUBLAS_COMPUTE_32F && Cublas::kAnyAlgorithm == CUBLAS_GEMM_DEFAULT);

}  // namespace
#endif
