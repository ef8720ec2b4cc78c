#include <algorithm>
#include <cmath>
#include <set>

#include "npy_files.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// Rows "i, 10 i, class" with classes in turn.
std::string table(int rows, int classes = 2) {
  std::string out = "a,b,label\n";
  for (int i = 0; i < rows; ++i) out += fmt::format("{},{},{}\n", i, 10 * i, i % classes);
  return out;
}

double first_feature(const Examples& examples, std::size_t i, std::size_t width) {
  std::vector<double> x(width);
  examples.features(i, std::span(x));
  return x[0];
}

std::set<double> first_features(const Examples& examples, std::size_t width) {
  std::set<double> out;
  for (std::size_t i = 0; i < examples.size(); ++i) out.insert(first_feature(examples, i, width));
  return out;
}

}  // namespace

TEST_CASE("csv: a test part is drawn anew for each problem, and no row is in two parts") {
  const TempFolder folder;
  write_file(folder / "t.csv", table(50));
  const DataPaths paths{{folder.path()}};
  const auto task = make_task("csv:train=t.csv,test_fraction=0.3,valid=5", paths);
  CHECK(task->info().sizes == Sizes{{"features", 2}, {"outputs", 2}});
  CHECK(task->info().metric == Metric::accuracy);
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 30);
  CHECK(problem.valid->size() == 5);
  CHECK(problem.test->size() == 15);
  std::set<double> all = first_features(*problem.train, 2);
  for (const auto& part : {problem.valid, problem.test}) all.merge(first_features(*part, 2));
  CHECK(all.size() == 50);
  for (std::size_t i = 0; i < 15; ++i)
    CHECK(std::lround(first_feature(*problem.test, i, 2)) % 2 ==
          std::lround(problem.test->label(i)));
  CHECK(contents(*task->problem(1, 0).test, 2) == contents(*problem.test, 2));
  CHECK(first_features(*task->problem(1, 1).test, 2) != first_features(*problem.test, 2));
  CHECK(first_features(*task->problem(2, 0).test, 2) != first_features(*problem.test, 2));
}

TEST_CASE("csv: with a test file, rows keep their order") {
  const TempFolder folder;
  write_file(folder / "a.csv", table(10));
  write_file(folder / "b.csv", table(4));
  const auto task = make_task(fmt::format("csv:train={},test={},train_rows=6,test_rows=3,valid=2",
                                          folder / "a.csv", folder / "b.csv"),
                              {});
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 6);
  CHECK(first_feature(*problem.train, 5, 2) == 5);
  CHECK(first_feature(*problem.valid, 0, 2) == 8);
  CHECK(problem.test->size() == 3);
}

TEST_CASE("csv: a series keeps its order in every epoch, and its end is what it is tested on") {
  const TempFolder folder;
  write_file(folder / "t.csv", table(20));
  const std::string file = "csv:train=" + (folder / "t.csv") + ",test_fraction=0.25,valid=3,epochs=2";
  const Problem problem = make_task(file + ",order=stored", {})->problem(4, 2);
  REQUIRE(problem.train->size() == 12);
  for (std::size_t i = 0; i < 12; ++i) CHECK(first_feature(*problem.train, i, 2) == static_cast<double>(i));
  CHECK(first_feature(*problem.valid, 0, 2) == 12);
  CHECK(first_feature(*problem.test, 0, 2) == 15);
  REQUIRE(problem.order.size() == 2);
  for (const auto& order : problem.order) CHECK(std::is_sorted(order.begin(), order.end()));
  const Problem shuffled = make_task(file, {})->problem(4, 2);
  CHECK_FALSE(std::is_sorted(shuffled.order[0].begin(), shuffled.order[0].end()));
}

TEST_CASE("csv: numbers to predict, one or several, and standardised columns") {
  const TempFolder folder;
  write_file(folder / "t.csv", "u,a,v\n1,10,0.5\n2,20,1.5\n3,60,2.5\n");
  const std::string file = "csv:train=" + (folder / "t.csv") + ",test_fraction=0,target=number";
  const auto one = make_task(file + ",standardise=1", {});
  CHECK(one->info().sizes == Sizes{{"features", 2}, {"outputs", 1}});
  CHECK(one->info().metric == Metric::rms_error);
  CHECK(one->info().classes == 0);
  CHECK(one->problem(1, 0).train->label(2) == 2.5);
  CHECK(first_feature(*one->problem(1, 0).train, 0, 2) == doctest::Approx(-std::sqrt(1.5)));
  const auto two = make_task(file + ",label=v/u", {});
  CHECK(two->info().sizes == Sizes{{"features", 1}, {"outputs", 2}});
  const auto train = two->problem(1, 0).train;
  CHECK(train->label_width() == 2);
  std::vector<double> label(2);
  train->labels(1, label);
  CHECK(label == std::vector{1.5, 2.0});
  CHECK(train->label(1) == 1.5);
  CHECK(two->problem(1, 0).test->label_width() == 2);
  CHECK(two->problem(1, 0).test->size() == 0);
}

TEST_CASE("csv: columns as images") {
  const TempFolder folder;
  write_file(folder / "t.csv", "a,b,c,d,label\n0,1,2,3,0\n4,5,6,7,1\n");
  const std::string file = "csv:train=" + (folder / "t.csv") + ",test_fraction=0,";
  const auto task = make_task(file + "shape=2/2,resize=1", {});
  CHECK(task->info().sizes.at("height") == 1);
  CHECK(first_feature(*task->problem(1, 0).train, 0, 1) == 1.5);
  CHECK(make_task(file + "shape=1,2,2", {})->info().sizes.at("channels") == 2);
  for (const char* shape : {"shape=2/3", "shape=4", "shape=1/2/2/1"})
    CHECK(contains(error_of([&] { make_task(file + shape, {}); }), "does not fit the 4 features"));
  CHECK(contains(error_of([&] { make_task(file + "resize=1", {}); }), "plain features"));
}

TEST_CASE("csv: what does not fit together") {
  const TempFolder folder;
  write_file(folder / "t.csv", table(6, 3));
  const auto error = [&](const std::string& options) {
    return error_of([&] { make_task("csv:train=" + (folder / "t.csv") + options, {}); });
  };
  CHECK(contains(error_of([] { make_task("csv", {}); }), "name the file"));
  CHECK(contains(error(",label=a/b"), "target=number"));
  CHECK(contains(error(",target=numbers"), "Did you mean 'number'?"));
  CHECK(contains(error(",target=number,classes=0/1"), "classes= needs classes"));
  CHECK(contains(error(",classes=0/3"), "the classes are 0 to 2"));
  CHECK(contains(error(",test_fraction=0,test_rows=2"), "needs test=FILE"));
  CHECK(contains(error(",test_rows=3"), "more examples than the 2 there are"));
  CHECK(contains(error(",valid=4"), "leaves nothing to train on"));
  CHECK(contains(error(",train_rows=5"), "train_rows=5 asks for more examples than the 4"));
  CHECK(contains(error(",test_fraction=0.95"), "from 0 to 0.9"));
}

TEST_CASE("npy: images and classes, numbers, and a test part") {
  const TempFolder folder;
  std::string pixels;
  for (int i = 0; i < 24; ++i) pixels.push_back(static_cast<char>(i));
  write_file(folder / "x.npy", npy("|u1", "(6, 2, 2)", pixels));
  write_file(folder / "y.npy", npy("|i1", "(6,)", std::string("\0\1\2\0\1\2", 6)));
  write_file(folder / "n.npy",
             npy("|i1", "(6, 2)", std::string("\0\1\2\3\4\5\6\7\10\11\12\13", 12)));
  const DataPaths paths{{folder.path()}};
  const auto task = make_task("npy:x=x.npy,y=y.npy,test_x=x.npy,test_y=y.npy", paths);
  CHECK(task->info().sizes ==
        Sizes{{"features", 4}, {"outputs", 3}, {"height", 2}, {"width", 2}, {"channels", 1}});
  CHECK(first_feature(*task->problem(1, 0).test, 5, 4) == 20 / 255.0);
  const auto numbers = make_task("npy:x=x.npy,y=n.npy,target=number,test_fraction=0", paths);
  CHECK(numbers->info().sizes.at("outputs") == 2);
  std::vector<double> label(2);
  numbers->problem(1, 0).train->labels(3, label);
  CHECK(label == std::vector{6.0, 7.0});
  CHECK(make_task("npy:x=x.npy,y=y.npy", paths)->problem(1, 0).test->size() == 2);
  CHECK(make_task("npy:x=x.npy,y=y.npy,shape=1/4", paths)->info().sizes.at("width") == 4);
  const auto error = [&](const char* text) { return error_of([&] { make_task(text, paths); }); };
  CHECK(contains(error("npy:x=x.npy,y=y.npy,shape=2"), "does not fit the 4 features"));
  CHECK(contains(error("npy:x=x.npy,y=n.npy"), "expected 1, a class for each image"));
  CHECK(contains(error("npy:x=y.npy,y=y.npy"), "expected 2 to 4"));
  CHECK(contains(error("npy:x=x.npy"), "npy:x=x.npy,y=y.npy"));
  CHECK(contains(error("npy:x=x.npy,y=y.npy,test_x=x.npy"), "belong together"));
  CHECK(contains(error("npy:x=x.npy,y=x.npy,target=number"), "3 dimensions"));
}

TEST_CASE("npz: arrays by name, classes of any whole type") {
  const TempFolder folder;
  const std::string y = little_endian(1, 8) + little_endian(0, 8);
  write_file(folder / "a.npz", zip({{"x_train.npy", npy("|u1", "(2, 3)", "abcdef"), true},
                                    {"y_train.npy", npy("<i8", "(2,)", y), false}}));
  const std::string text =
      "npz:file=" + (folder / "a.npz") + ",x=x_train,y=y_train,test_fraction=0";
  const auto task = make_task(text, {});
  CHECK(task->info().sizes == Sizes{{"features", 3}, {"outputs", 2}});
  CHECK(task->problem(1, 0).train->label(0) == 1);
  CHECK(contains(task->info().source, "a.npz (x_train)"));
  CHECK(contains(error_of([&] { make_task("npz:file=" + (folder / "a.npz"), {}); }),
                 "no array 'x'. Its arrays are: x_train, y_train."));
  CHECK(contains(error_of([] { make_task("npz", {}); }), "name the file"));
}

TEST_CASE("known tables are found in the folder tabular and standardised") {
  const TempFolder folder;
  write_file(folder / "tabular/iris.csv", table(20));
  const auto task = make_task("iris", DataPaths{{folder.path()}});
  CHECK(task->problem(1, 0).train->size() == 16);
  CHECK(task->problem(1, 0).epochs == 20);
  CHECK(contains(task->info().source, "tabular/iris.csv"));
  double sum = 0;
  for (std::size_t i = 0; i < 16; ++i) sum += first_feature(*task->problem(1, 0).train, i, 2);
  CHECK(sum == doctest::Approx(0).scale(1));
  const auto error = [&](const char* text) {
    return error_of([&] { make_task(text, DataPaths{{folder.path()}}); });
  };
  CHECK(contains(error("wine"), "fetch-data.sh wine"));
  CHECK(contains(error("iris:resize=2"), "no option 'resize'"));
  write_file(folder / "optdigits_train.csv", table(20));
  CHECK(contains(error("optdigits"), "lacks optdigits_test.csv"));
  write_file(folder / "optdigits_test.csv", table(20));
  CHECK(contains(error("optdigits"), "2 features; expected 8 x 8"));
}
