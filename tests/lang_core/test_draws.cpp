#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include "lang/core/draws.hpp"

using namespace mlz;

TEST_CASE("the normal quantile inverts the distribution function") {
  for (double z : {-8.0, -5.5, -3.0, -1.0, -0.2, 0.0, 0.3, 1.7, 4.0}) {
    const double p = 0.5 * std::erfc(-z / std::sqrt(2.0));
    CHECK(normal_quantile(p) == doctest::Approx(z).epsilon(1e-12));
  }
  CHECK(0.5 * std::erfc(2 / std::sqrt(2.0)) == doctest::Approx(kTruncationTail).epsilon(1e-15));
}

TEST_CASE("uniform draws lie inside the open interval and have the right moments") {
  std::vector<double> u(100'000);
  draw_uniform({42, kLifetimeStream, 0, 0, 0}, 0, 1, u);
  double sum = 0, squares = 0;
  for (double x : u) {
    REQUIRE(x > 0);
    REQUIRE(x < 1);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / 1e5;
  CHECK(mean == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares / 1e5 - mean * mean == doctest::Approx(1.0 / 12).epsilon(0.02));
}

TEST_CASE("normal and truncated draws have the right moments") {
  std::vector<double> z(100'000);
  draw_normal({1, kLifetimeStream, 0, 0, 0}, 2, 3, z);
  double sum = 0, squares = 0;
  for (double x : z) sum += x, squares += x * x;
  CHECK(sum / 1e5 == doctest::Approx(2).epsilon(0.02));
  CHECK(std::sqrt(squares / 1e5 - sum * sum / 1e10) == doctest::Approx(3).epsilon(0.02));
  draw_truncated_normal({1, kLifetimeStream, 0, 0, 0}, 0, 1, z);
  squares = 0;
  for (double x : z) {
    REQUIRE(std::fabs(x) <= 2);
    squares += x * x;
  }
  CHECK(std::sqrt(squares / 1e5) == doctest::Approx(0.88).epsilon(0.01));
}

TEST_CASE("every field of the key changes the draw, the length of the draw does not") {
  const DrawKey base{1, 0, 0, 0, 0};
  std::vector<DrawKey> keys(7, base);
  keys[1].seed = 2;
  keys[2].stream = 1;
  keys[3].lifetime = 1;
  keys[4].sampler = 1;
  keys[5].run = 1;
  keys[6].run = std::uint64_t{1} << 32;
  std::set<double> firsts;
  for (const DrawKey& key : keys) firsts.insert(uniform01(key, 0));
  CHECK(firsts.size() == keys.size());
  std::vector<double> few(3), many(10);
  draw_uniform(base, 0, 1, few);
  draw_uniform(base, 0, 1, many);
  for (std::size_t i = 0; i < few.size(); ++i) {
    CHECK(few[i] == many[i]);
    CHECK(few[i] == uniform01(base, i));
  }
}

TEST_CASE("reversed bounds give the lower one") {
  std::vector<double> u(4);
  draw_uniform({}, 1, -1, u);
  for (double x : u) CHECK(x == 1);
}

TEST_CASE("a shuffle is a permutation that depends on its key") {
  std::vector<std::uint32_t> a(1000), b(1000);
  DrawSequence first(DrawKey{1, kTaskStream, 0, 0, 0}), second(DrawKey{2, kTaskStream, 0, 0, 0});
  shuffle(first, a);
  shuffle(second, b);
  CHECK(std::set<std::uint32_t>(a.begin(), a.end()).size() == 1000);
  CHECK(a != b);
}
