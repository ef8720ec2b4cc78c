#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/dense.hpp"
#include "vm/lanes.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

using Make = std::unique_ptr<vm::Machine> (*)(const vm::BoundProgram&, const vm::MachineOptions&);
constexpr Make kEngines[] = {vm::make_lanes, vm::make_dense};

vm::MachineOptions some_options(vm::DType dtype, bool optimise) {
  vm::MachineOptions o;
  o.lanes = 3;
  o.seed = 5;
  o.dtype = dtype;
  o.blas = false;
  o.optimise = optimise;
  return o;
}

/// The same machine with and without the passes.
struct Pair {
  std::unique_ptr<vm::Machine> plain, optimised;

  Pair(Make make, const vm::BoundProgram& program, vm::DType dtype)
      : plain(make(program, some_options(dtype, false))), optimised(make(program, some_options(dtype, true))) {}

  void run(Function f) {
    plain->run(f);
    optimised->run(f);
  }
  void write(vm::RegisterId id, int lane, double value) {
    const std::vector<double> values(static_cast<std::size_t>(plain->program().registers[id].size()), value);
    plain->write(id, lane, std::span<const double>(values));
    optimised->write(id, lane, std::span<const double>(values));
  }
  std::string difference() const {
    Difference d;
    for (int lane = 0; lane < plain->lanes(); ++lane) compare(*plain, *optimised, lane, d);
    return d.where;
  }
};

}  // namespace

TEST_CASE("the passes change no bit of an engine in either number type, in whatever order functions run") {
  std::mt19937_64 random(2);
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const vm::BoundProgram program = random_program(seed + 400'000);
    const vm::DType dtype = seed % 2 == 0 ? vm::DType::f64 : vm::DType::f32;
    Pair pair(kEngines[seed / 2 % 2], program, dtype);
    INFO("program ", seed);
    INFO(print(program));
    for (int step = 0; step < 8; ++step) {
      const Function f = kFunctions[random() % 3];
      INFO("step ", step, ": ", function_name(f));
      pair.run(f);
      REQUIRE(pair.difference() == "");
    }
  }
}

TEST_CASE("the passes change no bit when the host writes registers or restores a state") {
  std::mt19937_64 random(3);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const vm::BoundProgram program = random_program(seed + 500'000);
    Pair pair(kEngines[seed % 2], program, vm::DType::f64);
    pair.run(Function::setup);
    vm::Snapshot plain = pair.plain->save(), optimised = pair.optimised->save();
    INFO("program ", seed);
    INFO(print(program));
    for (int step = 0; step < 12; ++step) {
      const auto id = static_cast<vm::RegisterId>(random() % program.registers.size());
      const bool constant = program.registers[id].birth == vm::BoundRegister::Birth::constant;
      if (!constant) pair.write(id, static_cast<int>(random() % 3), static_cast<double>(random() % 100) / 50 - 1);
      if (step == 5) plain = pair.plain->save(), optimised = pair.optimised->save();
      if (step % 4 == 3) pair.plain->restore(plain), pair.optimised->restore(optimised);
      pair.run(step % 2 == 0 ? Function::predict : Function::learn);
      REQUIRE(pair.difference() == "");
    }
  }
}
