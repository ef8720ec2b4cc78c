#include "tasks/digits.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

/// The accuracy on the test part of one pass of softmax regression over the training part.
double linear_accuracy(const Task& task, std::size_t features) {
  const Problem problem = task.problem(1, 0);
  std::vector<double> weights(10 * (features + 1)), x(features + 1, 1.0), y(10);
  const auto predict = [&](const Examples& examples, std::size_t i) {
    examples.features(i, std::span(x).first(features));
    for (std::size_t k = 0; k < 10; ++k) {
      y[k] = 0;
      for (std::size_t j = 0; j <= features; ++j) y[k] += weights[k * (features + 1) + j] * x[j];
    }
  };
  for (const std::uint32_t i : problem.order[0]) {
    predict(*problem.train, i);
    double sum = 0;
    for (double& v : y) sum += v = std::exp(v);
    for (std::size_t k = 0; k < 10; ++k) {
      const double step = 0.01 * ((problem.train->label(i) == static_cast<double>(k)) - y[k] / sum);
      for (std::size_t j = 0; j <= features; ++j) weights[k * (features + 1) + j] += step * x[j];
    }
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < problem.test->size(); ++i) {
    predict(*problem.test, i);
    const auto best = std::max_element(y.begin(), y.end()) - y.begin();
    right += static_cast<double>(best) == problem.test->label(i);
  }
  return static_cast<double>(right) / static_cast<double>(problem.test->size());
}

std::uint64_t check_sum(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

}  // namespace

TEST_CASE("sizes and parts") {
  const auto task = make_task("digits:size=12,train=30,valid=20,test=10,epochs=2", {});
  CHECK(task->info().sizes ==
        std::map<std::string, std::int64_t>{
            {"features", 144}, {"outputs", 10}, {"height", 12}, {"width", 12}, {"channels", 1}});
  CHECK(task->info().classes == 10);
  CHECK(task->info().protocol == "stream");
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 30);
  CHECK(problem.valid->size() == 20);
  CHECK(problem.test->size() == 10);
  CHECK(problem.order.size() == 2);
}

TEST_CASE("an image depends on seed, index, part and its number only") {
  const auto drawn = [](const char* text, std::uint64_t seed, std::uint32_t index) {
    return contents(*make_task(text, {})->problem(seed, index).train, 256);
  };
  CHECK(drawn("digits:train=50", 1, 2) == drawn("digits:train=50", 1, 2));
  CHECK(drawn("digits:train=50", 1, 2) != drawn("digits:train=50", 1, 3));
  CHECK(drawn("digits:train=50", 1, 2) != drawn("digits:train=50", 2, 2));
  const Problem few = make_task("digits:train=5,test=5", {})->problem(1, 0);
  const Problem many = make_task("digits:train=50,test=5", {})->problem(1, 0);
  CHECK(contents(*few.train, 256) != contents(*few.test, 256));
  std::vector<double> a(256), b(256);
  for (std::size_t i = 0; i < 5; ++i) {
    few.train->features(i, std::span(a));
    many.train->features(i, std::span(b));
    CHECK(a == b);
    CHECK(few.train->label(i) == many.train->label(i));
  }
}

TEST_CASE("classes are equally likely and parts of 0 .. 1") {
  const auto task = make_task("digits:size=8,train=20000,test=0", {});
  const auto train = task->problem(1, 0).train;
  std::vector<int> counts(10);
  std::vector<double> x(64);
  for (std::size_t i = 0; i < train->size(); ++i) {
    ++counts[static_cast<std::size_t>(train->label(i))];
    train->features(i, std::span(x));
    const auto [least, most] = std::minmax_element(x.begin(), x.end());
    REQUIRE(*least >= 0);
    REQUIRE(*most <= 1);
    REQUIRE(*most > 0.3);
  }
  for (const int count : counts) CHECK(count == doctest::Approx(2000).epsilon(0.1));
}

TEST_CASE("chosen classes look like what they stand for") {
  const auto train = make_task("digits:classes=1/0,train=400,noise=0", {})->problem(1, 0).train;
  double ink[2] = {}, count[2] = {};
  std::vector<double> x(256);
  for (std::size_t i = 0; i < train->size(); ++i) {
    const auto label = static_cast<std::size_t>(train->label(i));
    REQUIRE(label < 2);
    train->features(i, std::span(x));
    for (const double value : x) ink[label] += value;
    ++count[label];
  }
  CHECK(ink[0] / count[0] < 0.8 * ink[1] / count[1]);
}

TEST_CASE("a digit keeps its form under noise and is drawn within the image at every size") {
  for (const std::size_t size : {8u, 16u, 32u}) {
    for (unsigned digit = 0; digit < 10; ++digit) {
      std::vector<std::uint8_t> clean(size * size), noisy(size * size);
      const DrawKey key = task_key(3, 1, Purpose::train, digit);
      draw_digit(key, digit, size, 0, clean);
      draw_digit(key, digit, size, 0.05, noisy);
      CHECK(clean != noisy);
      int ink = 0, far = 0;
      for (std::size_t i = 0; i < clean.size(); ++i) {
        ink += clean[i] > 100;
        far += std::abs(clean[i] - noisy[i]) > 80;
      }
      CHECK(ink > static_cast<int>(size * size / 40));
      CHECK(ink < static_cast<int>(size * size / 2));
      CHECK(far == 0);
    }
  }
}

TEST_CASE("the pictures of a seed stay what they are") {
  std::vector<std::uint8_t> all;
  for (unsigned digit = 0; digit < 10; ++digit) {
    std::vector<std::uint8_t> image(256);
    draw_digit(task_key(1, 0, Purpose::train, digit), digit, 16, 0.1, image);
    all.insert(all.end(), image.begin(), image.end());
  }
  CHECK(check_sum(all) == 0x46a993ab456d3c55u);
}

TEST_CASE("a linear learner finds much but not all of it") {
  const double accuracy = linear_accuracy(*make_task("digits", {}), 256);
  CHECK(accuracy > 0.8);
  CHECK(accuracy < 0.96);
}
