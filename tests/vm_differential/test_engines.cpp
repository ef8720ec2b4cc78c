#include <set>

#include "life.hpp"
#include "tests/support/ops_seen.hpp"
#include "tests/support/random_program.hpp"
#include "vm/dense.hpp"
#include "vm/lanes.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kPrograms = 1500;
#else
constexpr std::uint64_t kPrograms = 20'000;
#endif

/// The program of that number, bound to some size, with all, some or no registers observed.
vm::BoundProgram program_of(std::uint64_t seed) {
  vm::BindOptions options;
  // Sums of more than 15 terms have another order in f32, those of more than 64 in f64 too.
  options.sizes["features"] = seed % 200 == 0 ? 70 : seed % 50 == 1 ? 19 : std::array{2, 3, 4, 7, 8, 11}[seed % 6];
  options.observe = std::array{vm::Observe::all, vm::Observe::named, vm::Observe::predictions}[seed / 6 % 3];
  if (options.observe == vm::Observe::named) {
    for (std::uint64_t r = seed % 3; r < 8; r += 3) options.observed.push_back("r" + std::to_string(r));
    options.observed.push_back("F");
  }
  return bound(tests::random_program(seed), options);
}

vm::MachineOptions options_of(std::uint64_t seed, int lanes, vm::DType dtype) {
  vm::MachineOptions o;
  o.dtype = dtype;
  o.lanes = lanes;
  o.seed = seed;
  o.blas = false;
  for (int lane = 0; lane < lanes; ++lane) o.lifetimes.push_back(static_cast<std::uint32_t>(7 * lane + 2));
  return o;
}

vm::Level level_of(std::uint64_t seed) {
  const vm::Level level = vm::kLevels[seed % 3];
  return vm::level_available(level) ? level : vm::Level::v2;
}

}  // namespace

TEST_CASE("in f64 reference, lanes and dense without BLAS agree in every bit that can be read") {
  std::set<OpId> seen;
  long entries = 0, finite = 0;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const vm::BoundProgram program = program_of(seed);
    note_ops(program, seen);
    const int lanes = 1 + static_cast<int>(seed % 3);
    const vm::MachineOptions options = options_of(seed, lanes, vm::DType::f64);
    const auto reference = vm::make_reference(program, options);
    const auto by_lanes = vm::make_lanes(program, options, level_of(seed));
    const auto dense = vm::make_dense(program, options, {seed % 2 == 0 ? 4096 : 64, seed % 4 == 1, level_of(seed / 3)});
    Lives lives({reference.get(), by_lanes.get(), dense.get()}, seed);
    INFO("program ", seed, ":\n", tests::random_program(seed));
    lead(lives, [&] {
      for (int lane = 0; lane < lanes; ++lane) {
        Difference d;
        compare(*reference, *by_lanes, lane, d);
        INFO("lanes, lane ", lane);
        REQUIRE(d.where == "");
        compare(*reference, *dense, lane, d);
        INFO("dense");
        REQUIRE(d.where == "");
        entries += d.entries;
        finite += d.finite;
      }
    });
  }
  check_all_seen(seen);
  CHECK(finite < entries);  // infinities and NaN take part,
  CHECK(static_cast<double>(finite) > 0.5 * static_cast<double>(entries));  // but are not all there is
}

TEST_CASE("in f32 a lifetime on lanes does not depend on how many there are, and dense without BLAS agrees") {
  std::set<OpId> seen;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const vm::BoundProgram program = program_of(seed);
    note_ops(program, seen);
    const int lanes = 2 + static_cast<int>(seed % 19), watched = static_cast<int>(seed / 19) % lanes;
    const vm::MachineOptions many = options_of(seed, lanes, vm::DType::f32);
    vm::MachineOptions one = options_of(seed, 1, vm::DType::f32);
    one.lifetimes = {many.lifetimes[static_cast<std::size_t>(watched)]};
    const auto together = vm::make_lanes(program, many, level_of(seed));
    const auto alone = vm::make_lanes(program, one, level_of(seed / 3));
    const auto dense = vm::make_dense(program, one, {seed % 2 == 0 ? 4096 : 64, seed % 4 == 1, level_of(seed)});
    Lives lives({together.get(), alone.get(), dense.get()}, seed);
    INFO("program ", seed, ", lane ", watched, " of ", lanes, ":\n", tests::random_program(seed));
    lead(lives, [&] {
      const auto& registers = program.registers;
      for (vm::RegisterId id = 0; id < registers.size(); ++id) {
        if (!registers[id].observed) continue;
        const auto x = values(*alone, id), y = values(*together, id, watched), z = values(*dense, id);
        const bool same = std::equal(x.begin(), x.end(), y.begin(), same_bits);
        const bool dense_same = std::equal(x.begin(), x.end(), z.begin(), same_bits);
        INFO(registers[id].name);
        REQUIRE(same);
        REQUIRE(dense_same);
      }
    });
  }
  check_all_seen(seen);
}

TEST_CASE("in f32 subnormal numbers count as zero, in f64 they are numbers, and the host's own arithmetic stays as it was") {
  const std::string program =
      "state trace : vector[40]\n"
      "def Setup():\n  trace = trace + 1\n"
      "def Predict(x):\n  trace = 0.5 * trace\n  y = sum(trace) + 0 * sum(x)\n";
  vm::BindOptions bind;
  bind.sizes = {{"features", 1}};
  const vm::BoundProgram made = bound(program, bind);
  const vm::RegisterId y = made.with_role(Role::y);
  for (const char* engine : {"dense", "lanes"}) {
    for (const auto dtype : {vm::DType::f32, vm::DType::f64}) {
      vm::MachineOptions options;
      options.dtype = dtype;
      const auto machine = vm::make_machine(engine, made, options);
      INFO(engine << " " << vm::dtype_name(dtype));
      machine->run(Function::setup);
      for (int i = 0; i < 126; ++i) machine->run(Function::predict);
      CHECK(values(*machine, y, 0)[0] == 40 * 0x1p-126);  // the smallest numbers of full precision in f32
      machine->run(Function::predict);
      CHECK(values(*machine, y, 0)[0] == (dtype == vm::DType::f32 ? 0 : 40 * 0x1p-127));
      volatile float small = 0x1p-126F;
      CHECK(small * 0.5F != 0);
    }
  }
}

TEST_CASE("in f32 uniform draws stay below their upper bound where rounding would reach it") {
  vm::BindOptions bind;
  bind.sizes = {{"features", 1}};
  const vm::BoundProgram made = bound("def Predict(x):\n  y = max(uniform(0, 1, 2)) + 0 * sum(x)\n", bind);
  for (const char* engine : {"dense", "lanes"}) {
    vm::MachineOptions options;
    options.dtype = vm::DType::f32;
    options.seed = 5;  // one of its first draws is above 1 - 2^-25
    const auto machine = vm::make_machine(engine, made, options);
    double largest = 0;
    for (int i = 0; i < 1600; ++i) {
      machine->run(Function::predict);
      largest = std::max(largest, values(*machine, made.with_role(Role::y), 0)[0]);
    }
    INFO(engine);
    CHECK(largest == 1 - 0x1p-24);
  }
}
