#include <cstdlib>
#include <set>

#include "support.hpp"
#include "tasks/data_paths.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

DataPaths all_places() {
  DataPaths out = DataPaths::standard("");
  out.folders.push_back(MLZ_SOURCE_DIR "/../shared/data");
  return out;
}

/// The task, or null after saying that its data is not on this machine.
std::shared_ptr<const Task> if_present(const std::string& text) {
  try {
    return make_task(text, all_places());
  } catch (const InputError& error) {
    if (!contains(error.what(), "no data for the task")) throw;
    static int skipped = 0;
    MESSAGE("skipped (" << ++skipped << " so far): no data on this machine for " << text);
    return nullptr;
  }
}

std::vector<int> class_counts(const Examples& examples) {
  std::vector<int> out(10);
  for (std::size_t i = 0; i < examples.size(); ++i)
    ++out[static_cast<std::size_t>(examples.label(i))];
  return out;
}

double mean_pixel(const Examples& examples) {
  std::vector<float> x(784);
  double sum = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples.features(i, std::span(x));
    for (const float value : x) sum += static_cast<double>(value);
  }
  return sum / static_cast<double>(examples.size() * 784);
}

}  // namespace

TEST_CASE("mnist has its published counts and mean") {
  const auto task = if_present("mnist");
  if (!task) return;
  CHECK(task->info().sizes.at("features") == 784);
  CHECK(task->info().sizes.at("height") == 28);
  CHECK(task->info().classes == 10);
  const Problem problem = task->problem(1, 0);
  CHECK(class_counts(*problem.train) ==
        std::vector{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});
  CHECK(class_counts(*problem.test) ==
        std::vector{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  CHECK(mean_pixel(*problem.train) == doctest::Approx(0.1307).epsilon(0.001));
  CHECK(problem.train->label(0) == 5);
}

TEST_CASE("fashion_mnist has its published counts and mean") {
  const auto task = if_present("fashion_mnist");
  if (!task) return;
  const Problem problem = task->problem(1, 0);
  CHECK(class_counts(*problem.train) == std::vector<int>(10, 6000));
  CHECK(class_counts(*problem.test) == std::vector<int>(10, 1000));
  CHECK(mean_pixel(*problem.train) == doctest::Approx(0.2860).epsilon(0.001));
}

TEST_CASE("cifar10 has its published test counts and shapes, and changes on the way in") {
  const auto task = if_present("cifar10:classes=3/5,grey=1,resize=8,train=1000");
  if (!task) return;
  CHECK(task->info().sizes ==
        std::map<std::string, std::int64_t>{
            {"features", 64}, {"outputs", 2}, {"height", 8}, {"width", 8}, {"channels", 1}});
  const Problem problem = task->problem(1, 0);
  CHECK(problem.test->size() == 2000);
  CHECK(problem.train->size() == 1000);
  const auto colour = make_task("cifar10:train=10,test=2000", all_places())->problem(1, 0);
  CHECK(make_task("cifar10:train=10", all_places())->info().sizes.at("features") == 3072);
  CHECK(colour.train->label(0) == 6);  // the first training image is a frog
  std::vector<double> x(3072);
  double means[3] = {};
  for (std::size_t i = 0; i < 2000; ++i) {
    colour.test->features(i, std::span(x));
    for (std::size_t j = 0; j < 3072; ++j) means[j % 3] += x[j] / (2000 * 1024);
  }
  CHECK(means[0] == doctest::Approx(0.4914).epsilon(0.03));
  CHECK(means[1] == doctest::Approx(0.4822).epsilon(0.03));
  CHECK(means[2] == doctest::Approx(0.4465).epsilon(0.03));
}

TEST_CASE("the small tables have their published counts") {
  struct Known {
    const char* name;
    std::int64_t features, classes;
    std::size_t rows;
  };
  for (const Known& known : std::vector<Known>{{"iris", 4, 3, 150},
                                               {"wine", 13, 3, 178},
                                               {"wdbc", 30, 2, 569},
                                               {"sonar", 60, 2, 208},
                                               {"ionosphere", 34, 2, 351},
                                               {"banknote", 4, 2, 1372}}) {
    CAPTURE(known.name);
    const auto task = if_present(known.name);
    if (!task) continue;
    CHECK(task->info().sizes.at("features") == known.features);
    CHECK(task->info().classes == known.classes);
    const Problem problem = task->problem(1, 0);
    CHECK(problem.train->size() + problem.test->size() == known.rows);
  }
  const auto digits = if_present("optdigits");
  if (!digits) return;
  CHECK(digits->info().sizes.at("height") == 8);
  const Problem problem = digits->problem(1, 0);
  CHECK(class_counts(*problem.train) ==
        std::vector{376, 389, 380, 389, 387, 376, 377, 387, 380, 382});
  CHECK(class_counts(*problem.test) ==
        std::vector{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
}

TEST_CASE("projected mnist has the sizes of AutoML-Zero") {
  const auto task = if_present("projected:data=mnist,pair=0/1");
  if (!task) return;
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 8000);
  CHECK(problem.valid->size() == 1000);
  CHECK(problem.test->size() == 1000);
  CHECK(task->info().sizes.at("features") == 16);
}

TEST_CASE("a mixture of two image sets") {
  if (!if_present("mnist") || !if_present("fashion_mnist")) return;
  const auto task =
      make_task("mix:tasks=(2*mnist:resize=14 + fashion_mnist:resize=14)", all_places());
  CHECK(task->info().sizes.at("features") == 196);
  std::set<const Examples*> sets;
  for (std::uint32_t index = 0; index < 20; ++index)
    sets.insert(task->problem(1, index).train.get());
  CHECK(sets.size() == 2);
}
