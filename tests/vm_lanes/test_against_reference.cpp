#include <doctest/doctest.h>

#include <set>

#include "tests/support/compare.hpp"
#include "tests/support/ops_seen.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/lanes.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

constexpr Function kSteps[] = {Function::setup, Function::predict, Function::learn,
                               Function::predict, Function::learn};

vm::MachineOptions some_lanes(int lanes, vm::DType dtype) {
  vm::MachineOptions o;
  o.lanes = lanes;
  o.dtype = dtype;
  o.seed = 5;
  for (int i = 0; i < lanes; ++i) o.lifetimes.push_back(static_cast<std::uint32_t>(3 + 5 * i));
  return o;
}

/// Observed registers of every lane of `many` against machines of one lane each, after every
/// function.
Difference run_apart(vm::Machine& many, const std::vector<std::unique_ptr<vm::Machine>>& single) {
  Difference d;
  for (const Function f : kSteps) {
    many.run(f);
    for (int lane = 0; lane < many.lanes(); ++lane) {
      vm::Machine& one = *single[static_cast<std::size_t>(lane)];
      one.run(f);
      for (vm::RegisterId id = 0; id < many.program().registers.size(); ++id) {
        if (!many.program().registers[id].observed) continue;
        const auto x = values(one, id, 0), y = values(many, id, lane);
        for (std::size_t i = 0; i < x.size(); ++i) {
          ++d.entries;
          d.finite += std::isfinite(x[i]);
          if (!same_bits(x[i], y[i]) && d.where.empty())
            d.where = many.program().registers[id].name;
        }
      }
    }
  }
  return d;
}

}  // namespace

TEST_CASE("in f64 every lane has the bits of the reference engine, at every level") {
  long entries = 0, finite = 0, skipped = 0;
  std::set<OpId> seen;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const vm::BoundProgram program = random_program(seed);
    note_ops(program, seen);
    const int lanes = 1 + static_cast<int>(seed % 11);
    const vm::MachineOptions options = some_lanes(lanes, vm::DType::f64);
    const vm::Level level = vm::kLevels[seed % 3];
    if (!vm::level_available(level)) {
      ++skipped;
      continue;
    }
    const auto reference = vm::make_reference(program, options);
    const auto machine = vm::make_lanes(program, options, level);
    Difference d;
    for (const Function f : kSteps) {
      reference->run(f);
      machine->run(f);
      for (int lane = 0; lane < lanes; ++lane) compare(*reference, *machine, lane, d);
    }
    entries += d.entries;
    finite += d.finite;
    INFO("program ", seed, ", ", vm::level_name(level), ", ", lanes, " lanes");
    INFO(print(program));
    REQUIRE(d.where == "");
  }
  if (skipped > 0) MESSAGE(skipped, " programs skipped: this processor lacks a kernel level");
  CHECK(static_cast<double>(finite) > 0.9 * static_cast<double>(entries));
  check_all_seen(seen);
}

TEST_CASE("in f32 results depend neither on the number of lanes nor on the level") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const vm::BoundProgram program = random_program(seed + 30000);
    const int lanes = 2 + static_cast<int>(seed % 20);
    const vm::MachineOptions options = some_lanes(lanes, vm::DType::f32);
    std::vector<std::unique_ptr<vm::Machine>> single;
    for (int lane = 0; lane < lanes; ++lane) {
      const vm::Level level = vm::kLevels[static_cast<std::size_t>(lane) % 3];
      vm::MachineOptions one = options;
      one.lanes = 1;
      one.lifetimes = {options.lifetimes[static_cast<std::size_t>(lane)]};
      single.push_back(
          vm::make_lanes(program, one, vm::level_available(level) ? level : vm::Level::v2));
    }
    const auto many = vm::make_lanes(program, options);
    INFO("program ", seed);
    REQUIRE(run_apart(*many, single).where == "");
  }
}

TEST_CASE("registers of lanes are read, written, saved and restored apart") {
  ProgramBuilder b;
  const auto v = b.vector(3), w = b.vector(3);
  b.observe(v);
  b.observe(w);
  b.op(OpId::add, w, {v, v});
  const vm::BoundProgram program = b.finish();
  const auto machine = vm::make_lanes(program, some_lanes(3, vm::DType::f32));
  const std::vector<double> in{1, 2, 3};
  machine->write(v, 1, std::span<const double>(in));
  machine->run(Function::setup);
  CHECK(values(*machine, w, 0) == std::vector<double>{0, 0, 0});
  CHECK(values(*machine, w, 1) == std::vector<double>{2, 4, 6});
  const vm::Snapshot saved = machine->save();
  machine->reset();
  CHECK(values(*machine, w, 1) == std::vector<double>{0, 0, 0});
  machine->restore(saved);
  CHECK(values(*machine, w, 1) == std::vector<double>{2, 4, 6});
  CHECK_THROWS_AS(machine->restore(vm::Snapshot{}), std::logic_error);
  CHECK_THROWS_AS(values(*machine, w, 3), std::logic_error);
}
