#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>

#include "support.hpp"
#include "tasks/data_paths.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

/// A data set whose image i has the pixels 10 i, 10 i + 1 ... and the class i % classes.
void write_images(const std::string& images, const std::string& labels, std::uint32_t count,
                  std::vector<std::uint32_t> shape, std::uint32_t classes = 3) {
  std::uint32_t width = 1;
  for (const std::uint32_t side : shape) width *= side;
  shape.insert(shape.begin(), count);
  std::string pixels, marks;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < width; ++j) pixels.push_back(static_cast<char>(10 * i + j));
    marks.push_back(static_cast<char>(i % classes));
  }
  write_file(images, idx_header(8, shape) + pixels);
  write_file(labels, idx_header(8, {count}) + marks);
}

void write_set(const std::string& folder, std::uint32_t train = 9, std::uint32_t test = 6) {
  write_images(folder + "/train-images-idx3-ubyte", folder + "/train-labels-idx1-ubyte", train,
               {2, 2});
  write_images(folder + "/t10k-images-idx3-ubyte", folder + "/t10k-labels-idx1-ubyte", test,
               {2, 2});
}

std::vector<double> features_of(const Examples& examples, std::size_t i, std::size_t width) {
  std::vector<double> out(width);
  examples.features(i, std::span(out));
  return out;
}

std::string idx_error(const TempFolder& folder, const std::string& images,
                      const std::string& labels) {
  return error_of([&] {
    make_task(fmt::format("idx:images={},labels={}", folder / images, folder / labels), {});
  });
}

/// Sets an environment variable, or removes it, for as long as the object lives.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Environment() { set(old_ ? old_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }

  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace

TEST_CASE("pixels become 0 .. 1, labels and sizes are as in the files") {
  const TempFolder folder;
  write_set(folder.path());
  const auto task = make_task("mnist", DataPaths{{folder.path()}});
  const TaskInfo& info = task->info();
  CHECK(info.sizes ==
        std::map<std::string, std::int64_t>{
            {"features", 4}, {"outputs", 3}, {"height", 2}, {"width", 2}, {"channels", 1}});
  CHECK(info.metric == Metric::accuracy);
  CHECK(info.classes == 3);
  CHECK(info.protocol == "stream");
  CHECK(info.source == folder / "train-images-idx3-ubyte");
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 9);
  CHECK(problem.valid->size() == 0);
  CHECK(problem.test->size() == 6);
  CHECK(problem.epochs == 3);
  CHECK(features_of(*problem.train, 8, 4) ==
        std::vector{80 / 255.0, 81 / 255.0, 82 / 255.0, 83 / 255.0});
  CHECK(problem.train->label(7) == 1);
  std::vector<float> narrow(4);
  problem.test->features(1, std::span(narrow));
  CHECK(narrow == std::vector{10 / 255.0f, 11 / 255.0f, 12 / 255.0f, 13 / 255.0f});
}

TEST_CASE("every epoch and lifetime has an order of its own") {
  const TempFolder folder;
  write_set(folder.path(), 20);
  const auto task = make_task("mnist:train=18,epochs=2", DataPaths{{folder.path()}});
  const Problem problem = task->problem(5, 1);
  REQUIRE(problem.order.size() == 2);
  CHECK(problem.order[0] == training_order(5, 1, 0, 18));
  CHECK(problem.order[1] == training_order(5, 1, 1, 18));
  CHECK(problem.order[0] != problem.order[1]);
  CHECK(problem.order[0] != task->problem(5, 2).order[0]);
  CHECK(problem.order[0] != task->problem(6, 1).order[0]);
  CHECK(problem.order == task->problem(5, 1).order);
  CHECK(problem.train == task->problem(6, 2).train);
}

TEST_CASE("train takes the first, valid the last examples of the training file") {
  const TempFolder folder;
  write_set(folder.path());
  const DataPaths paths{{folder.path()}};
  const Problem problem = make_task("mnist:train=4,valid=3,test=2", paths)->problem(1, 0);
  CHECK(problem.train->size() == 4);
  CHECK(problem.valid->size() == 3);
  CHECK(problem.test->size() == 2);
  CHECK(features_of(*problem.train, 3, 1)[0] == 30 / 255.0);
  CHECK(features_of(*problem.valid, 0, 1)[0] == 60 / 255.0);
  CHECK(make_task("mnist:valid=3", paths)->problem(1, 0).train->size() == 6);
  const auto error = [&](const char* text) { return error_of([&] { make_task(text, paths); }); };
  CHECK(contains(error("mnist:train=10"), "asks for more examples than the 9 there are"));
  CHECK(contains(error("mnist:train=7,valid=3"), "asks for more examples than the 6 there are"));
  CHECK(contains(error("mnist:test=7"), "test=7 asks for more"));
  CHECK(contains(error("mnist:valid=9"), "leaves nothing to train on"));
}

TEST_CASE("chosen classes are renumbered in the order given") {
  const TempFolder folder;
  write_set(folder.path());
  const DataPaths paths{{folder.path()}};
  const auto task = make_task("mnist:classes=2/0", paths);
  CHECK(task->info().classes == 2);
  CHECK(task->info().sizes.at("outputs") == 2);
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 6);
  CHECK(problem.test->size() == 4);
  CHECK(problem.train->label(0) == 1);
  CHECK(problem.train->label(1) == 0);
  CHECK(features_of(*problem.train, 1, 1)[0] == 20 / 255.0);
  CHECK(
      contains(error_of([&] { make_task("mnist:classes=2/3", paths); }), "the classes are 0 to 2"));
}

TEST_CASE("standardised features have mean 0 and deviation 1 over the training part, per channel") {
  const TempFolder folder;
  write_images(folder / "i", folder / "l", 12, {2, 3, 3});
  const auto task = make_task(fmt::format("idx:images={},labels={},train=8,valid=2,standardise=1",
                                          folder / "i", folder / "l"),
                              {});
  CHECK(task->info().sizes.at("channels") == 3);
  CHECK(task->info().sizes.at("height") == 2);
  CHECK(task->info().sizes.at("features") == 18);
  const auto train = task->problem(1, 0).train;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const auto x = features_of(*train, i, 18);
      for (std::size_t j = channel; j < 18; j += 3) sum += x[j], squares += x[j] * x[j];
    }
    CHECK(sum / 48 == doctest::Approx(0).scale(1));
    CHECK(squares / 48 == doctest::Approx(1));
  }
}

TEST_CASE("constant images survive standardising") {
  const TempFolder folder;
  write_file(folder / "i", idx_header(8, {4, 2}) + std::string(8, '\7'));
  write_file(folder / "l", idx_header(8, {4}) + std::string("\0\1\0\1", 4));
  const auto task = make_task(
      fmt::format("idx:images={},labels={},standardise=1", folder / "i", folder / "l"), {});
  CHECK(task->info().sizes == std::map<std::string, std::int64_t>{{"features", 2}, {"outputs", 2}});
  CHECK(features_of(*task->problem(1, 0).train, 0, 2) == std::vector{0.0, 0.0});
}

TEST_CASE("own files: numbers other than bytes are taken as they are; test files are optional") {
  const TempFolder folder;
  write_file(folder / "i",
             idx_header(12, {2, 1}) + big_endian(1000, 4) + big_endian(0xFFFFFFFFu, 4));
  write_file(folder / "l", idx_header(12, {2}) + big_endian(0, 4) + big_endian(300, 4));
  const auto task = make_task("idx:images=i,labels=l", DataPaths{{"/nonexistent", folder.path()}});
  CHECK(task->info().classes == 301);
  const Problem problem = task->problem(1, 0);
  CHECK(features_of(*problem.train, 0, 1)[0] == 1000);
  CHECK(features_of(*problem.train, 1, 1)[0] == -1);
  CHECK(problem.test->size() == 0);
}

TEST_CASE("own files that do not fit together") {
  const TempFolder folder;
  write_images(folder / "i", folder / "l", 6, {2, 2});
  write_images(folder / "i5", folder / "l5", 5, {2, 2});
  write_images(folder / "wide", folder / "lw", 6, {2, 3});
  write_images(folder / "deep", folder / "ld", 2, {1, 1, 1, 1});
  write_images(folder / "i9", folder / "l9", 9, {2, 2}, 9);
  CHECK(contains(idx_error(folder, "i", "l5"), "6 images but"));
  CHECK(contains(idx_error(folder, "l", "i"), "swapped?"));
  CHECK(contains(idx_error(folder, "deep", "ld"), "5 dimensions; expected 2 to 4"));
  CHECK(contains(idx_error(folder, "none", "l"), "does not exist"));
  CHECK(contains(idx_error(folder, "i", ""), "is a folder"));
  const auto with_test = [&](const char* images, const char* labels) {
    return error_of([&] {
      make_task(fmt::format("idx:images={},labels={},test_images={},test_labels={}", folder / "i",
                            folder / "l", folder / images, folder / labels),
                {});
    });
  };
  CHECK(contains(with_test("wide", "lw"), "different sizes"));
  CHECK(contains(with_test("i9", "l9"), "has the class 8"));
  CHECK(contains(error_of([&] { make_task("idx:images=a,labels=b,test_images=c", {}); }),
                 "belong together"));
  CHECK(contains(error_of([&] { make_task("idx:labels=b", {}); }), "name the files"));
  CHECK(contains(error_of([&] { make_task("idx:images=a,labels=b,test=5", {}); }), "test= needs"));
}

TEST_CASE("folders are searched in order, each with its subfolder first") {
  const TempFolder folder;
  const KnownImages known{"mnist", {"mnist", "other/place"}, "HOW"};
  const auto found = [&] {
    return find_images(known, DataPaths{{folder / "a", folder / "b"}}).train_images;
  };
  CHECK(contains(error_of(found), folder / "a/other/place"));
  CHECK(contains(error_of(found), "HOW"));
  CHECK(contains(error_of(found), "--task digits"));
  write_set(folder / "b");
  CHECK(found() == folder / "b/train-images-idx3-ubyte");
  write_set(folder / "b/other/place");
  CHECK(found() == folder / "b/other/place/train-images-idx3-ubyte");
  write_set(folder / "b/mnist");
  CHECK(found() == folder / "b/mnist/train-images-idx3-ubyte");
  write_set(folder / "a");
  CHECK(found() == folder / "a/train-images-idx3-ubyte");
  write_file(folder / "a/train-images-idx3-ubyte.gz", "");
  CHECK(found() == folder / "a/train-images-idx3-ubyte.gz");
  std::filesystem::remove(folder / "a/t10k-labels-idx1-ubyte");
  CHECK(contains(error_of(found), "lacks t10k-labels-idx1-ubyte"));
}

TEST_CASE("the standard folders") {
  const TempFolder folder;
  using Folders = std::vector<std::string>;
  const Folders system{"/usr/share/mlz", "/usr/local/share/mlz", "/usr/share"};
  const auto with_system = [&](Folders first) {
    first.insert(first.end(), system.begin(), system.end());
    return first;
  };
  const Environment home("HOME", "/home/a");
  {
    const Environment data("MLZ_DATA", nullptr), cache("XDG_CACHE_HOME", nullptr);
    CHECK(DataPaths::standard("").folders == with_system({"/home/a/.cache/mlz"}));
    CHECK(DataPaths::standard(folder.path()).folders ==
          with_system({folder.path(), "/home/a/.cache/mlz"}));
  }
  {
    const Environment data("MLZ_DATA", "/d"), cache("XDG_CACHE_HOME", "/c");
    CHECK(DataPaths::standard(folder.path()).folders ==
          with_system({folder.path(), "/d", "/c/mlz"}));
  }
  {
    const Environment data("MLZ_DATA", ""), cache("XDG_CACHE_HOME", "relative"),
        none("HOME", nullptr);
    CHECK(DataPaths::standard("").folders == system);
  }
  CHECK(contains(error_of([&] { DataPaths::standard(folder / "none"); }), "is not a folder"));
}
