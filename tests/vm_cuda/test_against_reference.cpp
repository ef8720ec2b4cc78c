#include <set>

#include "device.hpp"
#include "tests/support/ops_seen.hpp"
#include "tests/support/random_bound.hpp"
#include "tests/support/random_program.hpp"
#include "tests/vm_differential/life.hpp"
#include "vm/dense.hpp"
#include "vm/lanes.hpp"
#include "vm/reference.hpp"

// The launches of the cuda engine, run by plain loops: same plan, same index arithmetic, same kernels.

using namespace mlz;
using namespace mlz::test;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kPrograms = 400;
#else
constexpr std::uint64_t kPrograms = 4000;
#endif

/// Everything that may go to cuBLAS does, and teams of threads work wherever they can.
constexpr vm::cuda::Tuning kEager{.share = true, .gemm_work = 1, .gemv_entries = 1, .team_terms = 2};
constexpr vm::cuda::Tuning kTunings[] = {{}, {.share = false}, kEager, {.team_terms = 2}};

vm::MachineOptions options_of(std::uint64_t seed, int lanes, vm::DType dtype, bool blas) {
  vm::MachineOptions o;
  o.dtype = dtype;
  o.lanes = lanes;
  o.seed = seed;
  o.blas = blas;
  for (int lane = 0; lane < lanes; ++lane) o.lifetimes.push_back(static_cast<std::uint32_t>(5 * lane + 3));
  return o;
}

vm::BoundProgram text_program(std::uint64_t seed) {
  vm::BindOptions options;
  options.sizes["features"] = std::array{2, 3, 4, 7, 8, 11, 19, 70}[seed % 8];
  options.observe = seed % 3 == 0 ? vm::Observe::all : vm::Observe::predictions;
  return bound(tests::random_program(seed), options);
}

}  // namespace

TEST_CASE("in f64 without BLAS the launches have the bits of the reference engine") {
  std::set<OpId> seen;
  long entries = 0, finite = 0;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const vm::BoundProgram program = seed % 2 == 0 ? random_program(seed) : text_program(seed);
    note_ops(program, seen);
    const int lanes = 1 + static_cast<int>(seed % 3);
    vm::MachineOptions options = options_of(seed, lanes, vm::DType::f64, false);
    options.fuse = seed % 5 != 0;
    options.optimise = seed % 7 != 0;
    const auto reference = vm::make_reference(program, options);
    const auto launched = on_device(program, options, kTunings[seed % 4]);
    Lives lives({reference.get(), launched.get()}, seed);
    INFO("program ", seed, "\n", print(program));
    lead(lives, [&] {
      for (int lane = 0; lane < lanes; ++lane) {
        Difference d;
        compare(*reference, *launched, lane, d);
        INFO("lane ", lane);
        REQUIRE(d.where == "");
        entries += d.entries;
        finite += d.finite;
      }
    });
  }
  check_all_seen(seen);
  CHECK(finite < entries);
  CHECK(static_cast<double>(finite) > 0.5 * static_cast<double>(entries));
}

TEST_CASE("the arguments of cuBLAS give the products of the reference engine, but for the sign of zeros") {
  std::uint64_t products = 0;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const vm::BoundProgram program = seed % 2 == 0 ? random_program(seed) : text_program(seed);
    const int lanes = 1 + static_cast<int>(seed % 4);
    const vm::MachineOptions options = options_of(seed, lanes, vm::DType::f64, true);
    const auto reference = vm::make_reference(program, options);
    const auto launched = on_device(program, options, kEager);
    Lives lives({reference.get(), launched.get()}, seed);
    INFO("program ", seed, "\n", print(program));
    lives.setup();
    lives.predict();
    for (int lane = 0; lane < lanes; ++lane) {
      Difference d;
      compare(*reference, *launched, lane, d);
      CHECK(d.largest == 0);
    }
    products += launched->device().counts().products;
  }
  CHECK(products > 1000);
}

TEST_CASE("in f32 without BLAS the launches have the bits of the dense engine") {
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const vm::BoundProgram program = seed % 2 == 0 ? random_program(seed) : text_program(seed);
    const int lanes = 1 + static_cast<int>(seed % 3);
    const vm::MachineOptions options = options_of(seed, lanes, vm::DType::f32, false);
    const auto dense = vm::make_dense(program, options);
    const auto launched = on_device(program, options, kTunings[seed % 4]);
    Lives lives({dense.get(), launched.get()}, seed);
    INFO("program ", seed, "\n", print(program));
    lead(lives, [&] {
      for (int lane = 0; lane < lanes; ++lane) {
        Difference d;
        compare(*dense, *launched, lane, d);
        INFO("lane ", lane);
        REQUIRE(d.where == "");
      }
    });
  }
}
