#include <algorithm>
#include <cmath>
#include <numeric>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

struct Moments {
  double mean = 0, variance = 0, fourth = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments out;
  const double n = static_cast<double>(values.size());
  for (const double v : values) out.mean += v / n;
  for (const double v : values) {
    const double d = (v - out.mean) * (v - out.mean);
    out.variance += d / n;
    out.fourth += d * d / n;
  }
  return out;
}

Problem draw(const std::string& text, std::uint64_t seed, std::uint32_t index) {
  return make_task(text, DataPaths{})->problem(seed, index);
}

std::vector<double> labels_of(const Examples& examples) {
  std::vector<double> out(examples.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = examples.label(i);
  return out;
}

/// The solution of the normal equations of labels ~ features (+ 1), by elimination.
std::vector<double> least_squares(const Examples& examples, std::size_t features, bool bias) {
  const std::size_t n = features + (bias ? 1 : 0);
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1));
  std::vector<double> x(n, 1.0);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples.features(i, std::span(x).first(features));
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < n; ++c) a[r][c] += x[r] * x[c];
      a[r][n] += x[r] * examples.label(i);
    }
  }
  for (std::size_t p = 0; p < n; ++p) {
    for (std::size_t r = 0; r < n; ++r) {
      if (r == p) continue;
      const double factor = a[r][p] / a[p][p];
      for (std::size_t c = p; c <= n; ++c) a[r][c] -= factor * a[p][c];
    }
  }
  for (std::size_t p = 0; p < n; ++p) x[p] = a[p][n] / a[p][p];
  return x;
}

double largest_error(const Examples& examples, std::size_t features,
                     const std::vector<double>& weights) {
  double worst = 0;
  std::vector<double> x(weights.size(), 1.0);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples.features(i, std::span(x).first(features));
    const double y = std::inner_product(x.begin(), x.end(), weights.begin(), 0.0);
    worst = std::max(worst, std::abs(y - examples.label(i)));
  }
  return worst;
}

}  // namespace

TEST_CASE("sizes, metric and protocol") {
  for (const char* name : {"linear", "affine", "nn"}) {
    const auto task =
        make_task(std::string(name) + ":features=6,train=20,valid=30,test=40,epochs=2", {});
    CHECK(task->info().sizes ==
          std::map<std::string, std::int64_t>{{"features", 6}, {"outputs", 1}});
    CHECK(task->info().metric == Metric::rms_error);
    CHECK(task->info().protocol == "automl");
    CHECK(task->info().classes == 0);
    const Problem problem = task->problem(1, 0);
    CHECK(problem.train->size() == 20);
    CHECK(problem.valid->size() == 30);
    CHECK(problem.test->size() == 40);
    CHECK(problem.epochs == 2);
  }
}

TEST_CASE("features are standard normal and differ between the parts") {
  const Problem problem = draw("linear:train=20000,valid=20000,test=20000", 7, 3);
  for (const auto& part : {problem.train, problem.valid, problem.test}) {
    std::vector<double> values = contents(*part, 4);
    values.resize(80000);
    const Moments m = moments(values);
    CHECK(m.mean == doctest::Approx(0).scale(1).epsilon(0.015));
    CHECK(m.variance == doctest::Approx(1).epsilon(0.025));
    CHECK(m.fourth == doctest::Approx(3).epsilon(0.06));
  }
  CHECK(contents(*problem.train, 4) != contents(*problem.valid, 4));
  CHECK(contents(*problem.valid, 4) != contents(*problem.test, 4));
}

TEST_CASE("linear labels are w.x and affine labels w.x + b, the same in all parts") {
  for (const std::size_t features : {1u, 4u, 16u}) {
    for (const bool bias : {false, true}) {
      const auto name = fmt::format("{}:features={}", bias ? "affine" : "linear", features);
      const Problem problem = draw(name, 11, 5);
      const auto weights = least_squares(*problem.train, features, bias);
      CHECK(largest_error(*problem.train, features, weights) < 1e-9);
      CHECK(largest_error(*problem.valid, features, weights) < 1e-9);
      CHECK(largest_error(*problem.test, features, weights) < 1e-9);
      if (bias) CHECK(std::abs(weights.back()) > 1e-9);
    }
  }
}

TEST_CASE("labels are multiplied by scale, features stay") {
  for (const char* name : {"linear", "affine", "nn"}) {
    const Problem one = draw(name, 5, 1), half = draw(std::string(name) + ":scale=0.5", 5, 1);
    const Problem none = draw(std::string(name) + ":scale=0", 5, 1);
    std::vector<double> a(4), b(4);
    for (std::size_t i = 0; i < one.train->size(); ++i) {
      CHECK(half.train->label(i) == one.train->label(i) / 2);
      CHECK(none.train->label(i) == 0);
      one.train->features(i, std::span(a));
      none.train->features(i, std::span(b));
      CHECK(a == b);
    }
  }
  CHECK_THROWS(draw("linear:scale=-1", 1, 0));
}

TEST_CASE("weights and bias are standard normal over problems") {
  const auto task = make_task("affine:features=3,train=20,valid=0,test=0", {});
  std::vector<double> weights, biases;
  for (std::uint32_t index = 0; index < 4000; ++index) {
    auto solution = least_squares(*task->problem(2, index).train, 3, true);
    biases.push_back(solution.back());
    weights.insert(weights.end(), solution.begin(), solution.end() - 1);
  }
  for (const auto& drawn : {weights, biases}) {
    const Moments m = moments(drawn);
    CHECK(m.mean == doctest::Approx(0).scale(1).epsilon(0.06));
    CHECK(m.variance == doctest::Approx(1).epsilon(0.09));
  }
}

TEST_CASE("the network is piecewise linear with the hidden units 1, 3, 4 ... only") {
  // E[label^2] over weights and x is H E[relu(z)^2] = H F / 2 plus cross terms of mean zero, where
  // H = F - 2.
  for (const std::size_t features : {4u, 8u}) {
    const auto task =
        make_task(fmt::format("nn:features={},train=50,valid=0,test=0", features), {});
    double sum = 0;
    for (std::uint32_t index = 0; index < 4000; ++index) {
      for (const double label : labels_of(*task->problem(3, index).train)) sum += label * label;
    }
    const double f = static_cast<double>(features);
    CHECK(sum / (4000 * 50) == doctest::Approx((f - 2) * f / 2).epsilon(0.1));
  }
  const Problem problem = draw("nn", 1, 0);
  CHECK(problem.train->size() == 1000);
  const auto weights = least_squares(*problem.train, 4, true);
  CHECK(largest_error(*problem.train, 4, weights) > 0.1);
}

TEST_CASE("equal seed and index give equal data, others differ") {
  for (const char* name : {"linear", "affine", "nn:train=100"}) {
    const auto task = make_task(name, {});
    const auto drawn = [&](std::uint64_t seed, std::uint32_t index) {
      return contents(*task->problem(seed, index).train, 4);
    };
    CHECK(drawn(1, 2) == drawn(1, 2));
    CHECK(drawn(1, 2) != drawn(1, 3));
    CHECK(drawn(1, 2) != drawn(2, 2));
    CHECK(drawn(1, 0) != drawn(std::uint64_t{1} << 32 | 1, 0));
  }
}

TEST_CASE("more examples extend a problem without changing the first ones") {
  const Problem few = draw("linear:train=10", 4, 4), many = draw("linear:train=50", 4, 4);
  std::vector<double> a(4), b(4);
  for (std::size_t i = 0; i < 10; ++i) {
    few.train->features(i, std::span(a));
    many.train->features(i, std::span(b));
    CHECK(a == b);
    CHECK(few.train->label(i) == many.train->label(i));
  }
}

TEST_CASE("single precision features are the rounded double ones") {
  const Problem problem = draw("linear", 4, 4);
  std::vector<double> wide(4);
  std::vector<float> narrow(4);
  for (std::size_t i = 0; i < problem.train->size(); ++i) {
    problem.train->features(i, std::span(wide));
    problem.train->features(i, std::span(narrow));
    for (std::size_t j = 0; j < 4; ++j) CHECK(narrow[j] == static_cast<float>(wide[j]));
  }
}

TEST_CASE("the first epoch keeps stored order, later ones are shuffled") {
  CHECK(draw("linear", 1, 0).order.empty());
  const Problem problem = draw("linear:epochs=3", 1, 0);
  REQUIRE(problem.order.size() == 3);
  std::vector<std::uint32_t> stored(100);
  std::iota(stored.begin(), stored.end(), 0u);
  CHECK(problem.order[0] == stored);
  for (const std::uint32_t epoch : {1u, 2u}) {
    CHECK(problem.order[epoch] == training_order(1, 0, epoch, 100));
    CHECK(problem.order[epoch] != stored);
    auto sorted = problem.order[epoch];
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == stored);
  }
  CHECK(problem.order[1] != problem.order[2]);
  CHECK(problem.order[1] != draw("linear:epochs=3", 1, 1).order[1]);
}

TEST_CASE("several outputs have teachers of their own; the first is that of one output") {
  for (const std::string name : {"linear", "affine", "nn"}) {
    CAPTURE(name);
    const auto one = make_task(name, {}), three = make_task(fmt::format("{}:outputs=3", name), {});
    CHECK(three->info().sizes.at("outputs") == 3);
    CHECK(three->info().protocol == "stream");
    CHECK(one->info().protocol == "automl");
    const auto narrow = one->problem(4, 2).train, wide = three->problem(4, 2).train;
    CHECK(contents(*narrow, 4) == contents(*wide, 4));
    CHECK(narrow->label_width() == 1);
    CHECK(wide->label_width() == 3);
    std::vector<double> labels(3), single(1);
    wide->labels(5, labels);
    narrow->labels(5, single);
    CHECK(labels[0] == narrow->label(5));
    CHECK(single[0] == labels[0]);
    double between = 0;
    for (std::size_t i = 0; i < wide->size(); ++i) {
      wide->labels(i, labels);
      between += std::min(std::abs(labels[1] - labels[0]), std::abs(labels[2] - labels[1]));
    }
    CHECK(between > 1);
  }
}
