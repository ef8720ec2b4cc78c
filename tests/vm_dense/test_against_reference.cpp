#include <doctest/doctest.h>

#include <set>

#include "tests/support/compare.hpp"
#include "tests/support/ops_seen.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/blas.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

struct Setting {
  const char* name;
  bool fuse;
  vm::dense::Tuning tuning;
};

/// Steps both machines and compares them after every function.
Difference run_both(const vm::BoundProgram& program, const vm::MachineOptions& options,
                    vm::Machine& dense, int steps) {
  const auto reference = vm::make_reference(program, options);
  Difference d;
  const auto both = [&](Function f) {
    reference->run(f);
    dense.run(f);
    for (int lane = 0; lane < options.lanes; ++lane) compare(*reference, dense, lane, d);
  };
  both(Function::setup);
  for (int step = 0; step < steps; ++step) {
    both(Function::predict);
    both(Function::learn);
  }
  return d;
}

vm::MachineOptions exact_options() {
  vm::MachineOptions o;
  o.lanes = 2;
  o.seed = 5;
  o.lifetimes = {3, 8};
  o.blas = false;
  return o;
}

}  // namespace

TEST_CASE("in f64 without BLAS the dense engine has the bits of the reference engine") {
  const Setting settings[] = {{"plain", false, {}},
                              {"fused", true, {}},
                              {"fused, small tiles", true, {128, true, vm::kernel_level()}},
                              {"fused, one entry a tile", true, {8, true, vm::kernel_level()}},
                              {"v2", true, {512, true, vm::Level::v2}},
                              {"v3", true, {512, true, vm::Level::v3}}};
  long entries = 0, finite = 0, skipped = 0;
  std::set<OpId> seen;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const vm::BoundProgram program = random_program(seed);
    note_ops(program, seen);
    vm::MachineOptions options = exact_options();
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, 2 + seed % 4}) {
      const Setting& setting = settings[k];
      if (!vm::level_available(setting.tuning.level)) {
        ++skipped;
        continue;
      }
      options.fuse = setting.fuse;
      const auto dense = vm::make_dense(program, options, setting.tuning);
      const Difference d = run_both(program, options, *dense, 2);
      entries += d.entries;
      finite += d.finite;
      INFO("program ", seed, ", ", setting.name);
      INFO(print(program));
      INFO(vm::dump_dense(program, options, setting.tuning));
      REQUIRE(d.where == "");
    }
  }
  if (skipped > 0)
    MESSAGE(skipped, " comparisons skipped: this processor lacks the level of x86-64");
  CHECK(static_cast<double>(finite) > 0.9 * static_cast<double>(entries));
  check_all_seen(seen);
}

TEST_CASE("registers larger than a tile have the same bits too") {
  ProgramOptions large;
  large.largest = 130;
  large.instructions = 25;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const vm::BoundProgram program = random_program(seed + 50000, large);
    vm::MachineOptions options = exact_options();
    options.lanes = 1;
    options.lifetimes = {};
    const auto dense = vm::make_dense(program, options);
    INFO("program ", seed);
    INFO(vm::dump_dense(program, options));
    REQUIRE(run_both(program, options, *dense, 2).where == "");
  }
}

namespace {

/// A tame program of products, so that rounding does not grow: matrix products of several sizes,
/// one step.
vm::BoundProgram products(std::int64_t m, std::int64_t k, std::int64_t n) {
  ProgramBuilder b;
  const auto a = b.normal_param(Kind::matrix, m, k, 1), c = b.normal_param(Kind::matrix, k, n, 1);
  const auto x = b.normal_param(Kind::vector, 1, k, 1), u = b.normal_param(Kind::vector, 1, m, 1);
  const auto at = b.matrix(k, m), ct = b.matrix(n, k), mn = b.matrix(m, n), mn2 = b.matrix(m, n),
             mn3 = b.matrix(m, n);
  const auto aa = b.matrix(k, k), square = b.matrix(k, k), v = b.vector(m), w = b.vector(k),
             w2 = b.vector(k);
  b.function = Function::predict;
  b.op(OpId::matmul, mn, {a, c});
  b.op(OpId::transpose, at, {a});
  b.op(OpId::matmul, aa, {at, a});
  b.op(OpId::copy, square, {aa});
  b.op(OpId::matmul, square, {square, aa});
  b.op(OpId::transpose, ct, {c});
  const auto c2 = b.matrix(k, n);
  b.op(OpId::transpose, c2, {ct});
  b.op(OpId::matmul, mn2, {a, c2});
  const auto a2 = b.matrix(m, k);
  b.op(OpId::transpose, a2, {at});
  b.op(OpId::matmul, mn3, {a2, c2});
  b.op(OpId::matvec, v, {a, x});
  b.op(OpId::vecmat, w, {u, a});
  b.op(OpId::matvec, w2, {at, u});
  for (const auto id : {mn, mn2, mn3, aa, square, v, w, w2}) b.observe(id);
  return b.finish();
}

}  // namespace

TEST_CASE("products by BLAS are within 1e-10 of the reference engine") {
  if (vm::blas() == nullptr) {
    MESSAGE("skipped: there is no BLAS on this machine");
    return;
  }
  for (const auto [m, k, n] :
       {std::array<std::int64_t, 3>{3, 4, 5}, {16, 16, 16}, {33, 65, 17}, {400, 400, 8}}) {
    const vm::BoundProgram program = products(m, k, n);
    for (const bool fuse : {false, true}) {
      vm::MachineOptions options;
      options.fuse = fuse;
      const auto dense = vm::make_dense(program, options);
      const Difference d = run_both(program, options, *dense, 1);
      INFO(vm::dump_dense(program, options));
      CHECK(d.largest < 1e-10);
    }
  }
}

TEST_CASE("f32 follows f64 over short programs") {
  ProgramOptions shorter;
  shorter.instructions = 10;
  shorter.random_draws = false;
  int close = 0, compared = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const vm::BoundProgram program = random_program(seed + 90000, shorter);
    vm::MachineOptions options;
    const auto f64 = vm::make_dense(program, options);
    options.dtype = vm::DType::f32;
    const auto f32 = vm::make_dense(program, options);
    for (const Function f : {Function::setup, Function::predict}) {
      f64->run(f);
      f32->run(f);
    }
    Difference d;
    compare(*f64, *f32, 0, d);
    ++compared;
    close += d.largest < 1e-3;
  }
  // Steps, comparisons and indices turn a rounding into a difference of one; most programs have
  // none that is near.
  CHECK(close > 0.85 * compared);
}

TEST_CASE("f32 results do not depend on fusion, tiles or the level of the processor") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const vm::BoundProgram program = random_program(seed + 70000);
    vm::MachineOptions options;
    options.dtype = vm::DType::f32;
    options.blas = false;
    options.fuse = false;
    const auto plain = vm::make_dense(program, options);
    options.fuse = true;
    vm::Level level = vm::kLevels[seed % 3];
    if (!vm::level_available(level)) level = vm::Level::v2;
    const auto fused = vm::make_dense(program, options, {64, true, level});
    Difference d;
    for (const Function f :
         {Function::setup, Function::predict, Function::learn, Function::predict}) {
      plain->run(f);
      fused->run(f);
      compare(*plain, *fused, 0, d);
    }
    INFO("program ", seed);
    INFO(vm::dump_dense(program, options, {64, true, level}));
    REQUIRE(d.where == "");
  }
}
