#include "vm/dense_kernels.hpp"

namespace mlz::vm::dense {

// Defined by dense_kernels_v2.cpp, _v3.cpp and _v4.cpp.
const Kernels<double>& kernels_f64_v2();
const Kernels<float>& kernels_f32_v2();
const Kernels<double>& kernels_f64_v3();
const Kernels<float>& kernels_f32_v3();
const Kernels<double>& kernels_f64_v4();
const Kernels<float>& kernels_f32_v4();

template <>
const Kernels<double>& kernels<double>(Level level) {
  return level == Level::v4   ? kernels_f64_v4()
         : level == Level::v3 ? kernels_f64_v3()
                              : kernels_f64_v2();
}

template <>
const Kernels<float>& kernels<float>(Level level) {
  return level == Level::v4   ? kernels_f32_v4()
         : level == Level::v3 ? kernels_f32_v3()
                              : kernels_f32_v2();
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
