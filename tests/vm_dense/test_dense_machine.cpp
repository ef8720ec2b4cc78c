#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

/// v = v + normal(0, 1); y = sum(v)
vm::BoundProgram noisy_counter() {
  ProgramBuilder b;
  const auto zero = b.constant(0), one = b.constant(1);
  const auto v = b.vector(5), noise = b.vector(5), y = b.scalar();
  b.function = Function::predict;
  b.op(OpId::normal, noise, {zero, one});
  b.op(OpId::add, v, {v, noise});
  b.op(OpId::sum, y, {v}, {-1});
  b.observe(v);
  b.observe(y);
  b.name(v, "v");
  b.program.by_name["v"] = v;
  return b.finish();
}

}  // namespace

TEST_CASE("a restored state goes on with the same draws, another stream with others") {
  const vm::BoundProgram program = noisy_counter();
  const auto v = program.by_name.at("v");
  for (const auto dtype : {vm::DType::f64, vm::DType::f32}) {
    vm::MachineOptions options;
    options.dtype = dtype;
    options.lanes = 3;
    const auto machine = vm::make_dense(program, options);
    machine->run(Function::predict);
    const vm::Snapshot saved = machine->save();
    machine->run(Function::predict);
    const auto expected = values(*machine, v, 2);
    machine->restore(saved);
    machine->run(Function::predict);
    CHECK(values(*machine, v, 2) == expected);
    machine->restore(saved);
    machine->set_draw_stream(kTestStream);
    machine->run(Function::predict);
    CHECK(values(*machine, v, 2) != expected);
    machine->set_draw_stream(kLifetimeStream);
    machine->reset();
    machine->run(Function::predict);
    machine->run(Function::predict);
    CHECK(values(*machine, v, 2) == expected);
    CHECK(values(*machine, v, 1) != expected);
  }
}

TEST_CASE("lanes are the lifetimes they are told to be") {
  const vm::BoundProgram program = noisy_counter();
  vm::MachineOptions options;
  options.lanes = 2;
  options.lifetimes = {7, 4};
  const auto two = vm::make_dense(program, options);
  options.lanes = 1;
  options.lifetimes = {4};
  const auto one = vm::make_reference(program, options);
  two->run(Function::predict);
  one->run(Function::predict);
  CHECK(values(*two, program.by_name.at("v"), 1) == values(*one, program.by_name.at("v")));
}

TEST_CASE("numbers are converted on the way in and out") {
  const vm::BoundProgram program = noisy_counter();
  const auto v = program.by_name.at("v");
  for (const auto dtype : {vm::DType::f64, vm::DType::f32}) {
    vm::MachineOptions options;
    options.dtype = dtype;
    const auto machine = vm::make_dense(program, options);
    CHECK(machine->dtype() == dtype);
    const std::vector<double> in{0.1, -2, 3e-9, 0, 1e30};
    machine->write(v, 0, std::span<const double>(in));
    const auto out = values(*machine, v);
    for (std::size_t i = 0; i < in.size(); ++i) {
      CHECK(out[i] ==
            (dtype == vm::DType::f64 ? in[i] : static_cast<double>(static_cast<float>(in[i]))));
    }
    const std::vector<float> single{1, 2, 3, 4, 0.1f};
    machine->write(v, 0, std::span<const float>(single));
    std::vector<float> back(5);
    machine->read(v, 0, std::span<float>(back));
    CHECK(back == single);
  }
}

TEST_CASE("registers that cannot be read or written are refused") {
  const vm::BoundProgram program = noisy_counter();
  const auto machine = vm::make_dense(program, {});
  std::vector<double> five(5), one(1);
  CHECK_THROWS_AS(machine->read(3, 0, std::span<double>(five)), std::logic_error);  // not observed
  CHECK_THROWS_AS(machine->read(program.by_name.at("v"), 0, std::span<double>(one)),
                  std::logic_error);
  CHECK_THROWS_AS(machine->read(program.by_name.at("v"), 1, std::span<double>(five)),
                  std::logic_error);
  CHECK_THROWS_AS(machine->write(0, 0, std::span<const double>(one)),
                  std::logic_error);  // a constant
  CHECK_THROWS_AS(machine->restore({}), std::logic_error);
}

TEST_CASE("it is listed as an engine") {
  const auto machine = vm::make_machine("dense", noisy_counter(), {});
  CHECK(machine->engine() == "dense");
  vm::MachineOptions options;
  options.dtype = vm::DType::f32;
  CHECK(vm::make_machine("auto", noisy_counter(), options)->dtype() == vm::DType::f32);
}
