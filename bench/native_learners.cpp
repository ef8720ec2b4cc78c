#include "bench/native_learners.hpp"

namespace mlz::bench {

// Defined by native_learners_v2.cpp, _v3.cpp and _v4.cpp.
double native_vsml_v2(const vm::Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps);
double native_vsml_v3(const vm::Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps);
double native_vsml_v4(const vm::Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps);
double native_srwm_v2(const vm::Blas& blas, const SrwmStart& start, const Numbers& x, int steps);
double native_srwm_v3(const vm::Blas& blas, const SrwmStart& start, const Numbers& x, int steps);
double native_srwm_v4(const vm::Blas& blas, const SrwmStart& start, const Numbers& x, int steps);

double native_vsml(vm::Level level, const vm::Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps) {
  switch (level) {
    case vm::Level::v4: return native_vsml_v4(blas, start, x, label, steps);
    case vm::Level::v3: return native_vsml_v3(blas, start, x, label, steps);
    default: return native_vsml_v2(blas, start, x, label, steps);
  }
}

double native_srwm(vm::Level level, const vm::Blas& blas, const SrwmStart& start, const Numbers& x, int steps) {
  switch (level) {
    case vm::Level::v4: return native_srwm_v4(blas, start, x, steps);
    case vm::Level::v3: return native_srwm_v3(blas, start, x, steps);
    default: return native_srwm_v2(blas, start, x, steps);
  }
}

}  // namespace mlz::bench
