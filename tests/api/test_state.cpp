#include <doctest/doctest.h>

#include "programs.hpp"

using namespace programs;

namespace {

const std::vector<double> kX{0.3, -0.2, 0.9, 0.4}, kTarget{1.0, -1.0};

std::vector<double> steps(mlz::Lifetimes& lives, int n) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) {
    const auto y = lives.predict(kX);
    out.insert(out.end(), y.begin(), y.end());
    lives.learn(kX, kTarget);
  }
  return out;
}

}  // namespace

TEST_CASE("registers are read and written by name") {
  auto lives = net({.observe = {"W", "V"}}).start({.lifetimes = 2}).value();
  lives.setup();
  const std::vector<double> w(12, 0.25);
  lives.write("W", w, 1);
  CHECK(lives.read("W", 1) == w);
  CHECK(lives.read("W", 0) != w);
  std::vector<float> narrow(6);
  lives.read("V[1]", narrow, 0);
  CHECK(narrow[0] == static_cast<float>(lives.read("V[1]", 0)[0]));
  lives.write("V[1]", narrow, 0);
  CHECK(lives.read("V[1]", 0)[0] == static_cast<double>(narrow[0]));
  CHECK_THROWS_AS(lives.write("W0", w), std::invalid_argument);
}

TEST_CASE("params go in and come out") {
  const auto program = net({.observe = {"W"}});
  const mlz::Params first = program.initial_params(5);
  REQUIRE(first.size() == 2);
  CHECK(first.at("rate") == std::vector{0.05});
  auto lives = program.start({.lifetimes = 2, .seed = 5}).value();
  CHECK(lives.params() == first);
  lives.setup();
  CHECK(lives.read("W") == first.at("W0"));

  std::vector<double> mine(12, 0.5);
  lives.set_params({{"W0", mine}}, 1);
  lives.set_params({{"rate", {0.2}}});
  CHECK(lives.read("W0", 1) == first.at("W0"));  // until the next birth
  lives.setup();
  CHECK(lives.read("W0", 0) == first.at("W0"));
  CHECK(lives.read("W0", 1) == mine);
  CHECK(lives.read("W", 1) == mine);
  CHECK(lives.read("rate", 0) == std::vector{0.2});
  CHECK(lives.params(1).at("W0") == mine);
  CHECK_THROWS_AS(lives.set_params({{"rate", {1.0, 2.0}}}), std::invalid_argument);
  CHECK_THROWS_AS(lives.set_params({{"W", mine}}), std::invalid_argument);

  auto given = program.start({.seed = 5, .params = {{"W0", mine}, {"rate", {0.2}}}}).value();
  given.setup();
  CHECK(given.read("W") == mine);
}

TEST_CASE("setup starts a new life, the same one") {
  auto lives = net().start({.seed = 9}).value();
  lives.setup();
  const auto first = steps(lives, 10);
  lives.setup();
  CHECK(steps(lives, 10) == first);
}

TEST_CASE("a snapshot brings everything back, draws and params too") {
  for (const std::string& engine : mlz::engine_names()) {
    CAPTURE(engine);
    const auto program = net();
    auto lives = program.start({.engine = engine, .seed = 2}).value();
    lives.setup();
    steps(lives, 3);
    const mlz::Snapshot middle = lives.save();
    CHECK(middle.bytes() > 0);
    const auto first = steps(lives, 5);
    lives.set_params({{"rate", {9.0}}});
    lives.restore(middle);
    CHECK(steps(lives, 5) == first);
    CHECK(lives.params().at("rate") == std::vector{0.05});
    auto twin = program.start({.engine = engine, .seed = 2}).value();
    twin.restore(middle);
    CHECK(steps(twin, 5) == first);

    auto wider = program.start({.engine = engine, .lifetimes = 2}).value();
    CHECK_THROWS_AS(wider.restore(middle), std::invalid_argument);
    auto other = net().start({.engine = engine}).value();
    CHECK_THROWS_AS(other.restore(middle), std::invalid_argument);
  }
}

TEST_CASE("looking does not change a life") {
  const auto program = net();
  auto lives = program.start({.seed = 4}).value(), undisturbed = program.start({.seed = 4}).value();
  lives.setup();
  undisturbed.setup();
  steps(lives, 3);
  steps(undisturbed, 3);
  std::vector<double> seen;
  lives.look([&] { seen = steps(lives, 4); });
  CHECK_THROWS_AS(lives.look([&] {
    steps(lives, 2);
    throw std::runtime_error("stop");
  }), std::runtime_error);
  const auto after = steps(lives, 4);
  CHECK(after == steps(undisturbed, 4));
  CHECK(seen != after);  // draws of its own
}
