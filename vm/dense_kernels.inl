// The kernels of dense_kernels.hpp for one level of the processor. The including file defines
// MLZ_LEVEL (a name) and MLZ_VECTOR_BYTES, and is compiled with the options of that level.
//
// Reductions keep their P strided partials (vm/reduce.hpp) as the lanes of vectors of 64 bytes
// together, so that the written order is also the fast one. Reductions over columns keep P vectors,
// one for each partial of some columns. Short sums, which go from left to right, are made for
// several rows or columns at once.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "vm/dense_kernels.hpp"
#include "vm/reduce.hpp"

#include "vm/dense_vectors.inl"
#include "vm/dense_blocks.inl"
#include "vm/dense_folds.inl"
#include "vm/dense_dots.inl"
#include "vm/dense_rows.inl"

namespace mlz::vm::dense {
namespace {

template <class T>
Kernels<T> make() {
  return {block_table<T>(),
          {fold_row<Fold::sum, T>, fold_row<Fold::squares, T>, fold_row<Fold::largest, T>,
           fold_row<Fold::smallest, T>},
          {fold_columns<Fold::sum, T>, fold_columns<Fold::squares, T>,
           fold_columns<Fold::largest, T>, fold_columns<Fold::smallest, T>},
          matvec<T>,
          vecmat<T>,
          transpose<T>,
          softmax<T>,
          log_softmax<T>,
          layer_norm<T>};
}

}  // namespace

#define MLZ_JOIN_(a, b) a##b
#define MLZ_JOIN(a, b) MLZ_JOIN_(a, b)

const Kernels<double>& MLZ_JOIN(kernels_f64_, MLZ_LEVEL)() {
  static const Kernels<double> made = make<double>();
  return made;
}

const Kernels<float>& MLZ_JOIN(kernels_f32_, MLZ_LEVEL)() {
  static const Kernels<float> made = make<float>();
  return made;
}

}  // namespace mlz::vm::dense
