#include <cmath>

#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;
using doctest::Approx;

namespace {

const char* const kEcho = "def Setup():\n  s9 = 0\ndef Predict(x):\n  y = sum(x)\ndef Learn(x, target):\n  s8 = 0\n";

/// A program that says x is asked about labels 0, so that it is wrong where x is 1.
World wrong_at(std::vector<double> wrong) {
  World w(tasks::Metric::accuracy, 2);
  const std::size_t count = wrong.size();
  w.problem.train = rows(std::move(wrong), std::vector<double>(count));
  return w;
}

}  // namespace

TEST_CASE("a mark is the score of the last predictions up to there") {
  World w = wrong_at({1, 0, 0, 1, 0, 1, 1, 1});
  w.settings.marks = {1, 3, 4, 5, 8, 9};
  w.settings.mark_window = 3;
  const Outcome outcome = w.run(kEcho);
  REQUIRE(outcome.marks.size() == 6);
  CHECK(outcome.marks[0] == 0);
  CHECK(outcome.marks[1] == Approx(2.0 / 3));
  CHECK(outcome.marks[2] == Approx(2.0 / 3));
  CHECK(outcome.marks[3] == Approx(2.0 / 3));
  CHECK(outcome.marks[4] == 0);
  CHECK(std::isnan(outcome.marks[5]));
}

TEST_CASE("marks go on through epochs and count examples of a batch one by one") {
  World w = wrong_at({1, 0, 0});
  w.problem.epochs = 2;
  w.settings.marks = {2, 4, 5};
  w.settings.mark_window = 2;
  CHECK(w.run(kEcho).marks == std::vector{0.5, 0.5, 0.5});
  const char* const batch =
      "size batch = 2\ndef Setup():\n  s9 = 0\ndef Predict(x):\n  y = sum(x, axis=1)\n"
      "def Learn(x, target):\n  s8 = 0\n";
  CHECK(w.run(batch).marks == std::vector{0.5, 0.5, 0.5});
}

TEST_CASE("predictions that do not count move no mark, but their examples do") {
  World w = wrong_at({1, 1, 0, 1, 0});
  w.problem.first_scored = 2;
  w.settings.marks = {2, 3, 4, 5};
  const Outcome outcome = w.run(kEcho);
  CHECK(std::isnan(outcome.marks[0]));
  CHECK(outcome.marks[1] == 1);
  CHECK(outcome.marks[2] == 0.5);
  CHECK(outcome.marks[3] == Approx(2.0 / 3));
  CHECK(outcome.train == Approx(2.0 / 3));
}

TEST_CASE("marks of numbers are root mean squares") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({3, 4, 0}, {0, 0, 0});
  w.settings.marks = {2};
  CHECK(w.run(kEcho).marks == std::vector{std::sqrt(12.5)});
  w.settings.marks = {};
  CHECK(w.run(kEcho).marks.empty());
}
