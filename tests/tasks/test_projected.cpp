#include <algorithm>
#include <set>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

/// 10 classes in turn with `each` images of 9 pixels; pixel 0 is ten times the class, the others
/// vary.
std::string source(const TempFolder& folder, std::uint32_t each) {
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < 10 * each; ++i) {
    pixels.push_back(static_cast<char>(10 * (i % 10)));
    for (std::uint32_t p = 1; p < 9; ++p) pixels.push_back(static_cast<char>(i * p * 7 % 256));
    labels.push_back(static_cast<char>(i % 10));
  }
  write_file(folder / "i", idx_header(8, {10 * each, 9}) + pixels);
  write_file(folder / "l", idx_header(8, {10 * each}) + labels);
  return fmt::format("data=(idx:images={},labels={})", folder / "i", folder / "l");
}

std::size_t ones(const Examples& examples) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    CHECK((examples.label(i) == 0 || examples.label(i) == 1));
    out += examples.label(i) == 1;
  }
  return out;
}

}  // namespace

TEST_CASE("the parts are of the sizes asked for, half of each class, for the automl protocol") {
  const TempFolder folder;
  const auto task = make_task(
      "projected:train=40,valid=11,test=10,features=4,epochs=2," + source(folder, 60), {});
  CHECK(task->info().metric == Metric::accuracy);
  CHECK(task->info().protocol == "automl");
  CHECK(task->info().classes == 2);
  CHECK(task->info().sizes == std::map<std::string, std::int64_t>{{"features", 4}, {"outputs", 2}});
  for (const std::uint32_t index : {0u, 1u, 5u}) {
    const Problem problem = task->problem(1, index);
    CHECK(problem.train->size() == 40);
    CHECK(problem.valid->size() == 11);
    CHECK(problem.test->size() == 10);
    CHECK(ones(*problem.train) == 20);
    CHECK(ones(*problem.valid) == 6);
    CHECK(ones(*problem.test) == 5);
    REQUIRE(problem.order.size() == 2);
    CHECK(problem.order[0][7] == 7);  // the first epoch in stored order
    CHECK(problem.order[1] == training_order(1, index, 1, 40));
  }
}

TEST_CASE("the same arguments give the same problem, others another") {
  const TempFolder folder;
  const std::string text =
      "projected:train=40,valid=10,test=10,features=4,pair=1/2," + source(folder, 60);
  const auto task = make_task(text, {}), again = make_task(text, {});
  const auto of = [](const Problem& p) { return contents(*p.train, 4); };
  CHECK(of(task->problem(1, 0)) == of(again->problem(1, 0)));
  CHECK(of(task->problem(1, 0)) != of(task->problem(1, 1)));
  CHECK(of(task->problem(1, 0)) != of(task->problem(2, 0)));
}

TEST_CASE("unprojected features show the pair, the labels and that no image is in two parts") {
  const TempFolder folder;
  const auto task = make_task(
      "projected:train=40,valid=10,test=10,features=0,pair=7/2," + source(folder, 30), {});
  CHECK(task->info().sizes.at("features") == 9);
  const Problem problem = task->problem(1, 0);
  std::set<std::vector<double>> seen;
  for (const auto& part : {problem.train, problem.valid, problem.test}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      std::vector<double> x(9);
      part->features(i, std::span(x));
      // Pixel 0 is 70 for label 0 and 20 for label 1, so +1 and -1 when standardised.
      CHECK(x[0] == (part->label(i) == 0 ? 1 : -1));
      seen.insert(x);
    }
  }
  CHECK(seen.size() == 60);
}

TEST_CASE("the first images of each class are taken") {
  const TempFolder folder;
  // Pixel 0 of the first 20 images of each class tells the class; later images are all 0.
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < 100; ++i) {
    pixels.push_back(static_cast<char>(i < 40 ? 1 + i % 2 : 100));
    labels.push_back(static_cast<char>(i % 2));
  }
  write_file(folder / "i", idx_header(8, {100, 1}) + pixels);
  write_file(folder / "l", idx_header(8, {100}) + labels);
  const auto task = make_task(
      fmt::format("projected:train=20,valid=10,test=10,features=0,data=(idx:images={},labels={})",
                  folder / "i", folder / "l"),
      {});
  const auto test = task->problem(1, 0).test;
  for (std::size_t i = 0; i < test->size(); ++i) {
    std::vector<double> x(1);
    test->features(i, std::span(x));
    CHECK(x[0] == (test->label(i) == 1 ? 1 : -1));
  }
}

TEST_CASE("nine pairs are held out, the search draws from the other 36") {
  const TempFolder folder;
  // Pixel c is set in images of class c alone; standardised, it is 1 and -1 if c is in the pair.
  std::string pixels, labels;
  for (int i = 0; i < 40; ++i) {
    for (int c = 0; c < 10; ++c) pixels.push_back(c == i % 10 ? '\xFF' : '\0');
    labels.push_back(static_cast<char>(i % 10));
  }
  write_file(folder / "i", idx_header(8, {40, 10}) + pixels);
  write_file(folder / "l", idx_header(8, {40}) + labels);
  const auto pairs = [&](const std::string& split) {
    const auto task = make_task(
        fmt::format(
            "projected:split={},train=8,valid=0,test=0,features=0,data=(idx:images={},labels={})",
            split, folder / "i", folder / "l"),
        {});
    std::set<std::pair<int, int>> out;
    for (std::uint32_t index = 0; index < 500; ++index) {
      const auto train = task->problem(1, index).train;
      std::vector<double> x(10);
      int of_label[2] = {-1, -1};
      for (std::size_t i = 0; i < train->size(); ++i) {
        train->features(i, std::span(x));
        const auto c = static_cast<int>(std::ranges::max_element(x) - x.begin());
        int& known = of_label[train->label(i) == 1];
        CHECK((known == -1 || known == c));
        known = c;
      }
      out.insert({of_label[0], of_label[1]});
    }
    return out;
  };
  const std::set<std::pair<int, int>> held_out{{0, 5}, {0, 9}, {1, 8}, {2, 9}, {3, 5},
                                               {3, 6}, {3, 8}, {4, 6}, {8, 9}};
  CHECK(pairs("held_out") == held_out);
  auto search = pairs("search");
  CHECK(search.size() == 36);
  search.insert(held_out.begin(), held_out.end());
  CHECK(search.size() == 45);
  CHECK(pairs("all") == search);
}

TEST_CASE("all parts shrink together where the source has fewer images") {
  const TempFolder folder;
  const auto task = make_task("projected:features=2," + source(folder, 100), {});
  const Problem problem = task->problem(1, 0);
  CHECK(problem.train->size() == 160);
  CHECK(problem.valid->size() == 20);
  CHECK(problem.test->size() == 20);
  CHECK(ones(*problem.train) == 80);
}

TEST_CASE("what cannot be projected") {
  const TempFolder folder;
  const std::string data = source(folder, 30);
  const auto error = [](const std::string& text) {
    return error_of([&] { make_task("projected:" + text, {})->problem(1, 0); });
  };
  CHECK(contains(error("data=linear"), "no classes"));
  CHECK(contains(error("data=nothing"), "there is no task 'nothing'"));
  CHECK(contains(error("pair=3," + data), "neither 'random' nor two of the classes 0 to 9"));
  CHECK(contains(error("pair=3/3," + data), "pair=3/3"));
  CHECK(contains(error("pair=3/10," + data), "pair=3/10"));
  CHECK(contains(error("pair=3/x," + data), "pair=3/x"));
  CHECK(contains(error("pair=/," + data), "pair=/"));
  CHECK(contains(error("split=held_out,data=(digits:classes=1/2)"), "has no pair among 2 classes"));
  CHECK(contains(error("data=(digits:train=3)"), "too few"));
  CHECK(contains(error("train=10000000,features=4096," + data), "GiB"));
}
