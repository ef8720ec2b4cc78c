#include <doctest/doctest.h>

#include "tests/support/random_bound.hpp"
#include "vm/memory_plan.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::RegisterId;

namespace {

/// Registers of the sizes given, none of them a constant.
vm::BoundProgram registers(std::size_t count) {
  ProgramBuilder b;
  for (std::size_t i = 0; i < count; ++i) b.scalar();
  return b.program;
}

bool overlap(const vm::MemoryPlan& plan, const std::vector<std::int64_t>& size, RegisterId a, RegisterId b) {
  return plan.offset[a] < plan.offset[b] + size[b] && plan.offset[b] < plan.offset[a] + size[a];
}

}  // namespace

TEST_CASE("registers used one after the other share memory, others do not") {
  const std::vector<std::int64_t> size{8, 8, 8, 8, 8, 8};
  vm::MemoryPlanner planner(registers(6), size, {1, 0, 0, 0, 0, 0});
  planner.use(0), planner.use(1);  // kept = f(1)
  planner.next_moment();
  planner.use(1), planner.use(2);  // 2 = f(1)
  planner.next_moment();
  planner.use(2), planner.use(3);  // 3 = f(2)
  planner.next_moment();
  planner.use(3), planner.use(0);
  const vm::MemoryPlan plan = planner.plan();
  CHECK(plan.entries == 3 * 8);
  CHECK(plan.apart == 6 * 8);
  CHECK(plan.offset[1] == plan.offset[3]);
  CHECK(!overlap(plan, size, 1, 2));
  CHECK(!overlap(plan, size, 0, 1));
  CHECK(plan.offset[4] == vm::kNowhere);
}

TEST_CASE("whatever is used when, registers in use at once never overlap") {
  std::mt19937_64 random(4);
  std::int64_t entries = 0, apart = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 2 + random() % 40;
    std::vector<std::int64_t> size(count), first(count, -1), last(count, -1);
    std::vector<char> kept(count);
    for (auto& s : size) s = 8 * static_cast<std::int64_t>(1 + random() % 9);
    for (auto& k : kept) k = random() % 5 == 0;
    vm::MemoryPlanner planner(registers(count), size, kept);
    for (std::int64_t moment = 0; moment < 60; ++moment) {
      for (int use = 0; use < 2; ++use) {
        const auto r = static_cast<RegisterId>((static_cast<std::size_t>(moment) * count / 60 + random() % 4) % count);
        planner.use(r);
        if (first[r] < 0) first[r] = moment;
        last[r] = moment;
      }
      planner.next_moment();
    }
    const vm::MemoryPlan plan = planner.plan();
    entries += plan.entries;
    apart += plan.apart;
    for (RegisterId a = 0; a < count; ++a) {
      CHECK((plan.offset[a] == vm::kNowhere) == (kept[a] == 0 && first[a] < 0));
      if (plan.offset[a] == vm::kNowhere) continue;
      CHECK(plan.offset[a] + size[a] <= plan.entries);
      for (RegisterId b = 0; b < a; ++b) {
        if (plan.offset[b] == vm::kNowhere) continue;
        const bool at_once = kept[a] != 0 || kept[b] != 0 || (first[a] <= last[b] && first[b] <= last[a]);
        CHECK((!at_once || !overlap(plan, size, a, b)));
      }
    }
  }
  CHECK(entries < apart * 8 / 10);
}
