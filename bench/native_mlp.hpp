#pragma once
#include <cstdint>
#include <vector>

#include "vm/blas.hpp"
#include "vm/levels.hpp"

namespace mlz::bench {

/// Images with one class each, row by row.
struct Images {
  int pixels = 0, classes = 0;
  std::vector<float> x;
  std::vector<int> label;
};

/// mlp.mlz with its default settings written in C++ for the same BLAS: trains on the images once, in order, and gives the
/// share of predictions that were right before they were learnt from. Compiled for the levels of mlz's kernels. A last
/// batch that is not full is left out.
double native_mlp(vm::Level level, const vm::Blas& blas, const Images& images, int batch);

}  // namespace mlz::bench
