#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include "programs.hpp"

using namespace programs;

TEST_CASE("a host loop learns") {
  for (const std::string& engine : mlz::engine_names()) {
    CAPTURE(engine);
    mlz::StartOptions options;
    options.engine = engine;
    auto learner = linear().start(options).value();
    CHECK(learner.engine() == engine);
    learner.setup();
    double error = 1;
    for (int i = 0; i < 400; ++i) {
      const std::array<double, 2> x{std::sin(i * 0.7), std::cos(i * 1.3)};
      const double truth = 2 * x[0] - x[1];
      error = std::abs(learner.predict(x)[0] - truth);
      learner.learn(x, truth);
    }
    CHECK(error < 1e-3);
  }
}

TEST_CASE("registers that may also be stored in bf16 count with these bytes") {
  const auto program = linear();
  const auto starts = [&](const char* engine, std::int64_t bytes) {
    const auto lives = program.start({.engine = engine, .dtype = mlz::DType::f32, .max_bytes = bytes});
    return lives.error_text().find("bytes for their registers") == std::string::npos;
  };
  for (const auto& [engine, share] : {std::pair{"dense", 0.5}, {"cuda", 0.5}, {"cuda-tf32", 0.5}, {"cuda-bf16", 0.75}}) {
    const auto needed = static_cast<std::int64_t>(share * static_cast<double>(program.bytes()));
    CAPTURE(engine);
    CHECK(starts(engine, needed));
    CHECK_FALSE(starts(engine, needed - 1));
  }
}

TEST_CASE("engines are listed with the number types that they have") {
  const auto has = [](mlz::DType dtype, const char* name) {
    const auto names = mlz::engine_names(dtype);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  CHECK(has(mlz::DType::f64, "reference"));
  CHECK_FALSE(has(mlz::DType::f32, "reference"));
  CHECK(has(mlz::DType::f32, "dense"));
  CHECK_FALSE(has(mlz::DType::f64, "cuda-bf16"));
}

TEST_CASE("target is zero in Predict and the label in Learn") {
  const auto program = bound("state seen : scalar\nstate y : scalar\ndef Predict(x):\n  y = sum(x) + seen + 100 * target\n"
                             "def Learn(x, target):\n  seen = target + x[0]\n", {{"features", 2}});
  auto lives = program.start().value();
  lives.setup();
  CHECK(lives.predict(std::vector{1.0, 2.0})[0] == 3.0);
  lives.learn(std::vector{0.5, 0.0}, 7.0);
  CHECK(lives.predict(std::vector{1.0, 2.0})[0] == 10.5);
}

TEST_CASE("many lifetimes at once are each what they are alone") {
  const auto program = net({.observe = {"W", "V"}});
  mlz::StartOptions options;
  options.lifetimes = 3;
  options.seed = 11;
  auto together = program.start(options).value();
  together.setup();
  std::vector<double> x(12), target(6);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = std::cos(static_cast<double>(i));
  std::vector<double> all;
  for (int step = 0; step < 5; ++step) {
    const auto y = together.predict(x);
    all.assign(y.begin(), y.end());
    together.learn(x, target);
  }
  REQUIRE(all.size() == 6);
  CHECK(all[0] != all[2]);
  for (std::uint32_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    mlz::StartOptions one;
    one.seed = 11;
    one.indices = {i};
    auto alone = program.start(one).value();
    alone.setup();
    const std::vector<double> my_x(x.begin() + 4 * i, x.begin() + 4 * i + 4);
    const std::vector<double> my_target(target.begin() + 2 * i, target.begin() + 2 * i + 2);
    std::vector<double> y;
    for (int step = 0; step < 5; ++step) {
      const auto now = alone.predict(my_x);
      y.assign(now.begin(), now.end());
      alone.learn(my_x, my_target);
    }
    CHECK(y == std::vector<double>(all.begin() + 2 * i, all.begin() + 2 * i + 2));
    CHECK(alone.read("W") == together.read("W", static_cast<int>(i)));
  }
}

TEST_CASE("values of one lifetime are given to all") {
  mlz::StartOptions options;
  options.lifetimes = 2;
  auto lives = linear().start(options).value();
  lives.setup();
  const std::vector x{1.0, 2.0};
  lives.learn(x, 1.0);
  const auto y = lives.predict(x);
  REQUIRE(y.size() == 2);
  CHECK(y[0] == doctest::Approx(0.5));
  CHECK(y[1] == y[0]);
}

TEST_CASE("f32 machines and f32 spans, in any combination") {
  mlz::StartOptions options;
  options.dtype = mlz::DType::f32;
  auto narrow = linear().start(options).value();
  auto wide = linear().start().value();
  CHECK(narrow.dtype() == mlz::DType::f32);
  const std::vector<float> x{0.1f, 0.2f};
  const std::vector<double> x64(x.begin(), x.end());
  for (mlz::Lifetimes* lives : {&narrow, &wide}) {
    lives->setup();
    lives->learn(x, 1.0f);
    lives->learn(x64, 1.0);
    CHECK(lives->predict(x)[0] == doctest::Approx(lives->predict(x64)[0]));
    CHECK(lives->predict(x)[0] > 0);
  }
}

TEST_CASE("a batch is one step") {
  const auto program = bound("size batch = 2\nstate w : vector[features]\ndef Predict(x):\n  y = x @ w\n"
                             "def Learn(x, target):\n  w = w + 0.1 * (x.T @ (target - y))\n", {{"features", 3}});
  CHECK(program.batch() == 2);
  CHECK(program.x()->size() == 6);
  auto lives = program.start().value();
  lives.setup();
  const std::vector x{1.0, 0.0, 0.0, 0.0, 1.0, 0.0};
  lives.learn(x, std::vector{1.0, 2.0});
  const auto y = lives.predict(x);
  REQUIRE(y.size() == 2);
  CHECK(y[0] == doctest::Approx(0.1));
  CHECK(y[1] == doctest::Approx(0.2));
}

TEST_CASE("a program that lacks x, target or y still runs") {
  auto lives = bound("def Predict():\n  s2 = 1\n", {{"features", 2}}).start().value();
  lives.setup();
  const auto y = lives.predict(std::vector{1.0, 2.0});
  REQUIRE(y.size() == 1);
  CHECK(y[0] == 0.0);
  lives.learn(std::vector{1.0, 2.0}, 3.0);
}

TEST_CASE("misuse throws and says what fits") {
  auto lives = linear({.observe = {"w"}}).start().value();
  const std::vector x{1.0, 2.0}, three{1.0, 2.0, 3.0};
  CHECK_THROWS_AS(lives.predict(x), std::logic_error);
  CHECK_THROWS_AS(lives.write("w", x), std::logic_error);
  lives.setup();
  CHECK_THROWS_WITH_AS(lives.predict(three), "predict: 3 numbers for x; the program takes 2", std::invalid_argument);
  CHECK_THROWS_AS(lives.learn(x, x), std::invalid_argument);
  CHECK_THROWS_AS(lives.read("w", 1), std::invalid_argument);
  CHECK_THROWS_AS(lives.read("w", -1), std::invalid_argument);
  CHECK_THROWS_AS(lives.read("u"), std::invalid_argument);
  CHECK_THROWS_AS(lives.write("w", three), std::invalid_argument);
  CHECK(lives.read("w") == std::vector{0.0, 0.0});
  auto unseen = linear().start().value();
  unseen.setup();
  CHECK_THROWS_AS(unseen.read("w"), std::invalid_argument);
}

TEST_CASE("options that do not fit are errors as values") {
  const auto program = net();
  const auto text = [&](const mlz::StartOptions& options) { return program.start(options).error_text(); };
  mlz::StartOptions o;
  o.engine = "warp";
  CHECK(text(o).find("there is no engine `warp`") != std::string::npos);
  o = {};
  o.engine = "reference";
  o.dtype = mlz::DType::f32;
  CHECK(text(o).find("f64 only") != std::string::npos);
  o = {};
  o.lifetimes = 0;
  CHECK(text(o).find("at least one lifetime") != std::string::npos);
  o.lifetimes = 1'000'000'000;
  CHECK(text(o).find("bytes") != std::string::npos);
  o = {};
  o.indices = {1, 2};
  CHECK(text(o) != "");
  o = {};
  o.params = {{"W0", {1.0}}};
  CHECK(text(o).find("12 entries") != std::string::npos);
  o.params = {{"rat", {1.0}}};
  CHECK(text(o).find("did you mean `rate`") != std::string::npos);
}

TEST_CASE("threads share a program") {
  const auto program = net();
  std::array<double, 4> results{};
  std::vector<std::thread> threads;
  for (double& result : results) {
    threads.emplace_back([&result, &program] {
      auto lives = program.start({.seed = 3}).value();
      lives.setup();
      const std::vector x{1.0, 2.0, 3.0, 4.0}, target{1.0, 0.0};
      for (int i = 0; i < 50; ++i) {
        result += lives.predict(x)[0];
        lives.learn(x, target);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(results[0] != 0);
  for (const double r : results) CHECK(r == results[0]);
}
