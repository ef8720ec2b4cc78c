#include "bench/native_mlp.hpp"

namespace mlz::bench {

// Defined by native_mlp_v2.cpp, _v3.cpp and _v4.cpp.
double native_mlp_v2(const vm::Blas& blas, const Images& images, int batch);
double native_mlp_v3(const vm::Blas& blas, const Images& images, int batch);
double native_mlp_v4(const vm::Blas& blas, const Images& images, int batch);

double native_mlp(vm::Level level, const vm::Blas& blas, const Images& images, int batch) {
  switch (level) {
    case vm::Level::v4: return native_mlp_v4(blas, images, batch);
    case vm::Level::v3: return native_mlp_v3(blas, images, batch);
    default: return native_mlp_v2(blas, images, batch);
  }
}

}  // namespace mlz::bench
