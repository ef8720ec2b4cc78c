#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "evolve/outer/fme.hpp"

using namespace mlz;
using namespace mlz::outer;

namespace {

using Kind = PoolOptions::Kind;
using Child = FmeOptions::Child;
using Parents = FmeOptions::Parents;

const Vector kFirst{0, 0};

Fme loop_of(const FmeOptions& options) {
  return Fme(kFirst, options, {1, 1}, [](std::uint64_t seed) {
    const auto x = static_cast<double>(seed >> 40);
    return Vector{x, x + 1};
  });
}

/// Runs of one solution each, whose children are marked by `mark` and have this performance.
void give_birth(Fme& loop, double mark, double performance) {
  loop.tell_lived(Vector{-performance}, std::vector<Vector>{{mark, 0}});
}

std::vector<double> marks(const Fme& loop) {
  std::vector<double> out;
  for (const Solution& s : loop.pool().solutions()) out.push_back(s.numbers[0]);
  std::sort(out.begin(), out.end());
  return out;
}

const Solution& marked(const Fme& loop, double mark) {
  for (const Solution& s : loop.pool().solutions()) {
    if (s.numbers[0] == mark) return s;
  }
  FAIL("there is no such solution");
  return loop.pool().best();
}

/// How often each mark runs when no child changes the pool.
std::map<double, int> runs(Fme& loop, int generations) {
  std::map<double, int> count;
  for (int g = 0; g < generations; ++g) {
    ++count[loop.ask()[0][0]];
    loop.tell_lived(Vector{0}, std::vector<Vector>{{}});
  }
  return count;
}

const std::vector<double> kPerformances{0.05, 0.12, 0.33, 0.52, 0.55, 0.71, 0.88, 0.93, 0.93, 0.99};

Fme filled(const FmeOptions& options) {
  Fme loop = loop_of(options);
  for (std::size_t i = 0; i < kPerformances.size(); ++i) give_birth(loop, static_cast<double>(i + 1), kPerformances[i]);
  return loop;
}

}  // namespace

TEST_CASE("the better a solution did, the more often it runs") {
  for (const Kind kind : {Kind::buckets, Kind::rewards}) {
    for (const auto weight : {PoolOptions::Weight::power, PoolOptions::Weight::exponential}) {
      for (const bool oldest : {true, false}) {
        FmeOptions options;
        options.pool.kind = kind;
        options.pool.weight = weight;
        options.pool.tau = 5;
        options.pool.oldest_of_bucket = oldest;
        options.seed = 7;
        Fme loop = filled(options);
        REQUIRE(loop.pool().solutions().size() == kPerformances.size() + 1);
        const auto weights = loop.pool().weights();
        for (std::size_t i = 2; i < weights.size(); ++i) CHECK(weights[i] >= weights[i - 1]);
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        const auto count = runs(loop, 20000);
        for (std::size_t i = 0; i < weights.size(); ++i) {
          const double expected = 20000 * weights[i] / sum;
          const auto found = count.find(static_cast<double>(i));
          const int times = found == count.end() ? 0 : found->second;
          CHECK(std::abs(times - expected) < 4 * std::sqrt(expected) + 4);
        }
      }
    }
  }
}

TEST_CASE("where the solutions of a bucket share its weight, a crowded one may run less often than a worse one") {
  FmeOptions options;
  options.pool.weigh_solutions = false;
  options.pool.kappa = 1;
  Fme loop = loop_of(options);
  give_birth(loop, 1, 0.6);
  for (int i = 0; i < 9; ++i) give_birth(loop, 2, 0.99);
  const auto weights = loop.pool().weights();
  CHECK(weights[1] > weights[2]);
  options.pool.weigh_solutions = true;
  Fme fair = loop_of(options);
  give_birth(fair, 1, 0.6);
  for (int i = 0; i < 9; ++i) give_birth(fair, 2, 0.99);
  CHECK(fair.pool().weights()[1] < fair.pool().weights()[2]);
}

TEST_CASE("large exponents and small temperatures choose the best bucket") {
  for (const auto weight : {PoolOptions::Weight::power, PoolOptions::Weight::exponential}) {
    FmeOptions options;
    options.pool.weight = weight;
    options.pool.kappa = 1000;
    options.pool.tau = 0.01;
    Fme loop = filled(options);
    give_birth(loop, 99, 0.999);
    for (const auto& [mark, count] : runs(loop, 200)) CHECK((mark == 10 || mark == 99 || count == 1));
  }
}

TEST_CASE("uniform chances ignore performance") {
  FmeOptions options;
  options.pool.kind = Kind::uniform;
  Fme loop = filled(options);
  for (const auto& [mark, count] : runs(loop, 22000)) CHECK(count == doctest::Approx(2000).epsilon(0.1));
}

TEST_CASE("the least recently used solution of a full list goes") {
  FmeOptions options;
  options.pool.kind = Kind::uniform;
  options.pool.capacity = 3;
  for (const bool selected : {true, false}) {
    options.pool.selected_is_used = selected;
    Fme loop = loop_of(options);
    give_birth(loop, 1, 0);
    give_birth(loop, 2, 0);
    for (int i = 3; i < 40; ++i) {
      const auto before = marks(loop);
      std::map<std::int64_t, double> by_use;
      for (const Solution& s : loop.pool().solutions()) by_use[selected ? s.used : s.number] = s.numbers[0];
      give_birth(loop, i, 0);
      const auto after = marks(loop);
      REQUIRE(after.size() == 3);
      CHECK(after.back() == i);
      CHECK_FALSE(std::binary_search(after.begin(), after.end(), by_use.begin()->second));
    }
  }
}

TEST_CASE("each bucket has room of its own, and takes turns") {
  FmeOptions options;
  options.pool.capacity = 8;
  options.pool.buckets = 4;
  Fme loop = loop_of(options);
  for (int i = 1; i <= 20; ++i) give_birth(loop, i, i % 2 == 0 ? 0.9 : 0.3);
  CHECK(loop.pool().solutions().size() == 4);  // two at 0.3, two at 0.9
  give_birth(loop, 98, 7);
  give_birth(loop, 99, 1);
  CHECK(loop.pool().solutions().size() == 4);  // performances outside 0 to 1 count as its ends
  CHECK(marks(loop).back() == 99);
  std::vector<double> last(4, -1);
  for (int g = 0; g < 100; ++g) {
    const double now = loop.ask()[0][0];
    const auto bucket = static_cast<std::size_t>(std::min(marked(loop, now).performance * 4, 3.0));
    if (bucket > 0) CHECK(now != last[bucket]);
    last[bucket] = now;
    loop.tell_lived(Vector{0}, std::vector<Vector>{{}});
  }
  CHECK(last[3] >= 0);
}

TEST_CASE("the best alone: a child stays if it is no worse") {
  FmeOptions options;
  options.pool.kind = Kind::best;
  Fme loop = loop_of(options);
  const std::pair<double, double> tried[] = {{0.5, 1}, {0.4, 1}, {0.5, 3}, {0.6, 4}};
  for (int i = 0; i < 4; ++i) {
    give_birth(loop, i + 1, tried[i].first);
    CHECK(loop.mean()[0] == tried[i].second);
    CHECK(loop.pool().solutions().size() == 1);
  }
}

TEST_CASE("children are what the run left, the parent, a noisy copy, or drawn afresh") {
  FmeOptions options;
  options.seed = 3;
  options.sigma = 0.5;
  options.pool.kind = Kind::best;
  const auto born = [&](Child child, std::vector<char> handed_on) {
    options.child = child;
    Fme loop({5, 6}, options, std::move(handed_on), [](std::uint64_t) { return Vector{70, 80}; });
    CHECK(loop.ask()[0] == Vector{5, 6});  // the founder, as it is
    loop.tell_lived(Vector{-0.1}, std::vector<Vector>{{1, 2}});
    const Vector ran = loop.ask()[0];
    CHECK(loop.ask()[0] == ran);
    loop.tell_lived(Vector{-0.5}, std::vector<Vector>{{3, 4}});
    return std::pair(ran, loop.mean());
  };
  const Vector first{5, 6};
  CHECK(born(Child::modified, {1, 1}) == std::pair(Vector{1, 2}, Vector{3, 4}));
  CHECK(born(Child::parent, {1, 1}) == std::pair(first, first));
  CHECK(born(Child::fresh, {1, 0}) == std::pair(Vector{70, 6}, Vector{70, 6}));
  const auto [ran, kept] = born(Child::noise, {1, 0});
  CHECK(ran == kept);
  CHECK(ran[0] != 5);
  CHECK(ran[1] == 6);
}

TEST_CASE("founders run first, once each") {
  FmeOptions options;
  options.founders = 4;
  options.pool.capacity = 400;
  Fme loop = loop_of(options);
  std::vector<Vector> ran;
  for (int g = 0; g < 4; ++g) {
    ran.push_back(loop.ask()[0]);
    give_birth(loop, -1 - g, 0.5);
  }
  CHECK(ran[0] == kFirst);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(ran[i] != ran[j]);
    CHECK(marked(loop, ran[i][0]).performance == 0.5);
  }
  CHECK(loop.pool().solutions().size() == 8);
  CHECK(loop.pool().find(static_cast<std::int64_t>(0)) != nullptr);
}

TEST_CASE("a failed run leaves nothing behind, whatever children are") {
  for (const Child child : {Child::modified, Child::parent, Child::noise, Child::fresh}) {
    FmeOptions options;
    options.child = child;
    options.parents = Parents::replace;
    Fme loop = loop_of(options);
    loop.tell_lived(Vector{-1}, std::vector<Vector>{{}});
    CHECK(loop.pool().solutions().empty());
    CHECK(loop.notes().at("dropped") == 1);
    CHECK(loop.generation() == 1);
    CHECK(loop.ask()[0] == kFirst);
    CHECK(loop.mean() == kFirst);
  }
}

TEST_CASE("numbers beyond the bound are clipped, or their solution dropped") {
  FmeOptions options;
  options.bound = 2;
  Fme clips = loop_of(options);
  give_birth(clips, 3, 0.5);
  CHECK(clips.mean() == Vector{2, 0});
  options.drop_beyond = true;
  Fme drops = loop_of(options);
  give_birth(drops, 3, 0.5);
  CHECK(drops.mean() == kFirst);
  give_birth(drops, -2, 0.5);
  CHECK(drops.mean() == Vector{-2, 0});
}

TEST_CASE("performance comes from the run, or in part from the parent; parents may be scored again or replaced") {
  FmeOptions options;
  options.pool.kappa = 1000;  // always runs the best bucket
  options.own_share = 0.5;
  Fme inherits = loop_of(options);
  give_birth(inherits, 1, 0.8);
  CHECK(marked(inherits, 1).performance == doctest::Approx(0.8));  // a founder has none to inherit
  give_birth(inherits, 2, 0.4);
  CHECK(marked(inherits, 2).performance == doctest::Approx(0.6));
  give_birth(inherits, 3, 0.2);
  CHECK(marked(inherits, 3).performance == doctest::Approx(0.5));

  options.own_share = 1;
  options.parents = Parents::rescore;
  Fme rescores = loop_of(options);
  give_birth(rescores, 1, 0.8);
  CHECK(marked(rescores, 0).performance == doctest::Approx(0.8));
  give_birth(rescores, 2, 0.6);
  CHECK(marked(rescores, 0).performance == doctest::Approx(0.7));
  give_birth(rescores, 3, 0.2);
  CHECK(marked(rescores, 1).performance == doctest::Approx(0.5));
  CHECK(rescores.mean() == kFirst);  // has run twice; 2 was born with as much but has not run

  options.parents = Parents::replace;
  Fme replaces = loop_of(options);
  for (int i = 1; i < 5; ++i) {
    give_birth(replaces, i, 0.1);
    CHECK(marks(replaces) == std::vector<double>{static_cast<double>(i)});
  }
}

TEST_CASE("what is saved goes on as if it had not stopped") {
  for (const Kind kind : {Kind::buckets, Kind::rewards, Kind::uniform, Kind::best}) {
    for (const Child child : {Child::modified, Child::noise, Child::fresh}) {
      FmeOptions options;
      options.pool.kind = kind;
      options.pool.capacity = 12;
      options.pool.buckets = 4;
      options.child = child;
      options.parents = Parents::rescore;
      options.founders = 3;
      options.ahead = 3;
      Fme whole = loop_of(options), part = loop_of(options);
      const auto step = [](Fme& loop) {
        Vector losses;
        std::vector<Vector> finals;
        for (const Vector& v : loop.ask()) {
          finals.push_back({v[0] * 0.7 + 0.1 * static_cast<double>(finals.size()), v[1] + 1});
          losses.push_back(-0.3 * static_cast<double>((loop.generation() + static_cast<int>(losses.size())) % 4));
        }
        finals[1].clear();
        loop.tell_lived(losses, finals);
      };
      for (int g = 0; g < 9; ++g) step(whole);
      for (int g = 0; g < 4; ++g) step(part);
      Fme resumed = loop_of(options);
      resumed.restore(part.saved());
      for (int g = 0; g < 5; ++g) step(resumed);
      CHECK(resumed.saved().parts == whole.saved().parts);
      CHECK(resumed.ask() == whole.ask());
    }
  }
}

TEST_CASE("what does not fit is refused") {
  FmeOptions options;
  Fme loop = loop_of(options);
  CHECK_THROWS_AS(loop.tell(Vector{0, 0}), std::invalid_argument);
  CHECK_THROWS_AS(loop.tell_lived(Vector{0}, std::vector<Vector>{{1, 2, 3}}), std::invalid_argument);
  LoopState state = loop.saved();
  state.parts["pool"][0] = 1e9;
  CHECK_THROWS_AS(loop.restore(state), std::invalid_argument);
  state = loop.saved();
  state.parts["chosen"][0] = 17;
  CHECK_THROWS_AS(loop.restore(state), std::invalid_argument);
  options.pool.capacity = 0;
  CHECK_THROWS_AS(loop_of(options), std::invalid_argument);
  options = {};
  options.founders = 0;
  CHECK_THROWS_AS(loop_of(options), std::invalid_argument);
}
