#include <bit>
#include <cmath>
#include <numeric>

#include "automl_text.hpp"
#include "fixture.hpp"
#include "vm/batch_evaluator.hpp"

using namespace mlz;
using namespace mlz::test;
using mlz::eval::test::Rows;
using mlz::eval::test::World;

namespace {

/// Made-up tasks, as problems and as a batch.
struct Tasks {
  std::vector<World> worlds;
  vm::TaskBatch batch;

  Tasks(tasks::Metric metric, int features, int count, int train, int valid, int epochs) {
    batch.features = features;
    batch.metric = metric == tasks::Metric::accuracy ? vm::BatchMetric::accuracy : vm::BatchMetric::rms_error;
    batch.seed = 7;
    for (int k = 0; k < count; ++k) {
      World w(metric, metric == tasks::Metric::accuracy ? 2 : 0, features);
      w.info.sizes["outputs"] = 1;
      w.seed = 7;
      w.settings.protocol = eval::Protocol::automl;
      w.settings.lifetime = static_cast<std::uint32_t>(3 * k + 1);
      w.problem.epochs = epochs;
      vm::BatchTask task;
      task.lifetime = w.settings.lifetime;
      DrawSequence draws({99, kTaskStream, static_cast<std::uint32_t>(k), 0, 0});
      w.problem.train = examples(draws, metric, features, train, task.train_features, task.train_labels);
      w.problem.valid = examples(draws, metric, features, valid, task.valid_features, task.valid_labels);
      for (int e = 0; e < epochs; ++e) {
        std::vector<std::uint32_t> order(static_cast<std::size_t>(train));
        if (e == 0) std::iota(order.begin(), order.end(), 0u);
        else shuffle(draws, order);
        task.orders.push_back(order);
        w.problem.order.push_back(order);
      }
      batch.tasks.push_back(task);
      worlds.push_back(w);
    }
  }

 private:
  static std::shared_ptr<const tasks::Examples> examples(DrawSequence& draws, tasks::Metric metric, int features,
                                                         int count, std::vector<double>& x, std::vector<double>& y) {
    std::vector<std::vector<double>> rows;
    for (int i = 0; i < count; ++i) {
      std::vector<double> row;
      double label = 0;
      for (int f = 0; f < features; ++f) {
        row.push_back(draws.normal());
        label += row.back() * (f % 3 - 1);
      }
      x.insert(x.end(), row.begin(), row.end());
      y.push_back(metric == tasks::Metric::accuracy ? (label > 0 ? 1.0 : 0.0) : label);
      rows.push_back(row);
    }
    return std::make_shared<Rows>(rows, y);
  }
};

std::uint64_t bits(double v) { return std::bit_cast<std::uint64_t>(v); }

struct Case {
  std::string text;
  vm::CompactProgram program;
};

/// Programs that have a compact form.
std::vector<Case> cases(const World& world, int features, std::uint64_t first, int count, const AutomlOptions& options) {
  std::vector<Case> out;
  for (int k = 0; k < count; ++k) {
    const std::string text = automl_text(first + static_cast<std::uint64_t>(k), options);
    std::string why;
    auto program = vm::compact(world.machine(text)->program(), features, &why);
    REQUIRE_MESSAGE(program.has_value(), why);
    out.push_back({text, std::move(*program)});
  }
  return out;
}

/// The reference engine with the draws of that world's lifetime.
eval::Outcome run_reference(const World& world, const std::string& text) {
  vm::MachineOptions options;
  options.seed = world.seed;
  options.lifetimes = {world.settings.lifetime};
  const auto machine = vm::make_machine("reference", world.machine(text)->program(), options);
  return world.run(*machine);
}

struct Tally {
  int alive = 0, died = 0;  ///< lifetimes
  int broken = 0;           ///< programs with predictions that ended a lifetime as they were not finite
};

/// Evaluates the cases in one batch and one by one on the reference engine.
Tally compare(const Tasks& tasks, const std::vector<Case>& programs, const vm::BatchOptions& options) {
  vm::BatchEvaluator evaluator(tasks.batch, options);
  std::vector<const vm::CompactProgram*> pointers;
  for (const Case& c : programs) pointers.push_back(&c.program);
  std::vector<vm::BatchOutcome> outcomes(programs.size());
  evaluator.evaluate(pointers, outcomes);
  Tally tally;
  for (std::size_t p = 0; p < programs.size(); ++p) {
    std::int64_t steps = 0;
    bool broken = false;
    for (std::size_t k = 0; k < tasks.worlds.size(); ++k) {
      const World& world = tasks.worlds[k];
      const eval::Outcome expected = run_reference(world, programs[p].text);
      steps += expected.steps;
      broken = broken || (expected.why == eval::Stop::error_limit && expected.non_finite > 0);
      INFO(programs[p].text);
      INFO("task ", k, ": ", outcomes[p].fitness[k], ", reference ", expected.score);
      REQUIRE(bits(outcomes[p].fitness[k]) == bits(expected.score));
      ++(expected.score > 0 ? tally.alive : tally.died);
    }
    INFO(programs[p].text);
    REQUIRE(outcomes[p].steps == steps);
    REQUIRE(outcomes[p].non_finite == broken);
    tally.broken += broken ? 1 : 0;
  }
  return tally;
}

}  // namespace

TEST_CASE("regression: fitness and steps have the bits of the reference engine") {
  Tally all;
  std::uint64_t seed = 0;
  for (const int features : {1, 2, 3, 4, 8, 9}) {
    const Tasks tasks(tasks::Metric::rms_error, features, 1 + features * 2, 12, 7, features == 4 ? 3 : 1);
    const auto programs = cases(tasks.worlds[0], features, seed += 1000, 60, {});
    for (const vm::Level level : vm::kLevels) {
      if (!vm::level_available(level)) {
        MESSAGE("skipped: this processor lacks level ", vm::level_name(level));
        continue;
      }
      CAPTURE(features);
      CAPTURE(vm::level_name(level));
      vm::BatchOptions options;
      options.level = level;
      options.fuse = level != vm::Level::v3;
      options.interleave = level == vm::Level::v2 ? 3 : 0;
      const Tally t = compare(tasks, programs, options);
      all.alive += t.alive;
      all.died += t.died;
      all.broken += t.broken;
    }
  }
  MESSAGE(all.alive, " lifetimes scored, ", all.died, " failed; ", all.broken, " programs were not finite");
  CHECK(all.broken > 50);
  CHECK(all.alive > 1000);
  CHECK(all.died > 300);
}

TEST_CASE("many features, whose matrices have a form of their own") {
  Tally all;
  for (const int features : {16, 32}) {
    for (const int count : {5, 11, 19}) {
      const Tasks tasks(tasks::Metric::rms_error, features, count, 6, 4, count == 5 ? 1 : 3);
      AutomlOptions options;
      if (count == 11) options.ops = {1, 3, 16, 17, 18, 23, 25, 28, 29, 31, 39, 40, 41, 58, 61, 64};
      const auto programs = cases(tasks.worlds[0], features, static_cast<std::uint64_t>(30000 + features * count), 40, options);
      for (const vm::Level level : vm::kLevels) {
        if (!vm::level_available(level)) continue;
        vm::BatchOptions batch;
        batch.level = level;
        batch.fuse = level != vm::Level::v3;
        CAPTURE(features);
        CAPTURE(vm::level_name(level));
        const Tally t = compare(tasks, programs, batch);
        all.alive += t.alive;
        all.died += t.died;
      }
    }
  }
  CHECK(all.alive > 500);
  CHECK(all.died > 100);
}

TEST_CASE("classes, several epochs, and more tasks than one pass has lanes") {
  const Tasks tasks(tasks::Metric::accuracy, 4, 19, 10, 6, 2);
  AutomlOptions busy;
  busy.write_inputs = 0.3;
  busy.addresses = {3, 2, 2};
  const Tally t = compare(tasks, cases(tasks.worlds[0], 4, 5000, 60, busy), {});
  CHECK(t.alive > 300);
}

TEST_CASE("programs of the demo's ops, which fusion meets most") {
  AutomlOptions demo;
  demo.addresses = {4, 3, 1};
  demo.lines = {10, 2, 8};
  demo.ops = {56, 27, 2, 3, 18, 23};
  const Tasks tasks(tasks::Metric::rms_error, 4, 10, 20, 10, 1);
  const Tally t = compare(tasks, cases(tasks.worlds[0], 4, 9000, 150, demo), {});
  CHECK(t.alive > 500);
  demo.ops = {1, 2, 3, 18, 23, 24, 28, 39, 40, 31, 59, 64};
  demo.lines = {6, 8, 14};
  const Tally u = compare(tasks, cases(tasks.worlds[0], 4, 12000, 150, demo), {});
  CHECK(u.alive > 300);
}

TEST_CASE("f32 outcomes do not depend on interleaving, fusion or level") {
  int features = 4;
  SUBCASE("4 features") { features = 4; }
  SUBCASE("16 features") { features = 16; }
  SUBCASE("32 features") { features = 32; }
  const Tasks tasks(tasks::Metric::rms_error, features, 10, 20, 10, 2);
  const auto programs = cases(tasks.worlds[0], features, 20000, features == 4 ? 100 : 20, {});
  std::vector<const vm::CompactProgram*> pointers;
  for (const Case& c : programs) pointers.push_back(&c.program);
  std::vector<vm::BatchOutcome> first(programs.size()), other(programs.size());
  vm::BatchOptions options;
  options.dtype = vm::DType::f32;
  vm::BatchEvaluator evaluator(tasks.batch, options);
  evaluator.evaluate(pointers, first);
  for (const vm::Level level : vm::kLevels) {
    if (!vm::level_available(level)) continue;
    options.level = level;
    options.interleave = level == vm::Level::v4 ? 1 : 5;
    options.fuse = level == vm::Level::v2;
    vm::BatchEvaluator another(tasks.batch, options);
    another.evaluate(pointers, other);
    for (std::size_t p = 0; p < programs.size(); ++p) {
      INFO(programs[p].text);
      for (std::size_t k = 0; k < 10; ++k) REQUIRE(bits(first[p].fitness[k]) == bits(other[p].fitness[k]));
      REQUIRE(first[p].steps == other[p].steps);
    }
  }
}

TEST_CASE("tasks that do not fit each other are refused") {
  Tasks tasks(tasks::Metric::rms_error, 4, 2, 12, 7, 1);
  tasks.batch.tasks[1].train_labels.pop_back();
  CHECK_THROWS_AS(vm::BatchEvaluator(tasks.batch, {}), InputError);
  tasks.batch.tasks.clear();
  CHECK_THROWS_AS(vm::BatchEvaluator(tasks.batch, {}), InputError);
}
