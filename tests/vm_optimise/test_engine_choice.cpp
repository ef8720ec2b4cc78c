#include <doctest/doctest.h>

#include "tests/support/random_bound.hpp"
#include "vm/engine_choice.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::DType;

namespace {

/// y = sum(W @ x), with W of n x n.
vm::BoundProgram network(std::int64_t n) {
  ProgramBuilder b;
  const auto w = b.matrix(n, n), x = b.vector(n), h = b.vector(n), y = b.scalar();
  b.function = Function::predict;
  b.op(OpId::matvec, h, {w, x});
  b.op(OpId::sum, y, {h}, {-1});
  b.observe(y);
  return b.finish();
}

/// y = sum(A @ B), with A of n x n and B of n x n.
vm::BoundProgram product(std::int64_t n) {
  ProgramBuilder b;
  const auto a = b.matrix(n, n), c = b.matrix(n, n), p = b.matrix(n, n), y = b.scalar();
  b.function = Function::predict;
  b.op(OpId::matmul, p, {a, c});
  b.op(OpId::sum, y, {p}, {-1});
  b.observe(y);
  return b.finish();
}

}  // namespace

TEST_CASE("small programs of many lifetimes run on lanes, others on dense") {
  struct Case {
    std::int64_t n;
    DType dtype;
    int lanes;
    const char* engine;
  };
  const Case cases[] = {{2, DType::f64, 1, "lanes"},   {4, DType::f64, 1, "dense"},   {8, DType::f64, 1, "dense"},
                        {8, DType::f64, 2, "lanes"},   {8, DType::f32, 64, "lanes"},  {16, DType::f64, 3, "dense"},
                        {16, DType::f64, 16, "lanes"}, {24, DType::f64, 64, "dense"}, {24, DType::f32, 16, "lanes"},
                        {32, DType::f32, 15, "dense"}, {32, DType::f32, 16, "lanes"}, {33, DType::f32, 1000, "dense"}};
  for (const Case& c : cases) {
    INFO(c.n, " ", vm::dtype_name(c.dtype), " ", c.lanes);
    const vm::BoundProgram program = network(c.n);
    CHECK(vm::largest_instruction(program) == c.n * c.n);
    CHECK(vm::fitting_engine(program, c.dtype, c.lanes) == c.engine);
    vm::MachineOptions options;
    options.dtype = c.dtype;
    options.lanes = c.lanes;
    CHECK(vm::make_machine("auto", program, options)->engine() == c.engine);
  }
}

TEST_CASE("matrix products count with their multiply-adds") {
  CHECK(vm::largest_instruction(product(4)) == 64);
  CHECK(vm::fitting_engine(product(4), DType::f64, 16) == "lanes");
  CHECK(vm::largest_instruction(product(16)) == 4096);
  CHECK(vm::fitting_engine(product(16), DType::f64, 16) == "dense");
}

TEST_CASE("rows of the table grow, in size and in lifetimes") {
  for (std::size_t k = 1; k < vm::kEngineTable.size(); ++k) {
    CHECK(vm::kEngineTable[k].most > vm::kEngineTable[k - 1].most);
    CHECK(vm::kEngineTable[k].lanes_f64 >= vm::kEngineTable[k - 1].lanes_f64);
    CHECK(vm::kEngineTable[k].lanes_f32 >= vm::kEngineTable[k - 1].lanes_f32);
  }
}

TEST_CASE("programs of short rows run on lanes, however large their products") {
  const auto rows = [](std::int64_t n, std::int64_t cols) {
    ProgramBuilder b;
    const auto a = b.matrix(n, cols), w = b.matrix(cols, cols), p = b.matrix(n, cols), y = b.scalar();
    b.function = Function::learn;
    b.op(OpId::matmul, p, {a, w});
    b.op(OpId::sum, y, {p}, {-1});
    b.observe(y);
    return b.finish();
  };
  const auto choice = [](const vm::BoundProgram& program) { return vm::fitting_lanes(program, DType::f32); };
  CHECK(choice(rows(1000, 4)).engine == "lanes");
  CHECK(choice(rows(1000, 4)).lanes == vm::kFullLanes);
  CHECK(choice(rows(1000, 16)).engine == "dense");
  CHECK(choice(rows(1000, 16)).lanes == 1);
  CHECK(choice(rows(20'000, 4)).engine == "dense");
  CHECK(choice(network(8)).engine == "lanes");
  CHECK(choice(product(12)).engine == "dense");
}
