#pragma once
#include <map>
#include <string>
#include <vector>

#include "vm/machine.hpp"

namespace mlz::bench {

/// A learner at one size.
struct GpuCase {
  std::string group, name;
  std::string program;                        ///< file, or the text itself where it has lines
  std::map<std::string, std::string> set;     ///< as --set
  std::map<std::string, std::int64_t> sizes;  ///< features, outputs
  int lanes = 1;
  vm::Factors factors = vm::Factors::full;
  std::int64_t square = 0;  ///< a product of so many rows and columns, to compare with cuBLAS alone; 0: another learner
  bool slow_on_cpu = false;  ///< not run on the processor
};
/// All of them; `quick`: the smallest of each group.
std::vector<GpuCase> gpu_cases(bool quick);

/// Compiled and bound, predictions observed. Throws InputError.
vm::BoundProgram bound_case(const GpuCase& c);

/// Milliseconds of one product of two square f32 matrices by cuBLAS, called in a loop; `bf16`: of factors that are
/// stored so, without rounding them.
double bare_product_ms(std::int64_t n, vm::Factors factors);

}  // namespace mlz::bench
