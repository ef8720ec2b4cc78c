#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "evolve/outer/gradient_descent.hpp"

using namespace mlz::outer;
using Form = Schedule::Form;

namespace {

Vector slope(const Vector& x) {
  Vector g;
  for (std::size_t i = 0; i < x.size(); ++i) g.push_back(2 * (x[i] - 1) * static_cast<double>(i + 1));
  return g;
}

}  // namespace

TEST_CASE("learning rates rise in a straight line and then follow their form") {
  CHECK(rate_at({Form::constant, 0.5}, 1) == 0.5);
  CHECK(rate_at({Form::constant, 0.5, 4}, 1) == 0.125);
  CHECK(rate_at({Form::constant, 0.5, 4}, 4) == 0.5);
  CHECK(rate_at({Form::constant, 0.5, 4}, 1000) == 0.5);
  // D^-0.5 min(s^-0.5, s 5000^-1.5) with D = 256.
  const Schedule root{Form::inverse_sqrt, 1 / std::sqrt(256.0 * 5000), 5000};
  for (const std::int64_t update : {1, 100, 5000, 20000}) {
    const auto s = static_cast<double>(update);
    CHECK(rate_at(root, update) == doctest::Approx(std::min(std::pow(s, -0.5), s * std::pow(5000, -1.5)) / 16));
  }
  const Schedule wave{Form::cosine, 2, 10, 30};
  CHECK(rate_at(wave, 5) == 1);
  CHECK(rate_at(wave, 10) == 2);
  CHECK(rate_at(wave, 20) == doctest::Approx(1));
  CHECK(rate_at(wave, 30) == doctest::Approx(0));
  CHECK(rate_at(wave, 300) == doctest::Approx(0));
  CHECK(rate_at({Form::cosine, 2, 0, 4}, 2) == doctest::Approx(1));
}

TEST_CASE("a long gradient is shortened, a short one stays") {
  Vector g{3, -4};
  CHECK(clip_norm(g, 0) == 5);
  CHECK(clip_norm(g, 5) == 5);
  CHECK(g == Vector{3, -4});
  CHECK(clip_norm(g, 0.5) == 5);
  CHECK(g[0] == doctest::Approx(0.3));
  CHECK(g[1] == doctest::Approx(-0.4));
}

TEST_CASE("gradient descent finds the bottom, and goes on from what it saved as if nothing had happened") {
  const DescentOptions options{{}, {Form::cosine, 0.1, 10, 400}, 1.0};
  GradientDescent a(Vector(4, 0.0), options), b = a;
  for (int s = 0; s < 100; ++s) a.step(slope(a.mean()));
  b.restore(a.saved());
  for (int s = 0; s < 300; ++s) {
    a.step(slope(a.mean()));
    b.step(slope(b.mean()));
  }
  CHECK(a.mean() == b.mean());
  CHECK(a.saved().parts == b.saved().parts);
  CHECK(a.generation() == 400);
  for (const double x : a.mean()) CHECK(x == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("the step of an update has the rate of its schedule") {
  GradientDescent loop(Vector(1, 0.0), {{}, {Form::constant, 0.1, 2}, 0});
  const DescentStep first = loop.step({7});
  CHECK(first.norm == 7);
  CHECK(first.rate == 0.05);
  CHECK(loop.mean()[0] == doctest::Approx(-0.05));
}

TEST_CASE("a gradient that is no number is left out") {
  GradientDescent loop(Vector(2, 1.0), {{}, {Form::constant, 0.1}, 1});
  const LoopState before = loop.saved();
  CHECK(std::isnan(loop.step({1, std::numeric_limits<double>::quiet_NaN()}).norm));
  CHECK(loop.saved().parts == before.parts);
  CHECK(loop.generation() == 1);
  CHECK_THROWS_AS(loop.step({1}), std::invalid_argument);
  CHECK_THROWS_AS(loop.tell(Vector{1}), std::logic_error);
}
