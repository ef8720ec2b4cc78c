#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "build_core.hpp"
#include "lang/core/draws.hpp"
#include "vm/trace.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::MachineOptions;

namespace {

/// y = x + noise with the noise summed in a state; Learn draws too.
Build noisy() {
  Build b;
  b.add("x", Shape::scalar(), Role::x);
  b.add("y", Shape::scalar(), Role::y);
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(3)));
  b.memory(Declaration::Kind::state, "a", Shape::scalar());
  b.setup() = {line("v", OpId::normal, {lit(0), lit(1)}, {{num(3)}})};
  b.predict() = {line("y", OpId::sum, {reg("v")}), line("y", OpId::add, {reg("x"), reg("y")}),
                 line("y", OpId::add, {reg("y"), reg("a")})};
  b.learn() = {line("a", OpId::uniform, {reg("a"), lit(3)})};
  return b;
}

MachineOptions options(int lanes, std::vector<std::uint32_t> lifetimes = {},
                       std::uint64_t seed = 5) {
  MachineOptions o;
  o.lanes = lanes;
  o.lifetimes = std::move(lifetimes);
  o.seed = seed;
  return o;
}

Numbers outcome(vm::Machine& machine, int lane, int steps) {
  machine.reset();
  machine.run(Function::setup);
  Numbers out;
  for (int i = 0; i < steps; ++i) {
    write(machine, "x", {static_cast<double>(i)}, lane);
    machine.run(Function::predict);
    out.push_back(read(machine, "y", lane)[0]);
    machine.run(Function::learn);
  }
  return out;
}

}  // namespace

TEST_CASE("a lifetime has the same outcome in any lane") {
  const vm::BoundProgram p = noisy().bind(sizes({}));
  auto alone = vm::make_machine("reference", p, options(1, {7}));
  auto many = vm::make_machine("reference", p, options(3, {2, 9, 7}));
  const Numbers expected = outcome(*alone, 0, 5);
  CHECK(outcome(*many, 2, 5) == expected);
  CHECK(outcome(*many, 1, 5) != expected);
  CHECK(outcome(*many, 2, 5) == expected);  // reset starts everything over
  auto reseeded = vm::make_machine("reference", p, options(1, {7}, 6));
  CHECK(outcome(*reseeded, 0, 5) != expected);
}

TEST_CASE("draws are the documented function of seed, lifetime, sampler and run") {
  const vm::BoundProgram p = noisy().bind(sizes({}));
  auto machine = vm::make_machine("reference", p, options(1, {7}));
  machine->run(Function::setup);
  Numbers expected(3);
  draw_normal({5, kLifetimeStream, 7, 0, 0}, 0, 1, expected);
  CHECK(read(*machine, "v") == expected);
  machine->run(Function::learn);
  const double first = read(*machine, "a")[0];
  CHECK(first == 0 + (3 - 0) * uniform01({5, kLifetimeStream, 7, 1, 0}, 0));
  machine->run(Function::learn);
  CHECK(read(*machine, "a")[0] ==
        first + (3 - first) * uniform01({5, kLifetimeStream, 7, 1, 1}, 0));
}

TEST_CASE("turns of a loop take successive draws") {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(2)));
  b.add("y", Shape::scalar(), Role::y);
  b.predict() = {loop("i", num(0), num(2),
                      {line("y", OpId::uniform, {lit(0), lit(1)}),
                       line("v", OpId::set, {reg("y")}, {}, {at(name("i"))})}),
                 line("y", OpId::sum, {reg("v")})};
  auto machine = vm::make_machine("reference", b.bind(sizes({})), options(1));
  for (std::uint64_t run = 0; run < 3; ++run) {
    machine->run(Function::predict);
    CHECK(read(*machine, "v") ==
          Numbers{uniform01({5, 0, 0, 0, 2 * run}, 0), uniform01({5, 0, 0, 0, 2 * run + 1}, 0)});
  }
}

TEST_CASE("a test on a copy of the state changes nothing and has its own draws") {
  const vm::BoundProgram p = noisy().bind(sizes({}));
  auto machine = vm::make_machine("reference", p, options(2));
  auto other = vm::make_machine("reference", p, options(2));
  for (auto* m : {machine.get(), other.get()}) {
    m->run(Function::setup);
    m->run(Function::learn);
  }
  const vm::Snapshot before = machine->save();
  machine->set_draw_stream(kTestStream);
  machine->run(Function::learn);
  const Numbers tested = read(*machine, "a", 1);
  machine->run(Function::learn);
  machine->set_draw_stream(kLifetimeStream);
  machine->restore(before);
  machine->run(Function::learn);
  other->run(Function::learn);
  CHECK(read(*machine, "a", 1) == read(*other, "a", 1));
  CHECK(read(*machine, "a", 1) != tested);
}

TEST_CASE("params may be given, and must fit") {
  Build b;
  b.memory(Declaration::Kind::param, "W0", Shape::vector(Dim(2))).value = num(4);
  b.memory(Declaration::Kind::param, "r", Shape::scalar()).value = num(1);
  b.memory(Declaration::Kind::state, "W", Shape::vector(Dim(2))).starts_as = "W0";
  const vm::BoundProgram p = b.bind(sizes({}));
  MachineOptions given = options(2);
  given.params = {{1, 2}, {}};
  auto machine = vm::make_machine("reference", p, given);
  CHECK(read(*machine, "W", 1) == Numbers{1, 2});
  CHECK(read(*machine, "r", 1) == Numbers{1});
  write(*machine, "W", {8, 9}, 1);
  CHECK(read(*machine, "W", 0) == Numbers{1, 2});
  machine->reset();
  CHECK(read(*machine, "W", 1) == Numbers{1, 2});
  given.params = {{1, 2, 3}, {}};
  CHECK_THROWS_WITH_AS(vm::make_machine("reference", p, given),
                       "the param `W0` has 2 entries; 3 were given", InputError);
  given.params = {{1, 2}};
  CHECK_THROWS_AS(vm::make_machine("reference", p, given), InputError);
}

TEST_CASE("f32 views convert") {
  const vm::BoundProgram p = noisy().bind(sizes({}));
  auto machine = vm::make_machine("reference", p, options(1));
  const std::vector<float> in{0.1f, 2, 3};
  std::vector<float> out(3);
  machine->write(p.by_name.at("v"), 0, std::span<const float>(in));
  machine->read(p.by_name.at("v"), 0, std::span<float>(out));
  CHECK(out == in);
  CHECK(read(*machine, "v")[0] == static_cast<double>(0.1f));
}

TEST_CASE("misuse is refused") {
  const vm::BoundProgram p = noisy().bind(sizes({}, vm::Observe::predictions));
  auto machine = vm::make_machine("reference", p, options(2));
  Numbers three(3), one(1);
  const vm::RegisterId v = p.by_name.at("v"), y = p.by_name.at("y");
  CHECK_THROWS_AS(machine->read(v, 0, std::span<double>(three)), std::logic_error);  // not observed
  CHECK_NOTHROW(machine->write(v, 0, std::span<const double>(three)));
  CHECK_NOTHROW(machine->read(y, 1, std::span<double>(one)));
  CHECK_THROWS_AS(machine->read(y, 2, std::span<double>(one)), std::logic_error);
  CHECK_THROWS_AS(machine->read(y, -1, std::span<double>(one)), std::logic_error);
  CHECK_THROWS_AS(machine->read(y, 0, std::span<double>(three)), std::logic_error);
  CHECK_THROWS_AS(machine->read(9999, 0, std::span<double>(one)), std::logic_error);
  auto smaller = vm::make_machine("reference", p, options(1));
  CHECK_THROWS_AS(machine->restore(smaller->save()), std::logic_error);
}

TEST_CASE("engines are found by name, number type and lanes") {
  const vm::BoundProgram p = noisy().bind(sizes({}));
  CHECK_THROWS_AS(vm::make_machine("nothing", p, options(1)), InputError);
  CHECK_THROWS_AS(vm::make_machine("reference", p, options(0)), InputError);
  CHECK_THROWS_AS(vm::make_machine("reference", p, options(2, {1})), InputError);
  MachineOptions narrow = options(1);
  narrow.dtype = vm::DType::f32;
  CHECK_THROWS_AS(vm::make_machine("reference", p, narrow), InputError);
  CHECK(vm::make_machine("auto", p, options(1))->lanes() == 1);
  CHECK(std::string(vm::dtype_name(vm::DType::f32)) == "f32");
}

TEST_CASE("a trace finds the first value that is not finite and changes nothing") {
  Build b;
  b.add("x", Shape::scalar(), Role::x);
  b.add("y", Shape::scalar(), Role::y);
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(3)));
  CoreLine grow = line("v", OpId::mul, {reg("v"), reg("x")});
  grow.where = {b.file, 2, 1};
  b.setup() = {line("v", OpId::fill, {lit(1)}, {{num(3)}}),
               line("v", OpId::set, {lit(2)}, {}, {at(num(1))})};
  b.predict() = {grow, line("y", OpId::sum, {reg("v")})};
  const vm::BoundProgram p = b.bind(sizes({}));
  auto traced = vm::make_machine("reference", p, options(2, {4, 6}));
  auto plain = vm::make_machine("reference", p, options(2, {4, 6}));
  CHECK_FALSE(vm::run_traced(*traced, Function::setup));
  plain->run(Function::setup);
  std::optional<vm::FirstNonFinite> found;
  int steps = 0;
  while (!found && steps < 20) {
    for (auto* m : {traced.get(), plain.get()}) {
      write(*m, "x", {1.0}, 0);
      write(*m, "x", {1e150}, 1);
    }
    found = vm::run_traced(*traced, Function::predict);
    plain->run(Function::predict);
    ++steps;
  }
  REQUIRE(found);
  CHECK(steps == 3);
  CHECK(found->run == 2);
  CHECK(found->lane == 1);
  CHECK(found->reg == "v");
  CHECK(found->entry == 0);
  CHECK(std::isinf(found->value));
  REQUIRE(found->line != nullptr);
  CHECK(found->line->where.line == 2);
  CHECK(found->text().find("Predict, run 3, lifetime 6, test.mlz:2") != std::string::npos);
  CHECK(read(*traced, "v", 0) == read(*plain, "v", 0));
  CHECK(read(*traced, "y", 1) == read(*plain, "y", 1));
}
