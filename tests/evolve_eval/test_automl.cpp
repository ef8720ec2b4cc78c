#include <cmath>

#include "fixture.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;
using doctest::Approx;

namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

struct Automl : World {
  AutomlRecord record;
  explicit Automl(tasks::Metric metric) : World(metric, metric == tasks::Metric::accuracy ? 2 : 0) {
    settings.protocol = Protocol::automl;
    settings.record = &record;
    problem.valid = rows({1}, {0});
  }
};

std::string program(const std::string& setup, const std::string& predict,
                    const std::string& learn) {
  return "def Setup():\n" + setup + "def Predict():\n" + predict + "def Learn():\n" + learn;
}

}  // namespace

TEST_CASE("x is zero in Setup and the label is hidden from Predict") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({3, 4}, {5, 6});
  const auto machine =
      w.machine(program("  s2 = norm(v0)\n", "  s3 = s3 + s0\n  s1 = 0.5\n", "  s4 = s4 + s0\n"));
  w.run(*machine);
  CHECK(scalar(*machine, "s2") == 0);
  CHECK(scalar(*machine, "s3") == 0);
  CHECK(scalar(*machine, "s4") == 11);
  CHECK(w.record.train_abs_errors == std::vector<double>{4.5, 5.5});
}

TEST_CASE("x and target are assigned again before Learn") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({3}, {5});
  const auto machine = w.machine(
      program("", "  v0 = v0 + v0\n  s0 = 7\n  s1 = s0\n", "  s4 = norm(v0)\n  s5 = s0 * 1\n"));
  w.run(*machine);
  CHECK(scalar(*machine, "s4") == 3);
  CHECK(scalar(*machine, "s5") == 5);
}

TEST_CASE("Learn sees the sigmoid of the prediction on accuracy tasks, validation the raw one") {
  Automl w(tasks::Metric::accuracy);
  w.problem.train = rows({0}, {1});
  const auto machine = w.machine(program("  s2 = 0.75\n", "  s1 = s2 * 1\n", "  s3 = s1 * 1\n"));
  w.run(*machine);
  CHECK(scalar(*machine, "s3") == logistic(0.75));
  CHECK(w.record.train_abs_errors == std::vector<double>{1 - logistic(0.75)});
  CHECK(w.record.valid_predictions == std::vector<double>{0.75});
  CHECK(scalar(*machine, "s1") == 0.75);
}

TEST_CASE("a prediction that Predict does not write is squashed again at every step") {
  for (const char* predict :
       {"  s2 = s1 * 1\n", "  s2 = 1\n"}) {  // with and without a register for it
    Automl w(tasks::Metric::accuracy);
    w.problem.train = rows({0, 0}, {1, 1});
    w.run(program("", predict, ""));
    CHECK(w.record.train_abs_errors ==
          std::vector<double>{1 - logistic(0), 1 - logistic(logistic(0))});
    CHECK(w.record.valid_predictions == std::vector<double>{logistic(logistic(0))});
    CHECK(w.record.y == logistic(logistic(0)));
  }
}

TEST_CASE("training stops strictly above the error limit, before Learn, and the step counts") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0, 0, 0}, {2, 3, 4});
  w.settings.max_abs_error = 3;
  const auto machine = w.machine(program("", "  s1 = 0\n", "  s2 = s2 + 1\n"));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.why == Stop::error_limit);
  CHECK(outcome.failed());
  CHECK(outcome.steps == 3);
  CHECK(outcome.score == 0);
  CHECK(scalar(*machine, "s2") == 2);
  CHECK(w.record.outcome == "stopped_in_training");
  CHECK(w.record.train_abs_errors == std::vector<double>{2, 3});
  CHECK(w.record.valid_predictions.empty());
}

TEST_CASE("an error that is NaN stops training") {
  for (const auto metric : {tasks::Metric::rms_error, tasks::Metric::accuracy}) {
    Automl w(metric);
    w.problem.train = rows({0}, {1});
    const Outcome outcome = w.run(program("", "  s1 = s2 / s2\n", ""));
    CHECK(outcome.why == Stop::error_limit);
    CHECK(outcome.steps == 1);
  }
}

TEST_CASE("infinite predictions are classes in accuracy tasks and over the limit in others") {
  Automl classes(tasks::Metric::accuracy);
  classes.problem.train = rows({0}, {1});
  classes.problem.valid = rows({0, 0}, {1, 0});
  CHECK(classes.run(program("", "  s1 = 1 / s2\n", "")).score == 0.5);
  Automl numbers(tasks::Metric::rms_error);
  numbers.problem.train = rows({0}, {1});
  CHECK(numbers.run(program("", "  s1 = 1 / s2\n", "")).why == Stop::error_limit);
}

TEST_CASE("validation runs Predict alone on the memory of training, which stays changed") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0, 0}, {0, 0});
  w.problem.valid = rows({0, 0}, {0, 0});
  w.problem.epochs = 2;
  const auto machine = w.machine(program("", "  s3 = s3 + 1\n  s1 = s3 * 1\n", "  s4 = s4 + 1\n"));
  const Outcome outcome = w.run(*machine);
  CHECK(w.record.valid_predictions == std::vector<double>{3, 4});
  CHECK(scalar(*machine, "s3") == 8);
  CHECK(scalar(*machine, "s4") == 4);
  CHECK(outcome.steps == 4);
}

TEST_CASE("fitness divides by the validation set and squashes the rms error") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({0, 0, 0, 0}, {1, -1, 1, -1});
  const Outcome outcome = w.run(program("", "  s1 = 0\n", ""));
  CHECK(outcome.valid == 1);
  CHECK(outcome.score == Approx(0.5).epsilon(1e-15));
  CHECK(squashed_fitness(INFINITY) == Approx(0).epsilon(1e-15));
  CHECK(squashed_fitness(NAN) == 0);
  CHECK(squashed_fitness(0) == 1);
}

TEST_CASE("validation of numbers ends with fitness 0 above the limit") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({0, 0, 0}, {0, 101, 0});
  const Outcome outcome = w.run(program("", "  s1 = 0\n", ""));
  CHECK(outcome.score == 0);
  CHECK(outcome.why == Stop::finished);
  CHECK(w.record.outcome == "stopped_in_validation");
  CHECK(w.record.valid_predictions.size() == 2);
}

TEST_CASE("NaN in the validation of classes is class 0, and a probability of exactly 0.5 too") {
  Automl w(tasks::Metric::accuracy);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({0, 0, 0}, {0, 0, 1});
  const std::string nan_later = program("  s3 = 1\n", "  s1 = log(s3)\n  s3 = -1\n", "  s3 = 1\n");
  CHECK(w.run(nan_later).score == Approx(2.0 / 3));  // log 1 = 0, then NaN twice
  CHECK(w.record.outcome == "ok");
}

TEST_CASE("the best epoch counts, and an early stop in a later one is harmless") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({0}, {1});
  w.problem.epochs = 5;
  SUBCASE("best of all") {
    // Predictions at validation: 3, 1, -1, -3, -5.
    const Outcome outcome = w.run(program("  s2 = 5\n", "  s1 = s2 * 1\n", "  s2 = s2 - 2\n"));
    CHECK(outcome.score == 1);
    CHECK(outcome.valid == 0);
    CHECK(outcome.steps == 5);
  }
  SUBCASE("stop in epoch 2") {
    const Outcome outcome =
        w.run(program("", "  s1 = s2 * 1\n", "  s2 = s2 + 101\n  s2 = s2 * s3\n  s3 = 1\n"));
    CHECK(outcome.why == Stop::error_limit);
    CHECK(outcome.steps == 3);  // s2 is 0, then 101
    CHECK(outcome.score == 0.5);
    CHECK_FALSE(outcome.failed());
  }
}

TEST_CASE("each epoch follows its order; Setup runs once") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2, 3}, {0, 0, 0});
  w.problem.epochs = 2;
  w.problem.order = {{0, 1, 2}, {2, 0, 1}};
  const auto machine = w.machine(
      program("  s5 = s5 + 1\n", "  s2 = norm(v0)\n", "  s3 = s3 * 10\n  s3 = s3 + s2\n"));
  w.run(*machine);
  CHECK(scalar(*machine, "s3") == 123312);
  CHECK(scalar(*machine, "s5") == 1);
}

TEST_CASE("without training examples only Setup runs") {
  Automl w(tasks::Metric::rms_error);
  const auto machine = w.machine(program("  s2 = 4\n", "  s3 = 1\n", ""));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.score == 0);
  CHECK(outcome.steps == 0);
  CHECK(scalar(*machine, "s2") == 4);
  CHECK(scalar(*machine, "s3") == 0);
}

TEST_CASE("looking at the test set changes nothing") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2, 3}, {1, 2, 3});
  w.problem.valid = rows({1, 2}, {1, 2});
  w.problem.epochs = 3;
  const std::string noisy =
      program("", "  s2 = gaussian(0, 1)\n  s3 = s3 + s2\n  s1 = s3 * 0.01\n", "");
  const Outcome without = w.run(noisy);
  w.problem.test = rows({5, 6, 7}, {5, 6, 7});
  const Outcome with = w.run(noisy);
  CHECK(with.valid == without.valid);
  CHECK(with.train == without.train);
  CHECK(std::isnan(without.test));
  CHECK_FALSE(std::isnan(with.test));
}

TEST_CASE("with 0 epochs only scores are taken, on a copy of the memory after Setup") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({0, 0}, {3, 3});
  w.settings.epochs = 0;
  const auto machine = w.machine(program("  s2 = 2\n", "  s1 = s2 * 1\n  s3 = s3 + 1\n", ""));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.valid == 1);
  CHECK(outcome.score == Approx(0.5));
  CHECK(outcome.steps == 0);
  CHECK(scalar(*machine, "s3") == 0);
}

TEST_CASE("a task without a validation set is refused") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0}, {0});
  w.problem.valid = rows({}, {});
  CHECK_THROWS_AS(w.run(program("", "  s1 = 0\n", "")), InputError);
}

TEST_CASE("the protocol refuses batches and vectors") {
  Automl w(tasks::Metric::accuracy);
  w.problem.train = rows({0}, {0});
  CHECK_THROWS_AS(w.run("size batch = 2\ndef Setup():\n  s2 = 1\ndef Predict(x):\n  y = x\ndef "
                        "Learn(x, target):\n  s2 = 1\n"),
                  InputError);
  CHECK_THROWS_AS(w.run("def Setup():\n  s2 = 1\ndef Predict(x):\n  y = fill(sum(x), outputs)\ndef "
                        "Learn(x, target):\n  s2 = 1\n"),
                  InputError);
}

TEST_CASE("steps and cancel limit a lifetime") {
  Automl w(tasks::Metric::rms_error);
  w.problem.train = rows({0, 0, 0, 0}, {0, 0, 0, 0});
  w.problem.epochs = 2;
  const std::string idle = program("", "  s1 = 0\n", "");
  w.settings.limits.steps = 3;
  Outcome outcome = w.run(idle);
  CHECK(outcome.steps == 3);
  CHECK(outcome.why == Stop::steps);
  CHECK(outcome.score == 1);
  std::atomic<bool> cancel{true};
  w.settings.limits.cancel = &cancel;
  outcome = w.run(idle);
  CHECK(outcome.steps == 0);
  CHECK(outcome.why == Stop::cancelled);
}
