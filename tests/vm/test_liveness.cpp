#include <doctest/doctest.h>

#include "build_core.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::BoundProgram;
using vm::Observe;

namespace {

/// One character per instruction of Setup | Predict | Learn: L live, d dead.
std::string marks(const BoundProgram& p) {
  std::string out;
  for (std::size_t f = 0; f < 3; ++f) {
    if (f > 0) out += '|';
    for (const vm::BoundInstruction& i : p.code[f]) out += i.live ? 'L' : 'd';
  }
  return out;
}

/// Scalars a, b, c, d besides x, y and target.
Build scalars() {
  Build b;
  b.add("x", Shape::scalar(), Role::x);
  b.add("y", Shape::scalar(), Role::y);
  b.add("target", Shape::scalar(), Role::target);
  for (const char* text : {"a", "b", "c", "d"}) b.add(text, Shape::scalar());
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(2)));
  return b;
}

CoreLine copy(const char* out, const char* in) { return line(out, OpId::copy, {reg(in)}); }
CoreLine draw(const char* out) { return line(out, OpId::normal, {lit(0), lit(1)}); }

std::vector<std::uint32_t> samplers(const BoundProgram& p) {
  std::vector<std::uint32_t> out;
  for (const auto& code : p.code) {
    for (const vm::BoundInstruction& i : code) {
      if (op_info(i.op).has(kRandom)) out.push_back(i.sampler);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("what reaches a prediction through later steps is live") {
  Build b = scalars();
  b.setup() = {copy("a", "c"), copy("b", "c"), copy("d", "c")};
  b.predict() = {line("y", OpId::mul, {reg("x"), reg("a")})};
  b.learn() = {line("a", OpId::add, {reg("a"), reg("b")}),
               line("b", OpId::add, {reg("b"), reg("target")}),
               line("d", OpId::add, {reg("d"), reg("a")}), line("y", OpId::copy, {reg("a")})};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "LLd|L|LLdd");
}

TEST_CASE("what is overwritten before it is read is dead") {
  Build b = scalars();
  b.predict() = {copy("y", "a"), copy("y", "x"), copy("a", "x"), copy("c", "a")};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "|dLdd|");
}

TEST_CASE("the task assigns x and target in between, whatever the program left there") {
  Build b = scalars();
  b.setup() = {copy("x", "c"), copy("target", "c")};
  b.predict() = {copy("y", "x"), copy("x", "c"), copy("target", "c")};
  b.learn() = {copy("x", "c"), copy("target", "c")};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "dd|Ldd|dd");
}

TEST_CASE("predict may follow predict, so its own state is live without learn") {
  Build b = scalars();
  b.predict() = {line("y", OpId::add, {reg("a"), reg("x")}), copy("a", "b"), copy("b", "y")};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "|LLL|");
}

TEST_CASE("an indexed assignment keeps the rest, a concat does not") {
  Build b = scalars();
  b.predict() = {line("v", OpId::fill, {reg("c")}, {{num(2)}}),
                 line("v", OpId::set, {reg("x")}, {}, {at(num(0))}),
                 line("y", OpId::sum, {reg("v")})};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "|LLL|");
  b.predict()[1] = line("v", OpId::concat, {reg("x"), reg("x")});
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "|dLLL|");
}

TEST_CASE("observed registers are roots at the end of every function") {
  Build b = scalars();
  b.setup() = {copy("a", "c"), copy("a", "d"), copy("b", "c")};
  b.predict() = {copy("y", "x")};
  b.learn() = {copy("a", "target")};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "ddd|L|d");
  vm::BindOptions named = sizes({}, Observe::named);
  named.observed = {"a"};
  CHECK(marks(b.bind(named)) == "dLd|L|L");
  CHECK(marks(b.bind(sizes({}, Observe::all))) == "dLL|L|L");
}

TEST_CASE("a program without a prediction is dead") {
  Build b;
  b.add("a", Shape::scalar());
  b.predict() = {line("a", OpId::constant, {}, {{num(1)}})};
  CHECK(marks(b.bind(sizes({}, Observe::predictions))) == "|d|");
}

TEST_CASE("samplers are numbered live ones first, in order of the text, whatever is observed") {
  Build b = scalars();
  b.setup() = {draw("c"), draw("a")};
  b.predict() = {line("y", OpId::add, {reg("a"), reg("x")}), draw("d")};
  b.learn() = {draw("a"), draw("c")};
  for (const Observe observe : {Observe::predictions, Observe::all}) {
    CHECK(samplers(b.bind(sizes({}, observe))) == std::vector<std::uint32_t>{2, 0, 3, 1, 4});
  }
}

TEST_CASE("turns of a line share its sampler and take its draws in turn") {
  Build b = scalars();
  b.predict() = {draw("a"),
                 loop("i", num(0), num(2),
                      {line("v", OpId::normal, {lit(0), lit(1)}, {{num(2)}}),
                       loop("j", num(0), num(2), {draw("b")})}),
                 line("y", OpId::add, {reg("a"), reg("b")})};
  const BoundProgram p = b.bind(sizes({}, Observe::predictions));
  std::vector<std::uint64_t> numbers;
  for (const vm::BoundInstruction& i : p.code[1]) {
    if (op_info(i.op).has(kRandom))
      numbers.insert(numbers.end(), {i.sampler, i.draw_first, i.draw_stride});
  }
  CHECK(numbers == std::vector<std::uint64_t>{0,         0, 1, /* v */ 2, 0, 2, /* b */ 1, 0, 4,
                                              1,         1, 4, /* v */ 2, 1, 2,
                                              /* b */ 1, 2, 4, 1,         3, 4});
}

TEST_CASE("a branch that is not taken takes no sampler number") {
  Build b = scalars();
  b.predict() = {branch(num(0), {draw("a")}), draw("a"), line("y", OpId::copy, {reg("a")})};
  CHECK(samplers(b.bind(sizes({}, Observe::predictions))) == std::vector<std::uint32_t>{0});
}

TEST_CASE("dead lines change no draw") {
  const auto prediction = [](bool with_dead) {
    Build b = scalars();
    b.predict() = {draw("a"), copy("y", "a")};
    if (with_dead) {
      b.setup() = {draw("b")};
      b.predict().insert(b.predict().begin(), draw("c"));
      b.learn() = {loop("i", num(0), num(3), {draw("d")})};
    }
    auto machine = vm::make_machine("reference", b.bind(sizes({}, Observe::predictions)), {});
    for (int step = 0; step < 3; ++step) machine->run(Function::predict);
    return read(*machine, "y");
  };
  CHECK(prediction(true) == prediction(false));
}
