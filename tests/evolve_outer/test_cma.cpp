#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "evolve/outer/cma.hpp"

using namespace mlz::outer;

namespace {

/// A valley a thousand times as long as wide, turned against the axes.
double valley(const Vector& x) {
  const double along = x[0] + x[1] - 2, across = x[0] - x[1];
  double sum = along * along + 1e6 * across * across;
  for (std::size_t i = 2; i < x.size(); ++i) sum += x[i] * x[i];
  return sum;
}

Vector losses_of(const std::vector<Vector>& candidates) {
  Vector losses;
  for (const Vector& x : candidates) losses.push_back(valley(x));
  return losses;
}

}  // namespace

TEST_CASE("CMA-ES finds the bottom of a narrow valley") {
  Cma cma(Vector(5, 0.5), {.candidates = 12, .sigma = 0.5, .seed = 3});
  for (int g = 0; g < 400; ++g) cma.tell(losses_of(cma.ask()));
  CHECK(valley(cma.mean()) < 1e-10);
  CHECK(cma.generation() == 400);
}

TEST_CASE("candidates are a pure function of seed and state") {
  Cma a(Vector(3, 0.0), {.candidates = 6, .seed = 5});
  CHECK(a.ask() == a.ask());
  CHECK(a.ask() != Cma(Vector(3, 0.0), {.candidates = 6, .seed = 6}).ask());
  a.tell(losses_of(a.ask()));
  const Cma b(a.state(), {.candidates = 6, .seed = 5});
  CHECK(a.ask() == b.ask());
}

TEST_CASE("a loss that is no number is the worst") {
  Cma a(Vector(3, 0.0), {.candidates = 6, .seed = 5}), b = a;
  Vector losses = losses_of(a.ask());
  losses[2] = std::numeric_limits<double>::quiet_NaN();
  a.tell(losses);
  losses[2] = 1e300;
  b.tell(losses);
  CHECK(a.mean() == b.mean());
}

TEST_CASE("parts that differ in size are refused") {
  CHECK_THROWS_AS(Cma(Vector{}, {}), std::invalid_argument);
  CHECK_THROWS_AS(Cma(Vector(3, 0.0), {.candidates = 3}), std::invalid_argument);
  CHECK_THROWS_AS(Cma(CmaState{{1, 2}, 1, {1}, {0, 0}, {0, 0}, 0}, {}), std::invalid_argument);
  Cma cma(Vector(2, 0.0), {.candidates = 4});
  CHECK_THROWS_AS(cma.tell(Vector(3, 0.0)), std::invalid_argument);
  CHECK_THROWS_AS(cma.tell({{1, 2}, {1, 2}, {1, 2}, {1}}, Vector(4, 0.0)), std::invalid_argument);
}
