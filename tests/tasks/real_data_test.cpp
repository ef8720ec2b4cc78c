#include <cstdlib>

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
