#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "vm/reduce.hpp"

using namespace mlz;
using namespace mlz::vm;

namespace {

double plain_sum(const std::vector<double>& a) {
  double total = 0;
  for (double v : a) total += v;
  return total;
}

/// The written order, spelled out without a loop over widths.
double ordered_sum(const std::vector<double>& a) {
  if (a.size() <= 64) return plain_sum(a);
  double p[8] = {};
  for (std::size_t i = 0; i < a.size(); ++i) p[i % 8] += a[i];
  const double q[4] = {p[0] + p[4], p[1] + p[5], p[2] + p[6], p[3] + p[7]};
  const double r[2] = {q[0] + q[2], q[1] + q[3]};
  return r[0] + r[1];
}

std::vector<double> awkward(std::size_t n) {
  std::vector<double> a(n);
  for (std::size_t i = 0; i < n; ++i)
    a[i] = std::sin(static_cast<double>(i)) * std::pow(10.0, static_cast<double>(i % 17) - 8);
  return a;
}

}  // namespace

TEST_CASE("sums follow the written order") {
  int different = 0;
  for (std::size_t n : {1, 2, 7, 8, 9, 16, 63, 64, 65, 66, 72, 100, 1000}) {
    const std::vector<double> a = awkward(n);
    const double got = vm::sum<double>(static_cast<std::int64_t>(n), [&](std::int64_t i) {
      return a[static_cast<std::size_t>(i)];
    });
    CHECK(got == ordered_sum(a));
    different += got != plain_sum(a);
  }
  CHECK(different > 0);
}

TEST_CASE("long sums have sixteen partials in f32") {
  std::vector<float> a(80, 0.0f);
  const auto total = [&] {
    return vm::sum<float>(80, [&](std::int64_t i) { return a[static_cast<std::size_t>(i)]; });
  };
  // Partial 0 takes 1e8 + 1 - 1e8, which is 0 in f32; partial 8 holds 1.
  a[0] = 1e8f, a[16] = 1.0f, a[32] = -1e8f, a[8] = 1.0f;
  CHECK(total() == 1.0f);
  a[16] = 0.0f, a[9] = 1.0f;
  CHECK(total() == 2.0f);
}

TEST_CASE("sums of sixteen terms have partials in f32, those of fifteen go from left to right") {
  const auto total = [](std::int64_t n) {
    std::vector<float> a(20, 0.0f);
    a[0] = 1e8f, a[1] = 1.0f, a[8] = -1e8f;  // partials 0 and 8 are joined before 1 is added
    return vm::sum<float>(n, [&](std::int64_t i) { return a[static_cast<std::size_t>(i)]; });
  };
  CHECK(total(15) == 0.0f);
  CHECK(total(16) == 1.0f);
}

TEST_CASE("long sums of a known number of terms are the same, down to the sign of zero") {
  const auto compare = [](auto count, auto number) {
    using T = decltype(number);
    constexpr int n = decltype(count)::value;
    for (double scale : {1.0, -0.0}) {
      const auto term = [=](std::int64_t i) {
        return static_cast<T>(scale * std::abs(std::sin(static_cast<double>(i) + 1)));
      };
      const T known = long_sum_of<T, n>(term), any = vm::sum<T>(n, term);
      CHECK(to_bits(known) == to_bits(any));
    }
  };
  compare(std::integral_constant<int, 16>{}, 0.0f);
  compare(std::integral_constant<int, 37>{}, 0.0f);
  compare(std::integral_constant<int, 70>{}, 0.0f);
  compare(std::integral_constant<int, 70>{}, 0.0);
}

TEST_CASE("maxima keep NaN and infinities") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  const auto over = [](std::vector<double> a) {
    return [a](std::int64_t i) { return a[static_cast<std::size_t>(i)]; };
  };
  CHECK(largest<double>(3, over({1, 5, 2})) == 5);
  CHECK(smallest<double>(3, over({1, 5, -2})) == -2);
  CHECK(largest<double>(2, over({-inf, -inf})) == -inf);
  CHECK(smallest<double>(2, over({inf, inf})) == inf);
  for (std::size_t place = 0; place < 20; ++place) {
    std::vector<double> a(20, 1.0);
    a[place] = nan;
    CHECK(std::isnan(largest<double>(20, over(a))));
    CHECK(std::isnan(smallest<double>(20, over(a))));
  }
  CHECK(index_of_largest<double>(4, over({nan, 3, 7, 7})) == 2);
  CHECK(index_of_largest<double>(2, over({nan, nan})) == 0);
  CHECK(index_of_largest<double>(2, over({nan, -inf})) == 1);
}

TEST_CASE("deviation is not clamped") {
  std::vector<double> a(8, 1000.0);
  int nans = 0;
  for (int k = 0; k < 200; ++k) {
    for (std::size_t i = 0; i < 8; ++i)
      a[i] = 1000 + 1e-9 * std::sin(static_cast<double>(k) * 8 + static_cast<double>(i));
    nans += std::isnan(
        deviation<double>(8, [&](std::int64_t i) { return a[static_cast<std::size_t>(i)]; }));
  }
  CHECK(nans > 10);
  CHECK(nans < 190);
}

TEST_CASE("rows of softmax and layer norm") {
  std::vector<double> a{1000, 1001, 1002};
  softmax_row<double>(3, a.data(), a.data());
  CHECK(a[0] + a[1] + a[2] == doctest::Approx(1));
  CHECK(a[2] / a[1] == doctest::Approx(std::exp(1.0)));
  std::vector<double> b{-1e4, 0, 1};
  log_softmax_row<double>(3, b.data(), b.data());
  CHECK(b[0] == doctest::Approx(-1e4 - 1.3132616875));
  std::vector<double> c{1, 2, 3, 4};
  layer_norm_row<double>(4, c.data(), c.data(), 0.0);
  CHECK(c[3] == doctest::Approx(1.5 / std::sqrt(1.25)));
}

TEST_CASE("elementwise ops of the table compute in both number types") {
  int count = 0;
  for (const OpInfo& op : op_table()) {
    const bool visited = visit_elementwise(op.id, [&](auto tag) {
      const double wide = vm::apply<decltype(tag)::id, double>(0.5, 0.25, 0.75);
      const float narrow = vm::apply<decltype(tag)::id, float>(0.5f, 0.25f, 0.75f);
      CHECK(wide == doctest::Approx(static_cast<double>(narrow)).epsilon(1e-5));
    });
    CHECK(visited == op.has(kElementwise));
    count += visited;
  }
  CHECK(count > 30);
}
