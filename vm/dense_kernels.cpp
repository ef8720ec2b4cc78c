#include "vm/dense_kernels.hpp"

#include <string_view>

namespace mlz::vm::dense {

// Defined by dense_kernels_v2.cpp, _v3.cpp and _v4.cpp.
const Kernels<double>& kernels_f64_v2();
const Kernels<float>& kernels_f32_v2();
const Kernels<double>& kernels_f64_v3();
const Kernels<float>& kernels_f32_v3();
const Kernels<double>& kernels_f64_v4();
const Kernels<float>& kernels_f32_v4();

namespace {

/// The highest level of x86-64 that this processor has, 2 to 4. Level 2 is taken for granted.
int processor_level() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi2"))
    return 2;
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd");
  return v4 ? 4 : 3;
#else
  return 2;
#endif
}

int wanted_level(const char* level) {
  if (level == nullptr) return processor_level();
  const std::string_view name = level;
  const int wanted = name == "v4" ? 4 : name == "v3" ? 3 : 2;
  return wanted <= processor_level() ? wanted : 0;
}

}  // namespace

template <>
const Kernels<double>* kernels<double>(const char* level) {
  const int wanted = wanted_level(level);
  return wanted == 0   ? nullptr
         : wanted == 4 ? &kernels_f64_v4()
         : wanted == 3 ? &kernels_f64_v3()
                       : &kernels_f64_v2();
}

template <>
const Kernels<float>* kernels<float>(const char* level) {
  const int wanted = wanted_level(level);
  return wanted == 0   ? nullptr
         : wanted == 4 ? &kernels_f32_v4()
         : wanted == 3 ? &kernels_f32_v3()
                       : &kernels_f32_v2();
}

int row_op_arity(RowOp op) {
  if (op == kAddProduct || op == kSubProduct) return 3;
  if (op == kAddScaled || op == kSubScaled) return 4;
  return static_cast<int>(op_info(static_cast<OpId>(op)).operands.size());
}

std::string row_op_name(RowOp op) {
  switch (op) {
    case kAddProduct:
      return "add_product";
    case kSubProduct:
      return "subtract_product";
    case kAddScaled:
      return "add_scaled_product";
    case kSubScaled:
      return "subtract_scaled_product";
    default:
      return op_info(static_cast<OpId>(op)).name();
  }
}

}  // namespace mlz::vm::dense
