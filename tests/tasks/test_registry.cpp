#include <algorithm>
#include <set>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

std::string task_error(const std::string& text) {
  return error_of([&] { make_task(text, DataPaths{}); });
}

std::set<std::string> names_of_worlds() {
  return {"cartpole", "acrobot", "mountain_car", "pendulum", "bandit", "swapping_bandit"};
}

std::string full_name(const std::string& text) { return make_task(text, DataPaths{})->info().name; }

}  // namespace

TEST_CASE("every task makes its default form or says which data it lacks") {
  for (const TaskEntry& entry : registry()) {
    CAPTURE(entry.name);
    const std::set<std::string> need_files{"idx", "csv", "npy", "npz", "mix"},
        need_nothing{"linear", "affine", "nn", "digits", "fewshot"}, worlds = names_of_worlds();
    if (worlds.contains(entry.name)) continue;  // see test_worlds.cpp
    if (!need_nothing.contains(entry.name)) {
      const std::string error = task_error(entry.name);
      CHECK(contains(error, need_files.contains(entry.name) ? entry.name + ":" : "--task digits"));
      continue;
    }
    const auto task = make_task(entry.name, DataPaths{});
    CHECK(task->info().name == entry.name);
    CHECK(task->info().sizes.contains("features"));
    CHECK(task->info().sizes.contains("outputs"));
    CHECK(!task->info().source.empty());
    const Problem problem = task->problem(1, 0);
    REQUIRE(problem.train);
    REQUIRE(problem.valid);
    REQUIRE(problem.test);
    CHECK(problem.train->size() > 0);
    const auto epochs = static_cast<std::size_t>(problem.epochs);
    CHECK((problem.order.empty() || problem.order.size() == epochs));
  }
}

TEST_CASE("every default is in its own range and in standard spelling") {
  for (const TaskEntry& entry : registry()) {
    for (const TaskOption& option : entry.options) {
      CAPTURE(entry.name);
      CAPTURE(option.name);
      CHECK(!option.meaning.empty());
      if (option.kind == OptionKind::choice) {
        CHECK(std::count(option.choices.begin(), option.choices.end(), option.default_value) == 1);
        continue;
      }
      if (option.kind != OptionKind::whole && option.kind != OptionKind::number) continue;
      const double value = std::stod(option.default_value);
      CHECK(value >= option.lo);
      CHECK(value <= option.hi);
      CHECK(fmt::format("{}", value) == option.default_value);
    }
  }
}

TEST_CASE("the list of tasks shows every task and option") {
  const std::string page = list_tasks();
  for (const TaskEntry& entry : registry()) {
    CHECK(contains(page, entry.name + ": " + entry.meaning));
    for (const TaskOption& option : entry.options) {
      CHECK(contains(page, "  " + option.name + "=" + option.default_value));
    }
  }
}

TEST_CASE("full names hold what differs from the defaults, in one spelling") {
  CHECK(full_name("linear") == "linear");
  CHECK(full_name("linear:") == "linear");
  CHECK(full_name("linear:features=4") == "linear");
  CHECK(full_name("linear: epochs=2 , features=008") == "linear:features=8,epochs=2");
  CHECK(full_name("digits:classes=3,5,train=10") == "digits:train=10,classes=3/5");
  CHECK(full_name("digits:noise=0.250") == "digits:noise=0.25");
  CHECK(full_name(full_name("digits:classes=3,5,noise=2e-1")) == "digits:classes=3/5,noise=0.2");
}

TEST_CASE("unknown tasks and options") {
  CHECK(contains(task_error("liner"), "Did you mean 'linear'?"));
  CHECK(contains(task_error("liner"), "linear, affine, nn"));
  CHECK(contains(task_error(""), "there is no task ''"));
  CHECK(contains(task_error("linear:feature=8"), "Did you mean 'features'?"));
  CHECK(contains(task_error("linear:size=8"), "Its options are: features, outputs, train"));
  CHECK(contains(task_error("linear:=8"), "no option ''"));
  CHECK(contains(task_error("linear:features"), "'features' is not an option. Write options as"));
  CHECK(contains(task_error("linear:features=4,"), "'' is not an option"));
  CHECK(contains(task_error("linear:features=4,5"), "'5' is not an option"));
  CHECK(contains(task_error("linear:features=4,features=4"), "given twice"));
  CHECK(contains(task_error(std::string("a\0\x1b[2J", 6)), "'a??[2J'"));
  CHECK(task_error(std::string(1 << 20, 'x')).size() < 500);
}

TEST_CASE("values that do not fit") {
  for (const char* value :
       {"", "x", "1e2", "4.5", "4x", "-1", "0", "4097", "99999999999999999999", "+4", "nan"}) {
    CAPTURE(value);
    const std::string error = task_error(fmt::format("linear:features={}", value));
    CHECK(contains(error, "is not a whole number from 1 to 4096"));
  }
  for (const char* value : {"", "x", "-0.1", "1.5", "nan", "inf", "1e999", "0x1p-3"}) {
    CAPTURE(value);
    CHECK(
        contains(task_error(fmt::format("digits:noise={}", value)), "is not a number from 0 to 1"));
  }
  CHECK(contains(task_error("nn:features=3"), "from 4 to 4096"));
  CHECK(contains(task_error("digits:classes=3/x"), "several joined by '/'"));
  CHECK(contains(task_error("digits:classes=3//5"), "several joined by '/'"));
  CHECK(contains(task_error("digits:classes=3/10"), "there is no class 10"));
  CHECK(contains(task_error("digits:classes=3/3"), "class 3 twice"));
  CHECK(contains(task_error("digits:classes=3"), "only one class"));
}

TEST_CASE("values in parentheses may hold commas and options of other tasks") {
  CHECK(contains(task_error("idx:images=(a,b),labels=c"), "the data file a,b does not exist"));
  CHECK(contains(task_error("idx:images=((a,b)),labels=(c)"), "the data file a,b does not exist"));
  CHECK(contains(task_error("idx:images=(a,labels=c"), "parentheses"));
  CHECK(contains(task_error("idx:images=a),labels=c("), "parentheses"));
  CHECK(contains(task_error("projected:data=(digits:clases=1/2),pair=0/1"),
                 "Did you mean 'classes'?"));
  CHECK(full_name("projected:data=(digits:classes=1/2,train=50),pair=0/1,features=2") ==
        "projected:data=(digits:classes=1/2,train=50),features=2,pair=0/1");
}

TEST_CASE("words that are not among the choices") {
  const std::string error = task_error("projected:data=digits,split=heldout");
  CHECK(contains(error, "is not one of search, held_out, all"));
  CHECK(contains(error, "Did you mean 'held_out'?"));
}

TEST_CASE("tasks within tasks end at some depth") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "mix:tasks=(";
  text += "digits" + std::string(100'000, ')');
  CHECK(contains(task_error("mix:tasks=" + std::string(1 << 20, '(') + std::string(1 << 20, ')')),
                 "mix"));
  CHECK(contains(task_error(text), "more than 8 deep"));
  CHECK(make_task("digits", {}));
  text = "digits";
  for (int i = 0; i < 5; ++i) text = "mix:tasks=(" + text + ")";
  CHECK(full_name(text).starts_with("mix:tasks=(mix:tasks="));
}

TEST_CASE("data that would not fit into memory is refused before it is drawn") {
  CHECK(contains(task_error("linear:features=4096,train=10000000"), "GiB of memory"));
  CHECK(contains(task_error("linear:train=10000000,epochs=1000"), "GiB of memory"));
  CHECK(contains(task_error("digits:size=32,train=1000000,epochs=1000"), "GiB of memory"));
}
