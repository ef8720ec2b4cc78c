#pragma once
#include <array>
#include <cstddef>

/// The functions of vm/maths.hpp over arrays, in the vector width of a kernel level and one number
/// at a time.
namespace mlz::tests {

#define MLZ_FUNCTIONS(X) \
  X(exp) X(log) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(tanh) X(sqrt) X(floor) X(abs)

template <class T>
using ArrayFunction = void (*)(std::size_t n, const T* in, T* out);
template <class T>
struct ArrayMaths {
#define MLZ_MEMBER(name) ArrayFunction<T> name;
  MLZ_FUNCTIONS(MLZ_MEMBER)
#undef MLZ_MEMBER
};

/// `n` is a multiple of 16 and `in`, `out` are aligned to 64 bytes.
template <class T>
struct LevelMaths {
  ArrayMaths<T> vectors, numbers;
};
extern const LevelMaths<double> v2_f64, v3_f64, v4_f64;
extern const LevelMaths<float> v2_f32, v3_f32, v4_f32;

}  // namespace mlz::tests
