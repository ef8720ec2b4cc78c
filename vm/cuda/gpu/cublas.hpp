#pragma once
#include <cstddef>
#include <string>

namespace mlz::vm::cuda {

/// The few functions of cuBLAS that are used, found at run time: neither its headers nor the library are needed to
/// build, and a program without products starts without it. Handles and streams are void*, enumerations int.
struct Cublas {
  static constexpr int kSuccess = 0, kNoTrans = 0, kTrans = 1, kDefaultMath = 0, kTf32Math = 3;
  static constexpr int kFloat = 0, kBf16 = 14, kSumsInFloat = 68, kAnyAlgorithm = -1;

  template <class T>
  using Gemm = int (*)(void*, int, int, int, int, int, const T*, const T*, int, const T*, int, const T*, T*, int);
  template <class T>
  using GemmBatched = int (*)(void*, int, int, int, int, int, const T*, const T*, int, long long, const T*, int,
                              long long, const T*, T*, int, long long, int);
  template <class T>
  using Gemv = int (*)(void*, int, int, int, const T*, const T*, int, const T*, int, const T*, T*, int);
  template <class T>
  using GemvBatched = int (*)(void*, int, int, int, const T*, const T*, int, long long, const T*, int, long long,
                              const T*, T*, int, long long, int);
  /// With the number types of a, b and c, that of the sums, and the algorithm.
  using GemmEx = int (*)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
                         const void*, void*, int, int, int, int);
  using GemmExBatched = int (*)(void*, int, int, int, int, int, const void*, const void*, int, int, long long,
                                const void*, int, int, long long, const void*, void*, int, int, long long, int, int,
                                int);

  int (*create)(void**) = nullptr;
  int (*destroy)(void*) = nullptr;
  int (*set_stream)(void*, void*) = nullptr;
  int (*set_workspace)(void*, void*, std::size_t) = nullptr;
  int (*set_math)(void*, int) = nullptr;
  const char* (*status)(int) = nullptr;
  Gemm<float> sgemm = nullptr;
  Gemm<double> dgemm = nullptr;
  GemmBatched<float> sgemm_batched = nullptr;
  GemmBatched<double> dgemm_batched = nullptr;
  GemmEx gemm_ex = nullptr;
  GemmExBatched gemm_ex_batched = nullptr;
  Gemv<float> sgemv = nullptr;
  Gemv<double> dgemv = nullptr;
  GemvBatched<float> sgemv_batched = nullptr;
  GemvBatched<double> dgemv_batched = nullptr;
  std::string file;
};

/// The library, loaded at the first call: $MLZ_CUBLAS, or libcublas.so of version 13 or 12 where the system looks or in
/// /usr/local/cuda. Throws DeviceError where there is none.
const Cublas& cublas();

}  // namespace mlz::vm::cuda
