#include <cmath>

#include "fixture.hpp"
#include "tasks/examples.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;
using doctest::Approx;

namespace {

/// A program with empty Setup.
std::string program(const std::string& declarations, const std::string& predict,
                    const std::string& learn) {
  return declarations + "def Setup():\n  s9 = 0\ndef Predict(x):\n" + predict +
         "def Learn(x, target):\n" + learn;
}

const char* const kIdle = "  s8 = 0\n";

}  // namespace

TEST_CASE("every example is predicted before it is learnt, in order") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2, 3}, {10, 20, 30});
  w.problem.order = {{2, 0, 1}};
  // Predicts the label before: 0, 30, 10 for the labels 30, 10, 20.
  const Outcome outcome = w.run(program("", "  y = s5 * 1\n", "  s5 = target * 1\n"));
  CHECK(outcome.train == Approx(std::sqrt((900 + 400 + 100) / 3.0)));
  CHECK(outcome.steps == 3);
  CHECK(outcome.examples == 3);
}

TEST_CASE("a scalar y of two classes is the probability of class 1") {
  World w(tasks::Metric::accuracy, 2);
  w.problem.train = rows({0.4, 0.5, 0.6, 0.7}, {0, 0, 1, 0});
  CHECK(w.run(program("", "  y = sum(x)\n", kIdle)).train == 0.75);
}

TEST_CASE("a vector y is an entry per class, and the lowest index wins ties") {
  World w(tasks::Metric::accuracy, 3, 3);
  w.problem.train = std::make_shared<Rows>(
      std::vector<std::vector<double>>{{1, 1, 0}, {0, 2, 2}, {0, 0, 0}, {-1, -3, -2}},
      std::vector<double>{0, 1, 0, 2});
  CHECK(w.run(program("", "  y = x * 1\n", kIdle)).train == 0.75);
}

TEST_CASE("the target of a vector y is one-hot") {
  World w(tasks::Metric::accuracy, 3, 3);
  w.problem.train =
      std::make_shared<Rows>(std::vector<std::vector<double>>{{0, 0, 0}}, std::vector<double>{2});
  const auto machine = w.machine(
      program("state seen : vector[features]\n", "  y = x * 1\n", "  seen = target * 1\n"));
  w.run(*machine);
  std::vector<double> seen(3);
  machine->read(machine->program().by_name.at("seen"), 0, std::span<double>(seen));
  CHECK(seen == std::vector<double>{0, 0, 1});
}

TEST_CASE("the target is zero in Predict") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 1}, {5, 6});
  const auto machine = w.machine(
      "def Setup():\n  s9 = 0\ndef Predict():\n  s4 = s4 + s0\n  s1 = 0\ndef Learn():\n  s5 = s5 + "
      "s0\n");
  w.run(*machine);
  CHECK(scalar(*machine, "s4") == 0);
  CHECK(scalar(*machine, "s5") == 11);
}

TEST_CASE("the last batch is filled with the first examples of the epoch, which do not count") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2, 3}, {1, 2, 4});
  w.problem.valid = rows({5, 6, 7}, {5, 6, 8});
  w.problem.order = {{2, 0, 1}};
  const auto machine = w.machine(program("size batch = 2\nstate seen : scalar\n", "  y = x * 1\n",
                                         "  seen = 100 * seen + x[0, 0] * 10 + x[1, 0]\n"));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.steps == 2);
  CHECK(outcome.examples == 3);
  CHECK(scalar(*machine, "seen") == 3123);
  CHECK(outcome.train == Approx(std::sqrt(1.0 / 3)));
  CHECK(outcome.valid == Approx(std::sqrt(1.0 / 3)));
}

TEST_CASE("a batch larger than the set is filled by going round") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2}, {1, 2});
  const auto machine = w.machine(
      program("size batch = 5\nstate seen : scalar\n", "  y = x * 1\n", "  seen = sum(x)\n"));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.steps == 1);
  CHECK(outcome.examples == 2);
  CHECK(scalar(*machine, "seen") == 1 + 2 + 1 + 2 + 1);
}

TEST_CASE("looking at validation and test sets changes nothing") {
  World w(tasks::Metric::rms_error);
  std::vector<double> x(200, 1), label(200, 0);
  w.problem.train = rows(x, label);
  const std::string noisy =
      program("state walk : scalar\n", "  walk = walk + normal(0, 1)\n  y = walk * 0.01\n",
              "  walk = walk * 0.9\n");
  const Outcome plain = w.run(noisy);
  w.problem.valid = rows({1, 2}, {1, 2});
  w.problem.test = rows({3, 4}, {3, 4});
  const Outcome watched = w.run(noisy);
  CHECK(plain.train == watched.train);
  CHECK(std::isnan(plain.valid));
  CHECK_FALSE(std::isnan(watched.valid));
  CHECK_FALSE(std::isnan(watched.test));
}

TEST_CASE("test draws are not those of the lifetime") {
  World w(tasks::Metric::rms_error);
  w.problem.valid = rows({1}, {0});
  w.problem.epochs = 0;
  const auto machine = w.machine(
      "def Setup():\n  s9 = 0\ndef Predict():\n  s1 = gaussian(0, 1)\ndef Learn():\n  s8 = 0\n");
  const double looked = w.run(*machine).valid;
  machine->reset();
  machine->run(Function::setup);
  machine->run(Function::predict);
  CHECK(looked != std::abs(scalar(*machine, "s1")));
}

TEST_CASE("a prediction that is not finite ends the lifetime, or counts as wrong") {
  World w(tasks::Metric::accuracy, 2);
  w.problem.train = rows({1, 0, 1, 1}, {1, 1, 1, 1});
  const std::string text =
      program("", "  y = 1 / sum(x)\n", kIdle);  // infinite at the second example
  Outcome outcome = w.run(text);
  CHECK(outcome.why == Stop::non_finite);
  CHECK(outcome.failed());
  CHECK(outcome.steps == 2);
  CHECK(outcome.non_finite == 1);
  CHECK(outcome.score == 0);
  w.settings.ignore_non_finite = true;
  outcome = w.run(text);
  CHECK(outcome.why == Stop::finished);
  CHECK(outcome.non_finite == 1);
  const std::string nan = program("", "  y = sum(x) / sum(x)\n", kIdle);
  CHECK(w.run(nan).train == 0.75);
}

TEST_CASE("epochs: the problem's, or as many as asked for") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1, 2, 3, 4, 5, 6, 7, 8}, std::vector<double>(8, 0));
  w.problem.order = {{0, 1, 2, 3, 4, 5, 6, 7}};
  const std::string text =
      program("state seen : scalar\n", "  y = 0 * sum(x)\n", "  seen = 10 * seen + sum(x)\n");
  const auto machine = w.machine(text);
  CHECK(w.run(*machine).steps == 8);
  w.settings.epochs = 0;
  CHECK(w.run(*machine).steps == 0);
  w.settings.epochs = 2;
  CHECK(w.run(*machine).steps == 16);
  const double second = std::fmod(scalar(*machine, "seen"), 1e8);
  CHECK(second != 12345678);
  CHECK(w.run(*machine).steps == 16);
  CHECK(std::fmod(scalar(*machine, "seen"), 1e8) == second);
}

TEST_CASE("limits of steps, time and cancel") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows(std::vector<double>(1000, 1), std::vector<double>(1000, 0));
  w.problem.valid = rows({1}, {0});
  const std::string text = program("", "  y = sum(x)\n", kIdle);
  w.settings.limits.steps = 10;
  Outcome outcome = w.run(text);
  CHECK(outcome.steps == 10);
  CHECK(outcome.why == Stop::steps);
  CHECK(outcome.valid == 1);
  w.settings.limits = {};
  w.settings.limits.seconds = 1e-9;
  outcome = w.run(text);
  CHECK(outcome.why == Stop::time);
  CHECK(outcome.steps < 1000);
  std::atomic<bool> cancel{true};
  w.settings.limits = {0, 0, &cancel};
  outcome = w.run(text);
  CHECK(outcome.why == Stop::cancelled);
  CHECK(std::isnan(outcome.valid));
}

TEST_CASE("programs and tasks that do not fit are refused with advice") {
  const auto message = [](World& w, const std::string& text) -> std::string {
    w.problem.train = rows({1}, {0});
    try {
      w.run(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  World ten(tasks::Metric::accuracy, 10);
  ten.info.name = "digits";
  CHECK(message(ten, program("", "  y = sum(x)\n", kIdle)).find("--task digits:classes=3/5") !=
        std::string::npos);
  CHECK(message(ten, program("", "  y = fill(sum(x), 7)\n", kIdle)).find("one per class") !=
        std::string::npos);
  World number(tasks::Metric::rms_error);
  CHECK(message(number, program("", "  y = fill(sum(x), 3)\n", kIdle)).find("needs 1 entry") !=
        std::string::npos);
}

TEST_CASE("a program without x, y or target runs") {
  World w(tasks::Metric::accuracy, 2);
  w.problem.train = rows({1, 1}, {0, 1});
  w.problem.test = rows({1}, {0});
  const Outcome outcome =
      w.run("def Setup():\n  s9 = 1\ndef Predict():\n  s8 = 1\ndef Learn():\n  s7 = 1\n");
  CHECK(outcome.train == 0.5);
  CHECK(outcome.test == 1);
}

TEST_CASE("after_setup may write registers") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({1}, {3});
  w.settings.after_setup = [](vm::Machine& machine, int lane) {
    const double three = 3;
    machine.write(machine.program().by_name.at("s5"), lane, std::span(&three, 1));
  };
  CHECK(w.run("def Setup():\n  s5 = 1\ndef Predict():\n  s1 = s5 * 1\ndef Learn():\n  s8 = 1\n")
            .train == 0);
}

TEST_CASE("several numbers: y and target are vectors of them, and rms is over all") {
  World w(tasks::Metric::rms_error);
  w.info.sizes["outputs"] = 2;
  w.problem.train = w.problem.test = std::make_shared<tasks::DenseExamples>(
      std::vector<double>{1, 2}, 1, std::vector<double>{10, 20, 30, 40}, 2);
  // Predicts the label before: 0 0, then 10 20.
  const auto machine = w.machine(program("state seen : vector[outputs]\n", "  y = seen * 1\n", "  seen = target * 1\n"));
  const Outcome outcome = w.run(*machine);
  CHECK(outcome.train == Approx(std::sqrt((100 + 400 + 400 + 400) / 4.0)));
  // Last seen: 30 40.
  CHECK(outcome.test == Approx(std::sqrt((400 + 400 + 0 + 0) / 4.0)));
}

TEST_CASE("several numbers in a batch") {
  World w(tasks::Metric::rms_error);
  w.info.sizes["outputs"] = 2;
  w.problem.train = std::make_shared<tasks::DenseExamples>(std::vector<double>{1, 2}, 1,
                                                           std::vector<double>{3, 4, 0, 12}, 2);
  const Outcome outcome = w.run(program("size batch = 2\nstate y : matrix[batch, outputs]\n",
                                        "  y = y * 1\n", "  y = target * 1\n"));
  CHECK(outcome.train == Approx(std::sqrt((9 + 16 + 144) / 4.0)));
}

TEST_CASE("several numbers need a y of as many entries and the stream protocol") {
  World w(tasks::Metric::rms_error);
  w.info.sizes["outputs"] = 2;
  w.problem.train = std::make_shared<tasks::DenseExamples>(std::vector<double>{1}, 1,
                                                           std::vector<double>{3, 4}, 2);
  CHECK_THROWS_WITH_AS(w.run(program("", "  y = sum(x)\n", kIdle)),
                       doctest::Contains("needs 2 entries (the numbers to be predicted)"), InputError);
  const auto machine = w.machine(program("state y : vector[outputs]\n", "  y = y * 1\n", kIdle));
  CHECK_THROWS_WITH_AS(check_fit(machine->program(), w.info, Protocol::automl), doctest::Contains("needs a scalar y"),
                       InputError);
}

TEST_CASE("the loss is cross entropy or squared error, and the first predictions may count for nothing") {
  World classes(tasks::Metric::accuracy, 2, 2);
  classes.settings.loss = true;
  classes.problem.train = std::make_shared<Rows>(std::vector<std::vector<double>>{{900, 0}, {1, 2}, {0, 0}},
                                                 std::vector<double>{1, 0, 1});
  const std::string same = program("", "  y = x * 1\n", kIdle);
  const double second = 1 + std::log(1 + std::exp(-1.0)), third = std::log(2.0);
  CHECK(classes.run(same).loss == Approx((900 + second + third) / 3));
  classes.problem.first_scored = 1;
  CHECK(classes.run(same).loss == Approx((second + third) / 2));
  CHECK(classes.run(same).train == 0.0);
  classes.problem.first_scored = 2;
  CHECK(classes.run(same).loss == Approx(third));

  World numbers(tasks::Metric::rms_error);
  numbers.settings.loss = true;
  numbers.problem.train = rows({1, 2}, {3, 2});
  CHECK(numbers.run(program("", "  y = sum(x)\n", kIdle)).loss == Approx(2));
  World two(tasks::Metric::accuracy, 2);
  two.settings.loss = true;
  two.problem.train = rows({0.25, 7}, {1, 0});
  CHECK(two.run(program("", "  y = sum(x)\n", kIdle)).loss ==
        Approx((std::log(4.0) - std::log(kProbabilityMargin)) / 2));
  two.settings.loss = false;
  CHECK(std::isnan(two.run(program("", "  y = sum(x)\n", kIdle)).loss));
}
