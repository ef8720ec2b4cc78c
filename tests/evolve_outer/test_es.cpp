#include <doctest/doctest.h>

#include <stdexcept>

#include "evolve/outer/es.hpp"

using namespace mlz::outer;

namespace {

double bowl(const Vector& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += (x[i] - 1) * (x[i] - 1) * static_cast<double>(i + 1);
  return sum;
}

void advance(OuterLoop& loop) {
  Vector losses;
  for (const Vector& x : loop.ask()) losses.push_back(bowl(x));
  loop.tell(losses);
}

}  // namespace

TEST_CASE("candidates come in pairs around theta, the same until they are told") {
  const Vector theta{1, 2, 3};
  EvolutionStrategy es(theta, {.pairs = 3, .sigma = 0.1, .seed = 7});
  const auto asked = es.ask();
  REQUIRE(asked.size() == 6);
  CHECK(asked == es.ask());
  for (std::size_t pair = 0; pair < 3; ++pair) {
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(asked[2 * pair][i] + asked[2 * pair + 1][i] == doctest::Approx(2 * theta[i]));
  }
  CHECK(asked != EvolutionStrategy(theta, {.pairs = 3, .sigma = 0.1, .seed = 8}).ask());
  es.tell(Vector(6, 1.0));
  CHECK(es.mean() == theta);
  CHECK(es.ask() != asked);
  CHECK(es.generation() == 1);
}

TEST_CASE("the evolution strategy finds the bottom of a bowl") {
  EvolutionStrategy es(Vector(4, 0.0), {.pairs = 16, .sigma = 0.05, .adam = {0.05}, .seed = 1});
  for (int g = 0; g < 300; ++g) advance(es);
  CHECK(bowl(es.mean()) < 1e-3);
}

TEST_CASE("numbers of losses must match") {
  EvolutionStrategy es(Vector(2, 0.0), {.pairs = 2});
  CHECK_THROWS_AS(es.tell(Vector(3, 0.0)), std::invalid_argument);
  CHECK_THROWS_AS(es.tell({{1, 2}, {1}}, Vector(2, 0.0), Vector(2, 0.0)), std::invalid_argument);
  CHECK_THROWS_AS(es.tell({{1, 2}}, Vector(2, 0.0), Vector(2, 0.0)), std::invalid_argument);
}

TEST_CASE("the first step of Adam has the length of its rate, whatever the gradient") {
  Adam adam(2, {0.1});
  Vector theta{0, 0};
  adam.step(theta, Vector{1e-3, -50});
  CHECK(theta[0] == doctest::Approx(-0.1).epsilon(1e-4));
  CHECK(theta[1] == doctest::Approx(0.1));
}
