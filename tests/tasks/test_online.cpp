#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "image_sets.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

std::shared_ptr<const Task> online(const std::string& options, const DataPaths& paths = {}) {
  return make_task("online:" + options, paths);
}

std::string online_error(const std::string& options, const DataPaths& paths = {}) {
  return error_of([&] { online(options, paths); });
}

std::vector<double> stream(const Task& task, std::uint64_t seed, std::uint32_t index) {
  return contents(*task.problem(seed, index).train, static_cast<std::size_t>(task.info().sizes.at("features")));
}

/// A data set of its own, under the name of mnist.
struct SmallSet {
  TempFolder folder;
  DataPaths paths{{folder.path()}};
  SmallSet() { write_image_set(folder / "mnist"); }
};

/// The numbers of the images a lifetime shows, by their first pixel.
std::vector<int> shown(const Task& task, std::uint64_t seed, std::uint32_t index) {
  const Problem problem = task.problem(seed, index);
  std::vector<double> x(static_cast<std::size_t>(task.info().sizes.at("features")));
  std::vector<int> out;
  for (std::size_t i = 0; i < problem.train->size(); ++i) {
    problem.train->features(i, std::span(x));
    out.push_back(static_cast<int>(std::lround(x[0] * 255)));
  }
  return out;
}

}  // namespace

TEST_CASE("a lifetime of a stream is a pure function of seed and index") {
  for (const char* options :
       {"data=digits,steps=30", "data=glyphs,steps=30", "data=random,steps=30", "data=sum_sign,steps=30",
        "data=(digits:noise=0,train=40,size=9),steps=30,ways=3,permute=0.5,project=0.5",
        "data=(digits + random),steps=20,size=9"}) {
    CAPTURE(options);
    const auto task = online(options), again = online(options);
    CHECK(stream(*task, 3, 1) == stream(*again, 3, 1));
    CHECK(stream(*task, 3, 1) != stream(*again, 3, 2));
    CHECK(stream(*task, 3, 1) != stream(*again, 4, 1));
    const Problem problem = task->problem(3, 1);
    CHECK(problem.epochs == 1);
    CHECK(problem.valid->size() == 0);
    CHECK(problem.test->size() == 0);
    CHECK(make_task(task->info().name, {})->info().name == task->info().name);
  }
}

TEST_CASE("sizes are those of the images, and marks are within the stream") {
  const auto task = online("data=digits,steps=600");
  CHECK(task->info().sizes ==
        std::map<std::string, std::int64_t>{
            {"features", 784}, {"outputs", 10}, {"steps", 600}, {"height", 28}, {"width", 28}, {"channels", 1}});
  CHECK(task->info().marks == std::vector<std::int64_t>{99, 500});
  CHECK(!online("data=digits,project=0.5")->info().sizes.contains("height"));
  CHECK(online("data=digits,size=8")->info().sizes.at("features") == 64);
  CHECK(online("data=digits,outputs=62")->info().classes == 62);
}

TEST_CASE("no image comes again before all have been shown, and none of the other split") {
  const SmallSet set;
  const auto train = online("steps=150,normalise=0", set.paths);
  std::vector<int> all(60), order = shown(*train, 1, 0);
  std::iota(all.begin(), all.end(), 1);
  for (const int pass : {0, 1}) {
    std::vector<int> part(order.begin() + 60 * pass, order.begin() + 60 * (pass + 1));
    CHECK(part != all);
    std::ranges::sort(part);
    CHECK(part == all);
  }
  const auto test = online("steps=150,normalise=0,split=test", set.paths);
  for (const int image : shown(*test, 1, 0)) CHECK((image >= 101 && image <= 130));
}

TEST_CASE("labels are those of the images, or of drawn classes numbered anew") {
  const SmallSet set;
  const auto kept = online("steps=40,normalise=0,classes=4/1", set.paths);
  const Problem problem = kept->problem(2, 0);
  const auto images = shown(*kept, 2, 0);
  for (std::size_t i = 0; i < images.size(); ++i) CHECK((images[i] - 1) % 6 == (problem.train->label(i) == 0 ? 4 : 1));

  const auto drawn = online("steps=60,normalise=0,ways=3", set.paths);
  CHECK(drawn->info().classes == 3);
  std::set<std::vector<int>> choices;
  for (std::uint32_t index = 0; index < 30; ++index) {
    const Problem lifetime = drawn->problem(2, index);
    const auto seen = shown(*drawn, 2, index);
    std::vector<int> class_of(3, -1), counts(3);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const auto label = static_cast<std::size_t>(lifetime.train->label(i));
      const int original = (seen[i] - 1) % 6;
      CHECK((class_of[label] == -1 || class_of[label] == original));
      class_of[label] = original;
      ++counts[label];
    }
    CHECK(counts == std::vector<int>(3, 20));
    choices.insert(class_of);
  }
  CHECK(choices.size() > 15);
}

TEST_CASE("pixels are normalised by the set's own numbers") {
  const SmallSet set;
  const auto plain = stream(*online("steps=5,normalise=0", set.paths), 1, 0),
             scaled = stream(*online("steps=5", set.paths), 1, 0);
  for (std::size_t i = 0; i < 5 * 16; ++i) CHECK(scaled[i] == doctest::Approx((plain[i] - 0.13066) / 0.30811));
  double sum = 0, squares = 0;
  const auto digits = stream(*online("data=digits,steps=300"), 1, 0);
  const double count = 300 * 784;
  for (std::size_t i = 0; i < 300 * 784; ++i) sum += digits[i], squares += digits[i] * digits[i];
  CHECK(std::abs(sum / count) < 0.05);
  CHECK(squares / count == doctest::Approx(1).epsilon(0.1));
}

TEST_CASE("a share of lifetimes has its pixels permuted or projected, with one matrix each") {
  const SmallSet set;
  const auto plain = online("steps=8", set.paths), moved = online("steps=8,permute=0.5", set.paths),
             mixed = online("steps=8,project=0.5", set.paths);
  int moved_count = 0, mixed_count = 0;
  for (std::uint32_t index = 0; index < 100; ++index) {
    const auto x = stream(*plain, 1, index);
    auto p = stream(*moved, 1, index);
    moved_count += p != x;
    mixed_count += stream(*mixed, 1, index) != x;
    std::ranges::sort(p);
    auto sorted = x;
    std::ranges::sort(sorted);
    CHECK(p == sorted);
  }
  // Four deviations of a binomial draw around 50, less for orders that change nothing.
  CHECK((moved_count > 25 && moved_count < 70));
  CHECK((mixed_count > 30 && mixed_count < 70));
}

TEST_CASE("a projection is linear and of the published size") {
  const auto plain = online("data=random,steps=40"), mixed = online("data=random,steps=40,project=1");
  const auto x = stream(*plain, 5, 0), z = stream(*mixed, 5, 0);
  double squares = 0;
  for (std::size_t i = 0; i < 40 * 784; ++i) squares += z[i] * z[i];
  // 784 products of a standard normal and U(-L, L), whose variance is L^2 / 3 = 1 / 784.
  CHECK(squares / (40 * 784) == doctest::Approx(1).epsilon(0.1));
  for (std::size_t i = 1; i < 40; ++i) {
    const bool same_image = std::equal(x.begin(), x.begin() + 784, x.begin() + static_cast<std::ptrdiff_t>(784 * i));
    CHECK(same_image == std::equal(z.begin(), z.begin() + 784, z.begin() + static_cast<std::ptrdiff_t>(784 * i)));
  }
}

TEST_CASE("random shows twenty images, sum_sign says what it asks for") {
  const auto twenty = online("data=random,steps=200");
  std::set<std::vector<double>> images;
  const auto x = stream(*twenty, 1, 0);
  for (std::ptrdiff_t i = 0; i < 200; ++i) images.insert({x.begin() + 784 * i, x.begin() + 784 * (i + 1)});
  CHECK(images.size() == 20);
  const auto sums = stream(*online("data=sum_sign,steps=100"), 1, 0);
  int ones = 0;
  for (std::ptrdiff_t i = 0; i < 100; ++i) {
    const double sum = std::accumulate(sums.begin() + 784 * i, sums.begin() + 784 * (i + 1), 0.0);
    CHECK((sum > 0) == (sums[static_cast<std::size_t>(100 * 784 + i)] == 1));
    ones += sum > 0;
  }
  CHECK((ones > 30 && ones < 70));
}

TEST_CASE("one data set for each lifetime, drawn by weight") {
  TempFolder folder;
  write_image_set(folder / "mnist");
  write_image_part(folder / "fashion_mnist", "train", 30, 4, 6, 201);
  write_image_part(folder / "fashion_mnist", "t10k", 30, 4, 6, 231);
  const auto task = online("data=(3*mnist + fashion_mnist),steps=10,normalise=0", {{folder.path()}});
  int first = 0;
  for (std::uint32_t index = 0; index < 200; ++index) {
    const auto images = shown(*task, 1, index);
    const bool from_first = images[0] <= 60;
    for (const int image : images) CHECK((image <= 60) == from_first);
    first += from_first;
  }
  CHECK((first > 125 && first < 175));
}

TEST_CASE("streams that cannot be") {
  const SmallSet set;
  CHECK(contains(online_error("", {}), "no data for the task mnist"));
  CHECK(contains(online_error("data=linear"), "no classes to tell apart"));
  CHECK(contains(online_error("data=cartpole"), "no classes to tell apart"));
  CHECK(contains(online_error("data=mnits"), "there is no task 'mnits'"));
  CHECK(contains(online_error("data=digits,ways=11"), "more classes than the 10"));
  CHECK(contains(online_error("data=digits,ways=1"), "ways=1"));
  CHECK(contains(online_error("data=digits,outputs=5"), "less than the 10 classes"));
  CHECK(contains(online_error("data=digits,split=tset"), "is not one of train, valid, test"));
  CHECK(contains(online_error("data=digits,split=evaluation"), "omniglot"));
  CHECK(contains(online_error("data=digits,size=100"), "not from 8 to 64"));
  CHECK(contains(online_error("data=digits,classes=3/12"), "no class 12"));
  CHECK(contains(online_error("data=(digits + (digits:size=9))"), "images of one size"));
  CHECK(contains(online_error("data=(digits +)"), "missing beside a '+'"));
  CHECK(contains(online_error("split=valid", set.paths), "no images for split=valid"));
  CHECK(contains(online_error("data=digits,steps=1000000,project=1,size=64"), "GiB of memory"));
  CHECK(contains(online_error("data=omniglot"), "no data for the task omniglot"));
}
