#pragma once
#include <vector>

#include "vm/blas.hpp"
#include "vm/levels.hpp"

namespace mlz::bench {

using Numbers = std::vector<float>;

/// What vsml.mlz with one layer begins with; its message in entry 1 is the prediction.
struct VsmlStart {
  int inputs = 0, outputs = 0, state = 16, message = 8, ticks = 2;
  Numbers W, b, Wf, bf;  ///< params, row by row
  Numbers c;             ///< cells of a newborn
};

/// What srwm.mlz with feedback 1 and four rates begins with: params in the order of its text, those of all layers and
/// heads one after the other.
struct SrwmStart {
  int layers = 0, heads = 0, head = 16, inputs = 0, outputs = 0, ff = 0;
  Numbers W0, Wo, sf, bf, W1, b1, W2, b2, Wi, bi, Wy, by;

  int width() const { return heads * head; }
};

/// The two learners written in C++ for the same BLAS, factored as the programs are, with mlz's own functions for vectors:
/// so many steps on one example from birth, and the sum of the last predictions. Compiled for the levels of mlz's kernels.
double native_vsml(vm::Level level, const vm::Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps);
double native_srwm(vm::Level level, const vm::Blas& blas, const SrwmStart& start, const Numbers& x, int steps);

}  // namespace mlz::bench
