#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

std::shared_ptr<const Task> mix(const std::string& tasks) {
  return make_task("mix:tasks=(" + tasks + ")", {});
}

std::string mix_error(const std::string& tasks) {
  return error_of([&] { mix(tasks); });
}

}  // namespace

TEST_CASE("problems come from the tasks by weight and by seed and index alone") {
  const auto task = mix("3*linear:train=10 + linear:train=20"),
             again = mix("3*linear:train=10+linear:train=20");
  int first = 0;
  for (std::uint32_t index = 0; index < 400; ++index) {
    const std::size_t size = task->problem(5, index).train->size();
    CHECK((size == 10 || size == 20));
    first += size == 10;
    CHECK(again->problem(5, index).train->size() == size);
  }
  // Four deviations of a binomial draw around 300.
  CHECK(first > 265);
  CHECK(first < 335);
}

TEST_CASE("a problem of a mixture is that of its task") {
  const auto task = mix("linear + linear:train=50"), part = make_task("linear", {});
  for (std::uint32_t index = 0; index < 10; ++index) {
    const Problem problem = task->problem(1, index);
    if (problem.train->size() != 100) continue;
    CHECK(contents(*problem.train, 4) == contents(*part->problem(1, index).train, 4));
  }
}

TEST_CASE("names go through make_task again and keep weights and options") {
  const auto task = mix("0.5*linear:epochs=2,train=008 + (affine) + 2 * nn:train=3");
  CHECK(task->info().name == "mix:tasks=(0.5*linear:train=8,epochs=2 + affine + 2*nn:train=3)");
  CHECK(make_task(task->info().name, {})->info().name == task->info().name);
  CHECK(task->info().metric == Metric::rms_error);
  CHECK(task->info().protocol == "automl");
  CHECK(task->info().sizes.at("features") == 4);
}

TEST_CASE("mixtures inside mixtures") {
  const auto task = mix("(mix:tasks=(linear + 2*affine)) + nn");
  CHECK(make_task(task->info().name, {})->info().name == task->info().name);
  CHECK(task->problem(1, 0).train->size() > 0);
}

TEST_CASE("a random projection makes tasks of different sizes equal") {
  CHECK(mix("digits:size=8,project=5,train=20 + digits:size=9,project=5,train=20")
            ->info()
            .sizes.at("features") == 5);
}

TEST_CASE("what cannot be mixed") {
  CHECK(contains(error_of([] { make_task("mix", {}); }), "name the tasks"));
  CHECK(contains(mix_error("linear + linear:features=5"), "features 5"));
  CHECK(contains(mix_error("linear + linear:outputs=2"), "outputs 2"));
  CHECK(contains(mix_error("linear + digits"), "must have the same sizes"));
  CHECK(contains(mix_error("linear + "), "missing beside a '+'"));
  CHECK(contains(mix_error("linear + liner"), "Did you mean 'linear'?"));
  for (const char* weight : {"0", "-1", "nan", "1e7", "2x", "", "1e999", "+1"}) {
    CAPTURE(weight);
    CHECK(!mix_error(std::string(weight) + "*linear").empty());
  }
  CHECK(contains(mix_error("2 linear"), "does not begin with a task or a weight"));
  CHECK(contains(mix_error("2*"), "there is no task ''"));
  std::string many = "linear";
  for (int i = 0; i < 2000; ++i) many += "+linear";
  CHECK(contains(mix_error(many), "more than the 1000"));
}
