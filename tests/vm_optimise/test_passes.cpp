#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/optimise.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::Optimised;
using vm::RegisterId;

namespace {

constexpr Function kLife[] = {Function::setup,   Function::predict, Function::learn, Function::predict,
                              Function::predict, Function::learn,   Function::learn, Function::predict};

/// What the reference engine can run: Setup does at its end what `fixed` asks for.
vm::BoundProgram with_fixed_in_setup(const Optimised& o) {
  vm::BoundProgram program = o.program;
  auto& setup = program.code[0];
  setup.insert(setup.end(), o.fixed.begin(), o.fixed.end());
  return program;
}

/// The first difference between what two programs let see over a life.
std::string first_difference(const vm::BoundProgram& a, const vm::BoundProgram& b) {
  vm::MachineOptions options;
  options.seed = 9;
  const auto one = vm::make_reference(a, options), other = vm::make_reference(b, options);
  Difference d;
  for (const Function f : kLife) {
    one->run(f);
    other->run(f);
    compare(*one, *other, 0, d);
  }
  return d.where;
}

/// How many instructions a step has.
std::size_t instructions(const Optimised& o) { return o.program.code[1].size() + o.program.code[2].size(); }

struct Pass {
  const char* name;
  void (*run)(Optimised&);
};
constexpr Pass kPasses[] = {{"fold_constants", vm::fold_constants},
                            {"drop_covered", vm::drop_covered},
                            {"share_common", vm::share_common},
                            {"move_fixed", vm::move_fixed},
                            {"forward_copies", vm::forward_copies},
                            {"drop_dead", vm::drop_dead}};

}  // namespace

TEST_CASE("each pass alone, and passes in any order, keep every bit that can be read") {
  std::mt19937_64 random(1);
  for (std::uint64_t seed = 0; seed < 1200; ++seed) {
    const vm::BoundProgram program = random_program(seed + 200'000);
    Optimised o = vm::unoptimised(program, vm::DType::f64);
    const std::size_t count = seed % 2 == 0 ? 1 : 2 + random() % 6;
    INFO("program ", seed);
    for (std::size_t k = 0; k < count; ++k) {
      const Pass& pass = kPasses[seed % 2 == 0 ? seed / 2 % std::size(kPasses) : random() % std::size(kPasses)];
      INFO(pass.name);
      pass.run(o);
      REQUIRE(first_difference(program, with_fixed_in_setup(o)) == "");
    }
  }
}

TEST_CASE("all passes together keep the bits and leave less to do") {
  std::size_t before = 0, after = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    ProgramOptions options;
    options.observed = 0.1;
    const vm::BoundProgram program = random_program(seed + 300'000, options);
    const Optimised o = vm::optimise(program, vm::DType::f64);
    INFO("program ", seed);
    REQUIRE(first_difference(program, with_fixed_in_setup(o)) == "");
    before += instructions(vm::unoptimised(program, vm::DType::f64));
    after += instructions(o);
  }
  CHECK(after < before * 9 / 10);
}

TEST_CASE("scalars computed from constants become constants of the engine's number type") {
  ProgramBuilder b;
  const auto tenth = b.constant(0.1), three = b.constant(3), s = b.scalar(), t = b.scalar(), v = b.vector(4);
  b.function = Function::predict;
  b.op(OpId::mul, s, {tenth, three});
  b.op(OpId::exp, t, {s});
  b.op(OpId::add, v, {v, t});
  b.observe(v);
  const vm::BoundProgram program = b.finish();
  for (const vm::DType dtype : {vm::DType::f64, vm::DType::f32}) {
    const Optimised o = vm::optimise(program, dtype);
    REQUIRE(o.program.code[1].size() == 1);
    CHECK(o.fixed.empty());
    const RegisterId c = o.program.code[1][0].in[1];
    CHECK(o.program.registers[c].birth == vm::BoundRegister::Birth::constant);
    const double expected = dtype == vm::DType::f64 ? std::exp(0.1 * 3) : std::exp(0.1f * 3.0f);
    const double value = o.program.registers[c].constant;
    CHECK(value == doctest::Approx(expected).epsilon(1e-6));
    CHECK((value == static_cast<double>(static_cast<float>(value))) == (dtype == vm::DType::f32));
  }
}

TEST_CASE("what windows write over before anything reads it is not computed") {
  // 0: two halves cover the matrix; 1: a row is left; 2: read in between; 3: a window is computed from the old value
  for (const int spoil : {0, 1, 2, 3}) {
    ProgramBuilder b;
    const auto zero = b.constant(0), p = b.normal_param(Kind::matrix, 4, 3, 1), q = b.normal_param(Kind::matrix, 4, 5, 1);
    const auto z = b.matrix(4, 8), s = b.scalar(), part = b.matrix(4, 5);
    b.function = Function::predict;
    b.op(OpId::fill, z, {zero});
    b.op(OpId::set, z, {p}, {0, 0, 4, 3});
    if (spoil == 2) b.op(OpId::sum, s, {z}, {-1});
    if (spoil == 3) b.op(OpId::get, part, {z}, {0, 3, 4, 5});
    if (spoil == 1) b.op(OpId::get, part, {q}, {0, 0, 3, 5});
    b.op(OpId::set, z, {spoil == 3 ? part : q}, {0, 3, 4, 5});
    b.observe(z);
    b.observe(s);
    b.observe(part);
    vm::BoundProgram program = b.finish();
    if (spoil == 1) program.code[1][3].attr = {0, 3, 3, 5}, program.code[1][3].in[0] = part, program.registers[part].rows = 3;
    Optimised o = vm::unoptimised(program, vm::DType::f64);
    const std::size_t before = o.program.code[1].size();
    vm::drop_covered(o);
    INFO("case ", spoil);
    CHECK(o.program.code[1].size() == before - (spoil == 0 ? 1 : 0));
    CHECK(first_difference(program, o.program) == "");
  }
}

TEST_CASE("what a function has computed is not computed again until an operand changes") {
  ProgramBuilder b;
  const auto x = b.vector(5), w = b.vector(5), t = b.vector(5), u = b.vector(5), y = b.vector(5), z = b.vector(5);
  b.program.role[static_cast<std::size_t>(Role::x)] = x;
  b.function = Function::predict;
  b.op(OpId::mul, t, {x, w});
  b.op(OpId::mul, u, {w, x});  // the same product
  b.op(OpId::add, y, {t, u});
  b.op(OpId::add, w, {w, x});
  b.op(OpId::mul, z, {x, w});  // another one
  for (const auto id : {w, y, z}) b.observe(id);
  Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  INFO(print(o));
  REQUIRE(o.program.code[1].size() == 4);
  CHECK(o.program.code[1][1].in[0] == t);
  CHECK(o.program.code[1][1].in[1] == t);
  CHECK(o.program.code[1][3].op == OpId::mul);
}

TEST_CASE("what neither Predict nor Learn changes is computed once") {
  ProgramBuilder b;
  const auto p = b.normal_param(Kind::matrix, 3, 4, 1);
  const auto left = b.matrix(3, 4), e = b.matrix(3, 4), s = b.matrix(3, 4), x = b.vector(4), y = b.vector(3);
  const auto again = b.matrix(3, 4);
  b.program.role[static_cast<std::size_t>(Role::x)] = x;
  b.function = Function::setup;
  b.op(OpId::tanh, left, {p});
  b.function = Function::predict;
  b.op(OpId::exp, e, {left});
  b.op(OpId::add, s, {e, p});
  b.op(OpId::matvec, y, {s, x});
  b.function = Function::learn;
  b.op(OpId::exp, again, {left});
  b.op(OpId::matvec, y, {again, x});
  b.observe(y);
  const Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  INFO(print(o));
  CHECK(o.fixed.size() == 2);  // Predict and Learn share exp(left)
  CHECK(o.program.code[1].size() == 1);
  CHECK(o.program.code[2].size() == 1);
  CHECK(o.feeds_fixed[left] != 0);
  CHECK(o.feeds_fixed[p] != 0);
  CHECK(o.feeds_fixed[x] == 0);
}

TEST_CASE("draws and what depends on them stay where they are") {
  ProgramBuilder b;
  const auto zero = b.constant(0), one = b.constant(1), noise = b.vector(3), e = b.vector(3);
  b.function = Function::predict;
  b.op(OpId::normal, noise, {zero, one});
  b.op(OpId::exp, e, {noise});
  b.observe(e);
  const Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  CHECK(o.fixed.empty());
  CHECK(o.program.code[1].size() == 2);
}

TEST_CASE("copies disappear, and results go where a copy took them") {
  ProgramBuilder b;
  const auto x = b.vector(5), w = b.vector(5), t = b.vector(5), c = b.vector(5), y = b.vector(5);
  b.program.role[static_cast<std::size_t>(Role::x)] = x;
  b.function = Function::predict;
  b.op(OpId::add, t, {w, x});
  b.op(OpId::copy, w, {t});
  b.op(OpId::copy, c, {w});
  b.op(OpId::mul, y, {c, x});
  b.observe(w);
  b.observe(y);
  const Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  INFO(print(o));
  REQUIRE(o.program.code[1].size() == 2);
  CHECK(o.program.code[1][0].out == w);
  CHECK(o.program.code[1][1].in[0] == w);
}

TEST_CASE("a copy of what changes later stays") {
  ProgramBuilder b;
  const auto x = b.vector(5), w = b.vector(5), old = b.vector(5), y = b.vector(5);
  b.program.role[static_cast<std::size_t>(Role::x)] = x;
  b.function = Function::predict;
  b.op(OpId::copy, old, {w});
  b.op(OpId::add, w, {w, x});
  b.op(OpId::mul, y, {old, x});
  b.observe(w);
  b.observe(y);
  const Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  CHECK(o.program.code[1].size() == 3);
}

TEST_CASE("observed registers keep their instructions") {
  ProgramBuilder b;
  const auto x = b.vector(5), t = b.vector(5), u = b.vector(5);
  b.program.role[static_cast<std::size_t>(Role::x)] = x;
  b.function = Function::predict;
  b.op(OpId::relu, t, {x});
  b.op(OpId::relu, u, {x});
  b.observe(t);
  b.observe(u);
  const Optimised o = vm::optimise(b.finish(), vm::DType::f64);
  INFO(print(o));
  REQUIRE(o.program.code[1].size() == 2);
  CHECK(o.program.code[1][1].op == OpId::copy);
}
