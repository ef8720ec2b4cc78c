#pragma once
#include <string>

namespace mlz::vm {

/// The few functions of CBLAS and LAPACK that are used; CBLAS row-major.
struct Blas {
  static constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112;
  using Gemv64 = void (*)(int, int, int, int, double, const double*, int, const double*, int,
                          double, double*, int);
  using Gemv32 = void (*)(int, int, int, int, float, const float*, int, const float*, int, float,
                          float*, int);
  using Gemm64 = void (*)(int, int, int, int, int, int, double, const double*, int, const double*,
                          int, double, double*, int);
  using Gemm32 = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                          float, float*, int);
  Gemv64 dgemv = nullptr;
  Gemv32 sgemv = nullptr;
  Gemm64 dgemm = nullptr;
  Gemm32 sgemm = nullptr;
  using Syev = void (*)(const char*, const char*, const int*, double*, const int*, double*, double*, const int*, int*);
  Syev dsyev = nullptr;  ///< LAPACK's dsyev_, by pointers; null where neither library nor a LAPACK beside it has it
  std::string name;  ///< library and the kernels it chose: "libopenblas.so.0 (SkylakeX)"
};

/// The BLAS of this machine, loaded and made single-threaded at the first call; null when there is
/// none, and products are then computed by the loops of the engines. Safe to call from any thread.
const Blas* blas();

}  // namespace mlz::vm
