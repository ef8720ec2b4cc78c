#include <algorithm>
#include <cmath>
#include <numeric>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// Files with the stated images, one byte a value; classes alternate between 0 and 1.
std::shared_ptr<const Task> task_of(const TempFolder& folder, std::vector<std::uint32_t> dims,
                                    const std::string& pixels, const std::string& options) {
  std::string labels(dims[0], '\0');
  for (std::size_t i = 1; i < labels.size(); i += 2) labels[i] = '\1';
  write_file(folder / "i", idx_header(8, dims) + pixels);
  write_file(folder / "l", idx_header(8, {dims[0]}) + labels);
  return make_task(fmt::format("idx:images={},labels={}{}", folder / "i", folder / "l", options),
                   {});
}

std::vector<double> row(const Examples& examples, std::size_t i, std::size_t width) {
  std::vector<double> out(width);
  examples.features(i, std::span(out));
  std::vector<float> narrow(width);
  examples.features(i, std::span(narrow));
  for (std::size_t j = 0; j < width; ++j)
    CHECK(static_cast<double>(narrow[j]) == doctest::Approx(out[j]).scale(1).epsilon(1e-6));
  return out;
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

}  // namespace

TEST_CASE("grey weighs red, green and blue") {
  const TempFolder folder;
  const auto task =
      task_of(folder, {2, 1, 2, 3}, bytes({255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 100, 100}),
              ",grey=1,epochs=1");
  CHECK(task->info().sizes ==
        Sizes{{"features", 2}, {"outputs", 2}, {"height", 1}, {"width", 2}, {"channels", 1}});
  const auto train = task->problem(1, 0).train;
  const auto first = row(*train, 0, 2), second = row(*train, 1, 2);
  CHECK(first[0] == doctest::Approx(0.299));
  CHECK(first[1] == doctest::Approx(0.587));
  CHECK(second[0] == doctest::Approx(0.114));
  CHECK(second[1] == doctest::Approx(100 / 255.0));
}

TEST_CASE("resize takes the mean of the covered area, per channel") {
  const TempFolder folder;
  const std::string ramp = bytes({0, 10, 20, 30, 40, 50, 60, 70, 80}) + std::string(9, '\x11');
  SUBCASE("3 x 3 to 2 x 2: a pixel and a half along each side") {
    const auto x = row(*task_of(folder, {2, 3, 3}, ramp, ",resize=2")->problem(1, 0).train, 0, 4);
    // Weights 4 2 2 1 over 9 on the 2 x 2 pixels at each corner.
    CHECK(x[0] * 255 == doctest::Approx((4 * 0 + 2 * 10 + 2 * 30 + 40) / 9.0));
    CHECK(x[1] * 255 == doctest::Approx((4 * 20 + 2 * 10 + 2 * 50 + 40) / 9.0));
    CHECK(x[3] * 255 == doctest::Approx((4 * 80 + 2 * 70 + 2 * 50 + 40) / 9.0));
  }
  SUBCASE("to one pixel: the mean; and larger: the pixel itself") {
    CHECK(row(*task_of(folder, {2, 3, 3}, ramp, ",resize=1")->problem(1, 0).train, 0, 1)[0] * 255 ==
          doctest::Approx(40));
    const auto x = row(*task_of(folder, {2, 3, 3}, ramp, ",resize=6")->problem(1, 0).train, 0, 36);
    for (std::size_t p = 0; p < 36; ++p)
      CHECK(x[p] * 255 == doctest::Approx(static_cast<double>(10 * (p / 12 * 3 + p % 6 / 2))));
  }
  SUBCASE("channels stay apart; sides may differ") {
    const auto task = task_of(folder, {2, 1, 2, 3},
                              bytes({0, 100, 200, 20, 120, 220, 1, 1, 1, 1, 1, 1}), ",resize=1");
    CHECK(task->info().sizes.at("channels") == 3);
    CHECK(task->info().sizes.at("height") == 1);
    const auto x = row(*task->problem(1, 0).train, 0, 3);
    CHECK(x[0] * 255 == doctest::Approx(10));
    CHECK(x[1] * 255 == doctest::Approx(110));
    CHECK(x[2] * 255 == doctest::Approx(210));
  }
  SUBCASE("the size that images have already") {
    CHECK(row(*task_of(folder, {2, 3, 3}, ramp, ",resize=3")->problem(1, 0).train, 0, 9)[4] ==
          40 / 255.0);
  }
}

TEST_CASE("grey, resize and project in one row, in that order") {
  const TempFolder folder;
  std::string pixels(8 * 4 * 4 * 3, '\0');
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 37 % 251);
  const auto task = task_of(folder, {8, 4, 4, 3}, pixels, ",grey=1,resize=2,project=3");
  CHECK(task->info().sizes == Sizes{{"features", 3}, {"outputs", 2}});
  CHECK(row(*task->problem(1, 0).train, 0, 3).size() == 3);
}

TEST_CASE("permuted pixels: one order for a problem, all channels of a pixel together") {
  const TempFolder folder;
  std::string pixels;
  for (int i = 0; i < 4 * 60; ++i) pixels.push_back(static_cast<char>(i));
  const auto plain = task_of(folder, {4, 4, 5, 3}, pixels, ",valid=1");
  const auto mixed = task_of(folder, {4, 4, 5, 3}, pixels, ",valid=1,permute=1");
  CHECK(mixed->info().sizes == plain->info().sizes);
  const Problem a = mixed->problem(7, 0), stored = plain->problem(7, 0);
  const auto image = row(*a.train, 0, 60), valid = row(*a.valid, 0, 60);
  const auto before = row(*stored.train, 0, 60), valid_before = row(*stored.valid, 0, 60);
  CHECK(image != before);
  CHECK(std::is_permutation(image.begin(), image.end(), before.begin()));
  for (std::size_t p = 0; p < 60; p += 3) {
    const auto from = static_cast<std::size_t>(std::lround(image[p] * 255));
    CHECK(from % 3 == 0);
    CHECK(image[p + 2] == before[from + 2]);
    CHECK(valid[p] == valid_before[from]);
  }
  CHECK(contents(*mixed->problem(7, 0).train, 60) == contents(*a.train, 60));
  CHECK(row(*mixed->problem(7, 1).train, 0, 60) != image);
  CHECK(row(*mixed->problem(8, 0).train, 0, 60) != image);
}

TEST_CASE("standardising follows its pixels through a permutation") {
  const TempFolder folder;
  std::string pixels;
  for (int i = 0; i < 60; ++i) pixels.push_back(static_cast<char>(i * i % 200));
  for (const std::vector<std::uint32_t>& dims :
       {std::vector<std::uint32_t>{10, 6}, {10, 2, 1, 3}, {10, 3, 2}}) {
    const auto plain = task_of(folder, dims, pixels, ",standardise=1")->problem(3, 0).train;
    const auto mixed =
        task_of(folder, dims, pixels, ",standardise=1,permute=1")->problem(3, 0).train;
    for (std::size_t i = 0; i < 10; ++i) {
      auto a = row(*plain, i, 6), b = row(*mixed, i, 6);
      std::ranges::sort(a);
      std::ranges::sort(b);
      CHECK(a == b);
    }
  }
}

TEST_CASE("plain features are standardised one by one") {
  const TempFolder folder;
  const auto train = task_of(folder, {4, 2}, bytes({0, 7, 2, 7, 4, 7, 6, 9}), ",standardise=1")
                         ->problem(1, 0)
                         .train;
  CHECK(row(*train, 0, 2)[0] == doctest::Approx(-3 / std::sqrt(5.0)));
  CHECK(row(*train, 3, 2)[1] == doctest::Approx(1.5 / std::sqrt(0.75)));
}

TEST_CASE("projected features: moments of the training part, f32, by seed and index") {
  const TempFolder folder;
  std::string pixels;
  std::uint32_t state = 5;
  for (int i = 0; i < 300 * 36; ++i)
    pixels.push_back(static_cast<char>((state = state * 1664525u + 1013904223u) >> 24));
  const auto task = task_of(folder, {300, 6, 6}, pixels, ",project=5,valid=100");
  const auto same = task_of(folder, {300, 6, 6}, pixels, ",project=5,valid=100");
  const Problem problem = task->problem(2, 3);
  for (std::size_t k = 0; k < 5; ++k) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 200; ++i) {
      std::vector<double> x(5);
      problem.train->features(i, std::span(x));
      CHECK(x[k] == static_cast<double>(static_cast<float>(x[k])));
      sum += x[k], squares += x[k] * x[k];
    }
    CHECK(sum / 200 == doctest::Approx(0).scale(1).epsilon(1e-6));
    CHECK(squares / 200 == doctest::Approx(1).epsilon(1e-6));
  }
  CHECK(contents(*problem.train, 5) == contents(*same->problem(2, 3).train, 5));
  CHECK(contents(*problem.valid, 5) == contents(*same->problem(2, 3).valid, 5));
  CHECK(contents(*problem.train, 5) != contents(*task->problem(2, 4).train, 5));
  CHECK(contents(*problem.train, 5) != contents(*task->problem(3, 3).train, 5));
}

TEST_CASE("a projection is linear: it keeps differences of standardised sets") {
  // Images 0, 1 and 2 with 2 = (0 + 1) / 2 keep that relation under any projection.
  const TempFolder folder;
  const auto train =
      task_of(folder, {4, 3}, bytes({0, 40, 80, 100, 20, 30, 50, 30, 55, 1, 2, 3}), ",project=2")
          ->problem(1, 0)
          .train;
  const auto a = row(*train, 0, 2), b = row(*train, 1, 2), middle = row(*train, 2, 2);
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(middle[k] == doctest::Approx((a[k] + b[k]) / 2).scale(1).epsilon(1e-6));
}

TEST_CASE("changes of digits, which need no files") {
  const auto make = [](const std::string& options) {
    return make_task("digits:train=20,test=5" + options, {});
  };
  CHECK(make(",resize=4")->info().sizes.at("features") == 16);
  const auto small = make(",resize=4")->problem(1, 0), full = make("")->problem(1, 0);
  const auto x = row(*full.train, 3, 256), y = row(*small.train, 3, 16);
  double corner = 0;
  for (const std::size_t p : {0u, 1u, 2u, 3u}) {
    for (const std::size_t q : {0u, 1u, 2u, 3u}) corner += x[16 * p + q] / 16;
  }
  CHECK(y[0] == doctest::Approx(corner).scale(1).epsilon(1e-6));
  CHECK(small.train->label(3) == full.train->label(3));
  CHECK(make(",project=7")->problem(1, 0).test->size() == 5);
  CHECK(make_task("digits:train=20,test=0,project=7", {})->problem(1, 0).test->size() == 0);
}

TEST_CASE("changes that do not fit the data") {
  const TempFolder folder;
  const auto error = [&](std::vector<std::uint32_t> dims, const char* options) {
    return error_of([&] { task_of(folder, std::move(dims), std::string(12, 'x'), options); });
  };
  CHECK(contains(error({2, 6}, ",grey=1"), "no images"));
  CHECK(contains(error({2, 2, 3}, ",grey=1"), "these have 1"));
  CHECK(contains(error({2, 6}, ",resize=2"), "plain features"));
  CHECK(contains(error({2, 6}, ",resize=513"), "from 0 to 512"));
  CHECK(contains(error({2, 6}, ",project=5000"), "from 0 to 4096"));
  CHECK(contains(error_of([&] { make_task("digits:train=1000000,resize=512", {}); }), "GiB"));
  CHECK(contains(error_of([&] { make_task("digits:train=1000000,project=4096", {}); }), "GiB"));
}
