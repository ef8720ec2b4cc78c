#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <stdexcept>

#include "evolve/outer/cma.hpp"
#include "evolve/outer/es.hpp"
#include "evolve/outer/ga.hpp"
#include "evolve/outer/random_search.hpp"

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

TEST_CASE("ranks are spread evenly, and equal losses share theirs") {
  CHECK(centred_ranks(Vector{5, -1, 7}) == Vector{0, -0.5, 0.5});
  CHECK(centred_ranks(Vector{1, 1, 1, 1}) == Vector(4, 0));
  CHECK(centred_ranks(Vector{2, 1, 2}) == Vector{0.25, -0.5, 0.25});
  CHECK(centred_ranks(Vector{std::numeric_limits<double>::quiet_NaN(), 1}) == Vector{0.5, -0.5});
  EvolutionStrategy es(Vector(4, 0.0), {.pairs = 16, .sigma = 0.05, .adam = {0.05}, .seed = 1, .shaping = Shaping::ranks});
  for (int g = 0; g < 300; ++g) advance(es);
  CHECK(bowl(es.mean()) < 0.05);
}

namespace {

std::vector<std::unique_ptr<OuterLoop>> one_of_each() {
  std::vector<std::unique_ptr<OuterLoop>> loops;
  const Vector zero(4, 0.0);
  loops.push_back(std::make_unique<EvolutionStrategy>(zero, EsOptions{.pairs = 8, .sigma = 0.1, .adam = {0.1}, .seed = 2}));
  loops.push_back(std::make_unique<Cma>(zero, CmaOptions{.candidates = 16, .sigma = 0.5, .seed = 2}));
  loops.push_back(std::make_unique<Cma>(zero, CmaOptions{.candidates = 16, .sigma = 0.5, .seed = 2, .diagonal = true}));
  loops.push_back(std::make_unique<Ga>(zero, GaOptions{.candidates = 16, .parents = 4, .sigma = 0.1, .seed = 2}));
  loops.push_back(std::make_unique<RandomSearch>(zero, RandomOptions{.candidates = 16, .sigma = 1, .seed = 2}));
  return loops;
}

}  // namespace

TEST_CASE("every loop goes down, and goes on from what it saved as if nothing had happened") {
  auto loops = one_of_each(), others = one_of_each();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    CAPTURE(i);
    OuterLoop& loop = *loops[i];
    for (int g = 0; g < 30; ++g) advance(loop);
    CHECK(bowl(loop.mean()) < 0.5 * bowl(Vector(4, 0.0)));
    CHECK(loop.generation() == 30);
    others[i]->restore(loop.saved());
    for (int g = 0; g < 3; ++g) advance(loop), advance(*others[i]);
    CHECK(others[i]->mean() == loop.mean());
    CHECK(others[i]->saved().parts == loop.saved().parts);
    CHECK(others[i]->generation() == 33);
    LoopState broken = loop.saved();
    broken.parts.begin()->second.push_back(0);
    CHECK_THROWS_AS(loop.restore(broken), std::invalid_argument);
    broken.parts.erase(broken.parts.begin());
    CHECK_THROWS_AS(loop.restore(broken), std::invalid_argument);
  }
}

TEST_CASE("the diagonal of CMA-ES finds the bottom of a bowl whose sides differ") {
  Cma cma(Vector(20, 0.0), {.candidates = 12, .sigma = 0.3, .seed = 3, .diagonal = true});
  for (int g = 0; g < 400; ++g) advance(cma);
  CHECK(bowl(cma.mean()) < 1e-8);
  CHECK(cma.state().C.size() == 20);
}
