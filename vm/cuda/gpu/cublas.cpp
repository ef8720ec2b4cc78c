#include "vm/cuda/gpu/cublas.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <vector>

#include "vm/cuda/device.hpp"

namespace mlz::vm::cuda {
namespace {

std::vector<std::string> candidates() {
  if (const char* named = std::getenv("MLZ_CUBLAS")) return {named};
  return {"libcublas.so.13",
          "libcublas.so.12",
          "libcublas.so",
          "/usr/local/cuda/lib64/libcublas.so.13",
          "/usr/local/cuda/lib64/libcublas.so.12",
          "/usr/local/cuda/lib64/libcublas.so"};
}

void* open_library(std::string& file) {
  std::string problem;
  for (const std::string& name : candidates()) {
    file = name;
    if (void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    if (problem.empty()) problem = dlerror();
  }
  throw DeviceError("products need cuBLAS, which cannot be loaded: " + problem +
                    "; set MLZ_CUBLAS to its libcublas.so");
}

template <class F>
void find(void* library, const char* symbol, F& function) {
  function = reinterpret_cast<F>(dlsym(library, symbol));
  if (function == nullptr) throw DeviceError(std::string("this cuBLAS has no ") + symbol + "; version 12 or newer has");
}

Cublas load() {
  Cublas c;
  void* library = open_library(c.file);
  find(library, "cublasCreate_v2", c.create);
  find(library, "cublasDestroy_v2", c.destroy);
  find(library, "cublasSetStream_v2", c.set_stream);
  find(library, "cublasSetWorkspace_v2", c.set_workspace);
  find(library, "cublasSetMathMode", c.set_math);
  find(library, "cublasGetStatusString", c.status);
  find(library, "cublasSgemm_v2", c.sgemm);
  find(library, "cublasDgemm_v2", c.dgemm);
  find(library, "cublasSgemmStridedBatched", c.sgemm_batched);
  find(library, "cublasDgemmStridedBatched", c.dgemm_batched);
  find(library, "cublasGemmEx", c.gemm_ex);
  find(library, "cublasGemmStridedBatchedEx", c.gemm_ex_batched);
  find(library, "cublasSgemv_v2", c.sgemv);
  find(library, "cublasDgemv_v2", c.dgemv);
  find(library, "cublasSgemvStridedBatched", c.sgemv_batched);
  find(library, "cublasDgemvStridedBatched", c.dgemv_batched);
  return c;
}

}  // namespace

const Cublas& cublas() {
  static const Cublas found = load();
  return found;
}

}  // namespace mlz::vm::cuda
