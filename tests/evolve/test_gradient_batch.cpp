#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "evolve/gradient_batch.hpp"

using namespace mlz;
using namespace mlz::evolve;

namespace {

/// The gradient of (x - index)^2 / 3, whose rounding shows the order of sums.
outer::BatchGradient parabola(std::span<const double> x, std::uint64_t seed, std::uint32_t first, int count) {
  outer::BatchGradient mean{0, 0, outer::Vector(x.size(), 0.0), 10 * count};
  for (int k = 0; k < count; ++k) {
    const double centre = static_cast<double>(first) + k + 0.1 * static_cast<double>(seed);
    for (std::size_t i = 0; i < x.size(); ++i) {
      mean.gradient[i] += 2 * (x[i] - centre) / 3 / count;
      mean.loss += (x[i] - centre) * (x[i] - centre) / 3 / count;
    }
    mean.score += centre / count;
  }
  return mean;
}

bool always(std::size_t, int) { return true; }

}  // namespace

TEST_CASE("the mean gradient is over all lifetimes, and does not depend on threads") {
  const outer::Vector x{0.3, -7.1, 100};
  Workers one(1), three(3);
  for (const std::int64_t part : {1, 4, 7, 100}) {
    const GradientWork work{3, 23, part};
    const auto mean = mean_gradient(parabola, x, work, one, always);
    const auto again = mean_gradient(parabola, x, work, three, always);
    REQUIRE((mean && again));
    CHECK(mean->gradient == again->gradient);
    CHECK(mean->loss == again->loss);
    CHECK(mean->steps == 230);
    const auto whole = parabola(x, 3, 0, 23);
    CHECK(mean->loss == doctest::Approx(whole.loss));
    CHECK(mean->score == doctest::Approx(whole.score));
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(mean->gradient[i] == doctest::Approx(whole.gradient[i]));
  }
}

TEST_CASE("a part without gradient makes the mean no number, and what is stopped has none") {
  const outer::Vector x{1, 2};
  Workers workers(2);
  const auto holed = [](std::span<const double> at, std::uint64_t seed, std::uint32_t first, int count) {
    if (first != 4) return parabola(at, seed, first, count);
    return outer::BatchGradient{std::numeric_limits<double>::quiet_NaN(), 0, {}, 0};
  };
  const auto mean = mean_gradient(holed, x, {1, 10, 2}, workers, always);
  REQUIRE(mean);
  CHECK(std::isnan(mean->loss));
  for (const double g : mean->gradient) CHECK(std::isnan(g));
  CHECK_FALSE(mean_gradient(parabola, x, {1, 10, 2}, workers, [](std::size_t begun, int) { return begun < 4; }));
}
