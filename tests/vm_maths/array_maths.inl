#include "array_maths.hpp"
#include "vm/maths.hpp"

namespace mlz::tests {
namespace {

#define MLZ_DEFINE(name)                                                        \
  template <class V>                                                            \
  void array_##name(std::size_t n, const vm::Entry<V>* in, vm::Entry<V>* out) { \
    for (std::size_t i = 0; i < n; i += vm::Number<V>::count) {                 \
      V x;                                                                      \
      __builtin_memcpy(&x, in + i, sizeof x);                                   \
      x = vm::name(x);                                                          \
      __builtin_memcpy(out + i, &x, sizeof x);                                  \
    }                                                                           \
  }
MLZ_FUNCTIONS(MLZ_DEFINE)

template <class T, class V>
constexpr ArrayMaths<T> table() {
#define MLZ_ENTRY(name) &array_##name<V>,
  return {MLZ_FUNCTIONS(MLZ_ENTRY)};
}

}  // namespace

#define MLZ_NAME2(a, b) a##_##b
#define MLZ_NAME(a, b) MLZ_NAME2(a, b)
const LevelMaths<double> MLZ_NAME(MLZ_LEVEL, f64){
    table<double, vm::VectorOf<double, MLZ_VECTOR_BYTES>::type>(), table<double, double>()};
const LevelMaths<float> MLZ_NAME(MLZ_LEVEL, f32){
    table<float, vm::VectorOf<float, MLZ_VECTOR_BYTES>::type>(), table<float, float>()};

}  // namespace mlz::tests
