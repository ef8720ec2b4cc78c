#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "support.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

void require_valid(const Space& space, const Genome& genome) {
  std::size_t total = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    REQUIRE(genome.length[f] >= space.parts[f].least);
    REQUIRE(genome.length[f] <= space.parts[f].most);
    total += genome.length[f];
    for (const Instruction& i : genome.function(f)) {
      const NumberedOp& op = i.info();
      REQUIRE(std::find(space.parts[f].ops.begin(), space.parts[f].ops.end(), i.op) != space.parts[f].ops.end());
      for (std::size_t k = 0; k < op.in.size(); ++k) REQUIRE(i.in[k] < space.banks.count[static_cast<std::size_t>(op.in[k])]);
      if (!op.has_out) continue;
      REQUIRE(i.out < space.banks.count[static_cast<std::size_t>(op.out)]);
      if (op.out != Kind::matrix) REQUIRE(i.out >= 1);
      if (op.data == Data::entry_v) REQUIRE((i.pair()[0] >= 0 && i.pair()[0] < 1));
      if (op.data == Data::entry_m) REQUIRE((i.extra >= 0 && i.extra < 1));
      if (op.data == Data::normal) REQUIRE(i.pair()[1] >= 0);
    }
  }
  REQUIRE(total == genome.code.size());
}

/// How often each number of differing instructions came up.
std::map<std::size_t, int> changes(const char* name, int tries) {
  const Space space = every_op(6);
  const auto names = mutation_names();
  const auto index = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  REQUIRE(index < names.size());
  std::map<std::size_t, int> seen;
  for (int n = 0; n < tries; ++n) {
    Draws draws(1, 0, 0, static_cast<std::uint64_t>(n));
    const Genome before = first_genome(space, true, draws);
    Genome after = before;
    const bool changed = numbered_mutations()[index].apply(space, after, draws);
    if (!changed) REQUIRE(after == before);
    if (after.code.size() != before.code.size()) {
      ++seen[1000 + after.code.size()];
      continue;
    }
    std::size_t differing = 0;
    for (std::size_t k = 0; k < after.code.size(); ++k) differing += !(after.code[k] == before.code[k]);
    ++seen[differing];
  }
  return seen;
}

}  // namespace

TEST_CASE("a million mutations stay within the space") {
  Space space = every_op(6);
  for (auto& part : space.parts) part.least = 2;
  space.parts[1].ops = parse_op_list("27,31,48", "ops");
  Draws draws(2, 0, 0, 0);
  Genome genome = first_genome(space, true, draws);
  std::array<bool, 3> full{}, least{};
  for (int n = 0; n < 1'000'000; ++n) {
    const Mutation& mutation = numbered_mutations()[draws.below(8)];
    mutation.apply(space, genome, draws);
    if (n % 64 == 0) require_valid(space, genome);
    for (std::size_t f = 0; f < 3; ++f) {
      full[f] |= genome.length[f] == space.parts[f].most;
      least[f] |= genome.length[f] == space.parts[f].least;
    }
  }
  CHECK(std::count(full.begin(), full.end(), true) == 3);
  CHECK(std::count(least.begin(), least.end(), true) == 3);
}

TEST_CASE("each mutation changes what it says") {
  CHECK(changes("identity", 100) == std::map<std::size_t, int>{{0, 100}});
  for (const char* name : {"alter", "randomize_instruction"}) {
    const auto seen = changes(name, 2000);
    CAPTURE(name);
    CHECK(seen.rbegin()->first == 1);
    CHECK(seen.at(1) > 1000);
  }
  CHECK(changes("randomize_function", 500).rbegin()->first == 6);
  CHECK(changes("randomize_program", 500).rbegin()->first == 18);
  CHECK(changes("insert", 100) == std::map<std::size_t, int>{{1019, 100}});
  CHECK(changes("remove", 100) == std::map<std::size_t, int>{{1017, 100}});
  CHECK(changes("trade", 500).rbegin()->first <= 7);
}

TEST_CASE("altering redraws each argument equally often") {
  const Space space = every_op();
  std::array<int, 3> changed{};
  for (std::uint64_t n = 0; n < 30000; ++n) {
    Draws draws(4, 0, 0, n);
    Instruction i;
    i.op = 1;
    i.in = {3, 3};
    i.out = 3;
    const Instruction before = i;
    alter(space, i, draws);
    changed[0] += i.in[0] != before.in[0];
    changed[1] += i.in[1] != before.in[1];
    changed[2] += i.out != before.out;
  }
  CHECK(std::abs(changed[0] - 7500) < 300);  // 1/3 chosen, 3/4 of draws differ
  CHECK(std::abs(changed[1] - 7500) < 300);
  CHECK(std::abs(changed[2] - 6667) < 300);  // s0 is never written: 2/3 differ
}

TEST_CASE("a constant flips once in ten times, else is scaled and keeps its sign") {
  const Space space = every_op();
  int flipped = 0, scaled = 0, moved = 0;
  for (std::uint64_t n = 0; n < 20000; ++n) {
    Draws draws(5, 0, 0, n);
    Instruction i;
    i.op = 56;
    i.out = 2;
    i.set_number(0.5);
    alter(space, i, draws);
    if (i.number() == -0.5) ++flipped;
    else if (i.number() != 0.5) ++scaled;
    moved += i.out != 2;
    CHECK((i.number() > 0 || i.number() == -0.5));
  }
  CHECK(std::abs(flipped - 1000) < 120);
  CHECK(std::abs(scaled - 9000) < 300);
  CHECK(std::abs(moved - 6667) < 300);
}

TEST_CASE("weights of mutations") {
  const Mix mix = parse_mix("alter:3, insert:1,remove:0", mutation_names());
  CHECK(mix.parts.size() == 2);
  int altered = 0;
  for (std::uint64_t n = 0; n < 4000; ++n) {
    Draws draws(6, 0, 0, n);
    altered += mix.pick(draws) == 0;
  }
  CHECK(std::abs(altered - 3000) < 120);
  CHECK_THROWS_AS(parse_mix("altr", mutation_names()), InputError);
  CHECK_THROWS_AS(parse_mix("alter:-1", mutation_names()), InputError);
  CHECK_THROWS_AS(parse_mix("alter:x", mutation_names()), InputError);
  CHECK_THROWS_AS(parse_mix("alter:0", mutation_names()), InputError);
}

TEST_CASE("spaces that admit no program are refused") {
  Space space = every_op();
  check(space);
  const auto refused = [&](auto change) {
    Space bad = every_op();
    change(bad);
    CHECK_THROWS_AS(check(bad), InputError);
  };
  refused([](Space& s) { s.banks.count = {1, 1, 1}; });
  refused([](Space& s) { s.banks.count = {30, 30, 5}; });
  refused([](Space& s) { s.banks.count[2] = 0; });
  refused([](Space& s) { s.parts[0].least = 30; });
  refused([](Space& s) { s.parts[1].start = 30; });
  refused([](Space& s) {
    for (auto& part : s.parts) part.ops.clear();
  });
}
