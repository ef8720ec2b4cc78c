#include "vm/blas.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <optional>

// Why the library is loaded at run time and not linked. OpenBLAS chooses its kernels in a
// constructor that runs when the library is loaded. It gives processors newer than itself, and some
// with AVX-512 that it does know, its Haswell kernels (0.3.21 does so on Zen 4); only
// OPENBLAS_CORETYPE, read at that moment, changes this. A program that links OpenBLAS is therefore
// too late by the time main runs, and would have to start itself anew. Loading it for the first
// program with a product that is large enough is in time, and spares all others 3 to 25 ms of
// start-up and a pool of threads. What the user sets in the environment stays.
//
// Measured on a Zen 5 processor, one thread, Haswell against SkylakeX kernels:
//   sgemm 64^3 4.6 / 2.1 us, 128^3 35 / 20 us, 512^3 2.12 / 1.14 ms (126 / 235 GFLOP/s)
//   dgemm 64^3 9.8 / 4.2 us, 128^3 76 / 48 us, 512^3 4.46 / 2.88 ms (60 / 93 GFLOP/s)
//   sgemv 128 x 784 3.5 / 3.5 us, dgemv 7.8 / 8.0 us: limited by memory, no difference
namespace mlz::vm {
namespace {

/// Sets what OpenBLAS reads while it is being loaded. Values that the user set stay.
void prepare_environment() {
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
  }
#endif
}

template <class F>
bool find(void* library, const char* symbol, F& function) {
  function = reinterpret_cast<F>(dlsym(library, symbol));
  return function != nullptr;
}

void make_single_threaded(void* library) {
  void (*set_threads)(int) = nullptr;
  if (find(library, "openblas_set_num_threads", set_threads)) set_threads(1);
}

std::optional<Blas> load(const char* file) {
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {};
  Blas found;
  if (!find(library, "cblas_dgemv", found.dgemv) || !find(library, "cblas_sgemv", found.sgemv) ||
      !find(library, "cblas_dgemm", found.dgemm) || !find(library, "cblas_sgemm", found.sgemm)) {
    dlclose(library);
    return {};
  }
  make_single_threaded(library);
  found.name = file;
  if (!find(library, "dsyev_", found.dsyev)) {
    if (void* lapack = dlopen("liblapack.so.3", RTLD_NOW | RTLD_LOCAL)) find(lapack, "dsyev_", found.dsyev);
  }
  char* (*core_name)() = nullptr;
  if (find(library, "openblas_get_corename", core_name))
    found.name += " (" + std::string(core_name()) + ")";
  return found;
}

std::optional<Blas> load_any() {
  prepare_environment();
  for (const char* file : {"libopenblas.so.0", "libopenblas.so", "libcblas.so.3", "libblas.so.3"}) {
    if (auto found = load(file)) return found;
  }
  return {};
}

}  // namespace

const Blas* blas() {
  static const std::optional<Blas> found = load_any();
  return found ? &*found : nullptr;
}

}  // namespace mlz::vm
