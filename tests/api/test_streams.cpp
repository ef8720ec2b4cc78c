#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "programs.hpp"

using namespace programs;

namespace {

struct Data {
  std::vector<double> xs, targets;
};

Data data(int rows) {
  Data d;
  for (int i = 0; i < rows; ++i) {
    d.xs.push_back(std::sin(i * 0.7));
    d.xs.push_back(std::cos(i * 1.3));
    d.targets.push_back(d.xs[d.xs.size() - 2] * 2 - d.xs.back());
  }
  return d;
}

mlz::Lifetimes born(const mlz::StartOptions& options = {}) {
  auto lives = linear({.observe = {"w"}}).start(options).value();
  lives.setup();
  return lives;
}

}  // namespace

TEST_CASE("run_stream is the loop it stands for") {
  const Data d = data(50);
  auto streamed = born(), stepped = born();
  std::vector<double> predictions(50), expected;
  const auto result = streamed.run_stream(d.xs, d.targets, {}, predictions);
  CHECK(result.end == mlz::StreamEnd::finished);
  CHECK(result.steps == 50);
  for (std::size_t i = 0; i < 50; ++i) {
    const std::span<const double> x(d.xs.data() + 2 * i, 2);
    expected.push_back(stepped.predict(x)[0]);
    stepped.learn(x, d.targets[i]);
  }
  CHECK(predictions == expected);
  CHECK(streamed.read("w") == stepped.read("w"));
  const std::vector<float> xs32(d.xs.begin(), d.xs.end()), targets32(d.targets.begin(), d.targets.end());
  auto narrow = born({.dtype = mlz::DType::f32});
  CHECK(narrow.run_stream(xs32, targets32).steps == 50);
  CHECK(narrow.read("w")[0] == doctest::Approx(stepped.read("w")[0]).epsilon(1e-4));
}

TEST_CASE("each lifetime may have a stream of its own") {
  const Data d = data(20);
  auto lives = born({.lifetimes = 2});
  std::vector<double> predictions(20);
  CHECK(lives.run_stream(d.xs, d.targets, {.each = true}, predictions).steps == 10);
  auto first = born();
  for (std::size_t i = 0; i < 20; i += 2) {
    const std::span<const double> x(d.xs.data() + 2 * i, 2);
    CHECK(predictions[i] == first.predict(x)[0]);
    first.learn(x, d.targets[i]);
  }
}

TEST_CASE("predictions alone change nothing") {
  const Data d = data(10);
  auto lives = born();
  std::vector<double> predictions(10, 1.0);
  CHECK(lives.run_stream(d.xs, {}, {.learn = false}, predictions).steps == 10);
  CHECK(predictions == std::vector<double>(10, 0.0));
  CHECK(lives.read("w") == std::vector{0.0, 0.0});
}

TEST_CASE("a limit of steps, and going on afterwards") {
  const Data d = data(50);
  auto lives = born(), whole = born();
  const auto result = lives.run_stream(d.xs, d.targets, {.max_steps = 20});
  CHECK(result.end == mlz::StreamEnd::steps);
  CHECK(result.steps == 20);
  const std::span<const double> xs(d.xs), targets(d.targets);
  CHECK(lives.run_stream(xs.subspan(40), targets.subspan(20)).steps == 30);
  whole.run_stream(d.xs, d.targets);
  CHECK(lives.read("w") == whole.read("w"));
}

TEST_CASE("a limit of time") {
  const Data d = data(2'000'000);
  auto lives = born({.engine = "reference"});
  const auto start = std::chrono::steady_clock::now();
  const auto result = lives.run_stream(d.xs, d.targets, {.max_seconds = 0.05});
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(result.end == mlz::StreamEnd::seconds);
  CHECK(result.steps > 0);
  CHECK(result.steps < 2'000'000);
  CHECK(took >= 0.05);
}

TEST_CASE("cancel from another thread") {
  const Data d = data(2'000'000);
  auto lives = born({.engine = "reference"});
  std::atomic<bool> cancel = false;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    cancel = true;
  });
  const auto result = lives.run_stream(d.xs, d.targets, {.cancel = &cancel});
  other.join();
  CHECK(result.end == mlz::StreamEnd::cancelled);
  CHECK(result.steps < 2'000'000);
  CHECK(lives.run_stream(d.xs, d.targets, {.cancel = &cancel}).steps == 0);
  CHECK(std::string(mlz::stream_end_text(result.end)) == "cancelled");
}

TEST_CASE("a stream may end at a prediction that is not finite") {
  auto lives = born();
  std::vector<double> xs(20, 1.0), targets(10, 1.0);
  xs[6] = INFINITY;
  const auto result = lives.run_stream(xs, targets, {.stop_on_non_finite = true});
  CHECK(result.end == mlz::StreamEnd::non_finite);
  CHECK(result.steps == 4);
  CHECK(std::isfinite(lives.read("w")[0]));
  CHECK(lives.run_stream(xs, targets).end == mlz::StreamEnd::finished);
  CHECK(std::isnan(lives.read("w")[0]));
}

TEST_CASE("arrays that do not fit throw") {
  const Data d = data(10);
  auto lives = born();
  std::vector<double> few(9);
  const std::vector<double> odd(19);
  CHECK_THROWS_AS(lives.run_stream(odd, d.targets), std::invalid_argument);
  CHECK_THROWS_AS(lives.run_stream(d.xs, few), std::invalid_argument);
  CHECK_THROWS_AS(lives.run_stream(d.xs, d.targets, {}, few), std::invalid_argument);
  auto unborn = linear().start().value();
  CHECK_THROWS_AS(unborn.run_stream(d.xs, d.targets), std::logic_error);
}
