#include "bench/native.hpp"

namespace mlz::bench {

// Defined by native_v2.cpp, _v3.cpp and _v4.cpp.
double native_f64_v2(Design design, const vm::TaskBatch& batch);
double native_f64_v3(Design design, const vm::TaskBatch& batch);
double native_f64_v4(Design design, const vm::TaskBatch& batch);
double native_f32_v2(Design design, const vm::TaskBatch& batch);
double native_f32_v3(Design design, const vm::TaskBatch& batch);
double native_f32_v4(Design design, const vm::TaskBatch& batch);

template <>
double native_fitness<double>(vm::Level level, Design design, const vm::TaskBatch& batch) {
  switch (level) {
    case vm::Level::v4: return native_f64_v4(design, batch);
    case vm::Level::v3: return native_f64_v3(design, batch);
    default: return native_f64_v2(design, batch);
  }
}

template <>
double native_fitness<float>(vm::Level level, Design design, const vm::TaskBatch& batch) {
  switch (level) {
    case vm::Level::v4: return native_f32_v4(design, batch);
    case vm::Level::v3: return native_f32_v3(design, batch);
    default: return native_f32_v2(design, batch);
  }
}

}  // namespace mlz::bench
