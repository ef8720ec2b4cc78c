#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/lanes.hpp"
#include "vm/lanes_views.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

/// How many moves of Predict are left out; also checks that three lanes have the bits of the reference engine.
std::size_t skipped(const vm::BoundProgram& program) {
  vm::MachineOptions one, three;
  three.lanes = 3;
  three.lifetimes = {0, 1, 2};
  const auto lanes = vm::make_lanes(program, three);
  std::vector<std::unique_ptr<vm::Machine>> alone;
  for (const std::uint32_t lifetime : three.lifetimes) {
    one.lifetimes = {lifetime};
    alone.push_back(vm::make_reference(program, one));
  }
  for (int run = 0; run < 2; ++run) {
    lanes->run(Function::predict);
    for (int lane = 0; lane < 3; ++lane) {
      vm::Machine& reference = *alone[static_cast<std::size_t>(lane)];
      reference.run(Function::predict);
      for (vm::RegisterId id = 0; id < program.registers.size(); ++id) {
        if (program.registers[id].observed) CHECK(values(*lanes, id, lane) == values(reference, id, 0));
      }
    }
  }
  const vm::Optimised o = vm::unoptimised(program, vm::DType::f64);
  const vm::lanes::Views views(o.program, o.program.code[1], vm::kept_registers(o.program, {}));
  std::size_t count = 0;
  for (std::size_t at = 0; at < o.program.code[1].size(); ++at) count += views.is_skipped(at) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("moves that lead to one another are read through") {
  ProgramBuilder b;
  const auto a = b.normal_param(Kind::matrix, 4, 6, 1), other = b.normal_param(Kind::matrix, 15, 2, 1);
  const auto turned = b.matrix(6, 4), window = b.matrix(3, 2), repeated = b.matrix(15, 2), y = b.matrix(15, 2);
  b.function = Function::predict;
  b.op(OpId::transpose, turned, {a});
  b.op(OpId::get, window, {turned}, {2, 1, 3, 2});
  b.op(OpId::repeat_rows, repeated, {window}, {5});
  b.op(OpId::mul, y, {repeated, other});
  b.observe(y);
  CHECK(skipped(b.finish()) == 3);
}

TEST_CASE("whole rows serve every operation, other windows only those that go entry by entry") {
  for (const bool whole : {true, false}) {
    ProgramBuilder b;
    const auto a = b.normal_param(Kind::matrix, 8, 4, 1), w = b.normal_param(Kind::matrix, 4, 3, 1);
    const auto narrow = b.normal_param(Kind::matrix, 2, 3, 1);
    const auto rows = b.matrix(3, whole ? 4 : 2), y = b.matrix(3, 3), s = b.scalar();
    b.function = Function::predict;
    b.op(OpId::get, rows, {a}, whole ? std::array<std::int64_t, 4>{2, 0, 3, 4} : std::array<std::int64_t, 4>{2, 1, 3, 2});
    b.op(OpId::matmul, y, {rows, whole ? w : narrow});
    b.op(OpId::std, s, {rows}, {-1});
    b.observe(y);
    b.observe(s);
    CHECK(skipped(b.finish()) == (whole ? 1 : 0));
  }
}

TEST_CASE("a move is carried out when its source changes, its result is seen or changed in part, or a draw reads it") {
  for (const int spoil : {0, 1, 2, 3, 4}) {
    ProgramBuilder b;
    const auto first = b.normal_param(Kind::matrix, 4, 6, 1);
    const auto a = b.matrix(4, 6), t = b.matrix(8, 6), y = b.matrix(8, 6), s = b.scalar(), noise = b.vector(5);
    b.start_as(a, first);
    b.function = Function::predict;
    b.op(OpId::tile_rows, t, {a}, {2});
    if (spoil == 1) b.op(OpId::add, a, {a, first});
    if (spoil == 2) b.op(OpId::set, t, {b.constant(0.5)}, {1, 1, 2, 2});
    b.op(OpId::relu, y, {t});
    if (spoil == 3) {
      b.op(OpId::get, s, {a}, {1, 1, 1, 1});
      b.op(OpId::normal, noise, {s, b.constant(1)});
      b.observe(noise);
    }
    b.observe(y);
    b.observe(a);
    if (spoil == 4) b.observe(t);
    INFO("case ", spoil);
    CHECK(skipped(b.finish()) == (spoil == 0 || spoil == 3 ? 1 : 0));
  }
}
