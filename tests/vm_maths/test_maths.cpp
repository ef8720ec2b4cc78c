#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "array_maths.hpp"
#include "lang/core/diagnostics.hpp"
#include "vm/levels.hpp"
#include "vm/maths.hpp"

using namespace mlz;
using namespace mlz::tests;

namespace {

template <class T>
struct Aligned {
  explicit Aligned(std::size_t n)
      : data(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64))) {}
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  ~Aligned() { std::free(data); }
  T* data;
};

/// Random numbers of the sizes programs compute with, of every exponent, and around the edges of
/// the functions.
template <class T>
std::vector<T> arguments(std::size_t n) {
  using limits = std::numeric_limits<T>;
  std::mt19937_64 random(12345);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<T> out;
  for (const double edge : {0.0,
                            0.5,
                            1.0,
                            2.0,
                            3.141592653589793,
                            1.5707963267948966,
                            0.4142135623730950,
                            22.0,
                            9.0,
                            88.7228,
                            103.97,
                            709.782712893384,
                            745.1332191019412,
                            708.396418532264,
                            1e300,
                            1.6e6,
                            3200.0,
                            0.9999999,
                            4503599627370496.0,
                            8388608.0}) {
    T up = static_cast<T>(edge), down = up;
    for (int i = 0; i < 40; ++i) {
      for (const T v : {up, down}) out.insert(out.end(), {v, -v});
      up = std::nextafter(up, limits::infinity());
      down = std::nextafter(down, -limits::infinity());
    }
  }
  for (const T v : {limits::infinity(), limits::quiet_NaN(), limits::min(), limits::denorm_min(),
                    limits::max()}) {
    out.insert(out.end(), {v, -v});
  }
  while (out.size() < n) {
    out.push_back(static_cast<T>(normal(random)));
    out.push_back(static_cast<T>(unit(random)));
    out.push_back(static_cast<T>(100 * normal(random)));
    out.push_back(static_cast<T>(1000 * unit(random)));
    std::uint64_t bits = random();
    T any;
    std::memcpy(&any, &bits, sizeof any);
    out.push_back(any);
  }
  out.resize(n);
  return out;
}

template <class T>
bool same(T a, T b) {
  return vm::to_bits(a) == vm::to_bits(b) || (std::isnan(a) && std::isnan(b));
}

/// Distance of `value` from the exact result, in units of the last place of a T of that size.
template <class T, class Exact>
double ulps(T value, Exact exact) {
  const T rounded = static_cast<T>(exact);
  if (same(value, rounded)) return 0;
  if (std::isnan(value) != std::isnan(rounded) || std::isinf(value) != std::isinf(rounded))
    return 1e9;
  const T size = std::fabs(rounded);
  const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::fabs(static_cast<Exact>(value) - exact) /
                             static_cast<Exact>(unit));
}

struct Worst {
  double error = 0, at = 0;
};
template <class T, class Exact, class F, class G>
Worst worst_error(const std::vector<T>& in, F f, G exact) {
  Worst out;
  for (const T a : in) {
    const double error = ulps<T, Exact>(f(a), exact(static_cast<Exact>(a)));
    if (error > out.error) out = {error, static_cast<double>(a)};
  }
  return out;
}

/// Bits of every function over `in` on one level, against the plain functions of this file.
template <class T>
void check_level(const LevelMaths<T>& level, const std::vector<T>& in) {
  Aligned<T> from(in.size()), to(in.size());
  std::copy(in.begin(), in.end(), from.data);
#define MLZ_CHECK(name)                                                       \
  for (const ArrayMaths<T>* maths : {&level.vectors, &level.numbers}) {       \
    maths->name(in.size(), from.data, to.data);                               \
    std::size_t wrong = 0;                                                    \
    for (std::size_t i = 0; i < in.size(); ++i) {                             \
      if (same(to.data[i], vm::name(in[i]))) continue;                        \
      if (wrong++ == 0) MESSAGE(#name, " of ", in[i], " gives ", to.data[i]); \
    }                                                                         \
    CHECK(wrong == 0);                                                        \
  }
  MLZ_FUNCTIONS(MLZ_CHECK)
#undef MLZ_CHECK
}

constexpr std::size_t kCount = 400'000;

}  // namespace

TEST_CASE("every level and vector width gives the bits of the plain functions") {
  const auto wide = arguments<double>(kCount);
  const auto narrow = arguments<float>(kCount);
  int levels = 0;
  for (const vm::Level level : vm::kLevels) {
    if (!vm::level_available(level)) {
      MESSAGE("skipped: this processor lacks level ", vm::level_name(level));
      continue;
    }
    CAPTURE(vm::level_name(level));
    check_level(level == vm::Level::v2 ? v2_f64 : level == vm::Level::v3 ? v3_f64 : v4_f64, wide);
    check_level(level == vm::Level::v2 ? v2_f32 : level == vm::Level::v3 ? v3_f32 : v4_f32, narrow);
    ++levels;
  }
  CHECK(levels > 0);
}

#define MLZ_ERROR(name, limit)                                                                   \
  {                                                                                              \
    const Worst d = worst_error<double, long double>(                                            \
        wide, [](double a) { return vm::name(a); }, [](long double a) { return std::name(a); }); \
    const Worst f = worst_error<float, double>(                                                  \
        narrow, [](float a) { return vm::name(a); }, [](double a) { return std::name(a); });     \
    INFO(#name, ": f64 ", d.error, " ulp at ", fmt::format("{:.17g}", d.at), ", f32 ", f.error,  \
         " ulp at ", fmt::format("{:.9g}", f.at));                                               \
    CHECK(d.error <= limit);                                                                     \
    CHECK(f.error <= limit);                                                                     \
  }

TEST_CASE("errors in units of the last place against the library in a wider type") {
  const auto wide = arguments<double>(kCount);
  const auto narrow = arguments<float>(kCount);
  MLZ_ERROR(exp, 1.0)
  MLZ_ERROR(log, 1.0)
  MLZ_ERROR(sin, 1.5)
  MLZ_ERROR(cos, 1.5)
  MLZ_ERROR(tan, 3.0)
  MLZ_ERROR(asin, 1.0)
  MLZ_ERROR(acos, 1.0)
  MLZ_ERROR(atan, 2.0)
  MLZ_ERROR(tanh, 3.0)
  MLZ_ERROR(sqrt, 0.5)
  MLZ_ERROR(floor, 0)
  MLZ_ERROR(abs, 0)
}

TEST_CASE("edges") {
  const double inf = std::numeric_limits<double>::infinity(),
               nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(vm::exp(-inf) == 0);
  CHECK(vm::exp(inf) == inf);
  CHECK(vm::exp(0.0) == 1);
  CHECK(vm::exp(709.782712893384) == std::exp(709.782712893384));
  CHECK(vm::exp(709.79) == inf);
  CHECK(vm::exp(-745.2) == 0);
  CHECK(vm::exp(-745.0) == std::numeric_limits<double>::denorm_min());
  CHECK(vm::log(0.0) == -inf);
  CHECK(vm::log(-0.0) == -inf);
  CHECK(std::isnan(vm::log(-1.0)));
  CHECK(std::isnan(vm::log(-inf)));
  CHECK(vm::log(inf) == inf);
  CHECK(vm::log(1.0) == 0);
  CHECK(std::isnan(vm::sin(inf)));
  CHECK(std::isnan(vm::cos(-inf)));
  CHECK(std::signbit(vm::sin(-0.0)));
  CHECK(std::signbit(vm::tan(-0.0)));
  CHECK(std::signbit(vm::tanh(-0.0)));
  CHECK(std::signbit(vm::floor(-0.0)));
  CHECK(std::isnan(vm::asin(1.0000001)));
  CHECK(std::isnan(vm::acos(-1.0000001)));
  CHECK(vm::acos(1.0) == 0);
  CHECK(vm::tanh(inf) == 1);
  CHECK(vm::tanh(-inf) == -1);
  CHECK(vm::atan(inf) == std::atan(inf));
  for (double (*f)(double) :
       {+[](double a) { return vm::exp(a); }, +[](double a) { return vm::log(a); },
        +[](double a) { return vm::sin(a); }, +[](double a) { return vm::tan(a); },
        +[](double a) { return vm::asin(a); }, +[](double a) { return vm::acos(a); },
        +[](double a) { return vm::atan(a); }, +[](double a) { return vm::tanh(a); },
        +[](double a) { return vm::floor(a); }}) {
    CHECK(std::isnan(f(nan)));
  }
}

TEST_CASE("arguments of sin, cos and tan at which reduction is hardest") {
  // The double closest to a multiple of pi/2, and others that need all bits of 2/pi.
  for (const double a :
       {0x1.6ac5b262ca1ffp+849, 0x1.fffffffffffffp+1023, 0x1.921fb54442d18p+0, 1e22,
        6381956970095103.0 * 0x1p797, 1647099.0 * 1.5707963267948966, 1.6e6}) {
    CAPTURE(a);
    CHECK(ulps<double, long double>(vm::fast_sin(a), std::sin(static_cast<long double>(a))) <= 1);
    CHECK(ulps<double, long double>(vm::fast_cos(a), std::cos(static_cast<long double>(a))) <= 1);
    CHECK(ulps<double, long double>(vm::fast_tan(a), std::tan(static_cast<long double>(a))) <= 3);
  }
}

TEST_CASE("kernel levels by name") {
  CHECK(vm::level_of("v2") == vm::Level::v2);
  CHECK_THROWS_WITH_AS(vm::level_of("avx2"),
                       "there is no kernel level `avx2`; levels are v2, v3 and v4", InputError);
  CHECK(vm::level_available(vm::kernel_level()));
}
