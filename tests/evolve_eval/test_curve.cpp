#include <cmath>

#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;

namespace {
const char* const kText =
    "def Setup():\n  s9 = 0\ndef Predict():\n  s1 = mean(v0)\ndef Learn():\n  s8 = 0\n";

World long_world() {
  World w(tasks::Metric::accuracy, 2);
  std::vector<double> x(1000, 1), label(1000, 1);
  std::fill(label.begin(), label.begin() + 500, 0);
  w.problem.train = rows(x, label);
  w.problem.valid = rows({1, 1}, {0, 1});
  return w;
}
}  // namespace

TEST_CASE("about a hundred points, each over the examples since the last") {
  World w = long_world();
  const Outcome outcome = w.run(kText);
  REQUIRE(outcome.curve.size() >= 100);
  CHECK(outcome.curve.size() <= 110);
  CHECK(outcome.curve.front().train == 0);
  CHECK(outcome.curve.back().train == 1);
  CHECK(outcome.curve.back().step == 1000);
  CHECK(outcome.curve.back().valid == 0.5);
  CHECK(outcome.train == 0.5);
}

TEST_CASE("the validation set is scored some ten times, and after each epoch") {
  World w = long_world();
  const auto looks = [&] {
    const Outcome outcome = w.run(kText);
    return std::count_if(outcome.curve.begin(), outcome.curve.end(),
                         [](const CurvePoint& p) { return !std::isnan(p.valid); });
  };
  CHECK(looks() == 10);
  w.problem.epochs = 20;
  CHECK(looks() == 20);
  w.settings.valid_points = 0;
  w.problem.epochs = 1;
  CHECK(looks() == 1);
}

TEST_CASE("no curve when none is wanted, and the same scores") {
  World w = long_world();
  const Outcome with = w.run(kText);
  w.settings.curve_points = 0;
  const Outcome without = w.run(kText);
  CHECK(without.curve.empty());
  CHECK(with.valid == without.valid);
}

TEST_CASE("points and progress are handed out as they come") {
  World w = long_world();
  std::size_t points = 0, ticks = 0;
  w.settings.on_point = [&](const CurvePoint&) { ++points; };
  w.settings.on_progress = [&](const Progress& p) {
    ++ticks;
    CHECK(p.steps == 1000);
  };
  const Outcome outcome = w.run(kText);
  CHECK(points == outcome.curve.size());
  CHECK(ticks >= 1);
}
