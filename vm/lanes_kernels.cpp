#include "vm/lanes_kernels.hpp"

namespace mlz::vm::lanes {

// Defined by lanes_kernels_v2.cpp, _v3.cpp and _v4.cpp.
extern const Kernels<double> kernels_f64_v2, kernels_f64_v3, kernels_f64_v4;
extern const Kernels<float> kernels_f32_v2, kernels_f32_v3, kernels_f32_v4;

template <>
const Kernels<double>& kernels<double>(Level level) {
  return level == Level::v4 ? kernels_f64_v4 : level == Level::v3 ? kernels_f64_v3 : kernels_f64_v2;
}

template <>
const Kernels<float>& kernels<float>(Level level) {
  return level == Level::v4 ? kernels_f32_v4 : level == Level::v3 ? kernels_f32_v3 : kernels_f32_v2;
}

}  // namespace mlz::vm::lanes
