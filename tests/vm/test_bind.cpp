#include <doctest/doctest.h>

#include "build_core.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::BoundInstruction;
using vm::BoundProgram;
using vm::BoundRegister;

namespace {

const std::vector<BoundInstruction>& code(const BoundProgram& p, Function f) {
  return p.code[static_cast<std::size_t>(f)];
}

}  // namespace

TEST_CASE("sizes are computed in order and give registers their shapes") {
  Build b;
  b.size("hidden", call("*", {name("features"), num(2)}));
  b.size("n", StaticExpr::list({name("features"), num(7), name("hidden")}));
  b.memory(Declaration::Kind::state, "W",
           Shape::matrix(dim("hidden"), dim(StaticExpr::element("n", num(-2)))));
  const BoundProgram p = b.bind(sizes({{"features", 3}}));
  const BoundRegister& w = p.registers.at(p.by_name.at("W"));
  CHECK(w.rows == 6);
  CHECK(w.cols == 7);
  CHECK(p.bytes_f64 == 6 * 7 * 8);
}

TEST_CASE("families have one register per member, shaped by their index") {
  Build b;
  b.size("n", StaticExpr::list({num(2), num(3), num(4)}));
  const StaticExpr next = call("+", {name("l"), num(1)});
  b.memory(
      Declaration::Kind::state, "W",
      Shape::matrix(dim(StaticExpr::element("n", name("l"))), dim(StaticExpr::element("n", next))),
      {{"l", num(2)}, {"h", num(2)}});
  b.predict() = {
      line(ref("W", {num(-1), num(0)}), OpId::set, {lit(5)}, {}, {at(num(0)), at(num(-1))})};
  const BoundProgram p = b.bind(sizes({}));
  CHECK(p.by_name.size() == 4);
  CHECK(p.registers.at(p.by_name.at("W[0][1]")).cols == 3);
  CHECK(p.registers.at(p.by_name.at("W[1][1]")).rows == 3);
  REQUIRE(code(p, Function::predict).size() == 1);
  const BoundInstruction& set = code(p, Function::predict)[0];
  CHECK(set.out == p.by_name.at("W[1][0]"));
  CHECK(set.attr == std::array<std::int64_t, 4>{0, 3, 1, 1});
}

TEST_CASE("loops are unrolled, and registers that depend on a turn are one per turn") {
  Build b;
  b.add("z", Shape::vector(dim(call("+", {name("i"), num(1)})))).per_iteration = {"i"};
  b.add("s", Shape::scalar());
  b.predict() = {loop("i", num(0), num(3),
                      {line("z", OpId::fill, {lit(2)}, {{call("+", {name("i"), num(1)})}}),
                       line("s", OpId::sum, {reg("z")})})};
  const BoundProgram p = b.bind(sizes({}));
  CHECK(code(p, Function::predict).size() == 6);
  CHECK(p.registers.at(p.by_name.at("z@0")).cols == 1);
  CHECK(p.registers.at(p.by_name.at("z@2")).cols == 3);
  CHECK(p.lines.size() == 2);
  auto machine = vm::make_machine("reference", p, {});
  machine->run(Function::predict);
  CHECK(read(*machine, "s") == Numbers{6});
}

TEST_CASE("loops count down, step, and may have no turn") {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(8)));
  const auto set = [](const char* i) {
    return line("v", OpId::set, {Operand::of(name(i))}, {}, {at(name(i))});
  };
  b.setup() = {loop("i", num(7), num(0), {set("i")}, num(-3)),
               loop("j", num(3), num(3), {set("j")}), loop("k", {}, num(3), {set("k")}, num(2))};
  auto machine = vm::make_machine("reference", b.bind(sizes({})), {});
  machine->run(Function::setup);
  CHECK(read(*machine, "v") == Numbers{0, 1, 2, 0, 4, 0, 0, 7});
}

TEST_CASE("nested turns name their registers by both") {
  Build b;
  b.add("z", Shape::vector(dim(call("+", {call("+", {name("i"), name("j")}), num(1)}))))
      .per_iteration = {"i", "j"};
  b.predict() = {
      loop("i", num(0), num(2), {loop("j", num(0), num(2), {line("z", OpId::fill, {lit(1)})})})};
  const BoundProgram p = b.bind(sizes({}));
  CHECK(p.registers.at(p.by_name.at("z@0@1")).cols == 2);
  CHECK(p.registers.at(p.by_name.at("z@1@1")).cols == 3);
}

TEST_CASE("branches are decided by sizes, and the other side is never looked at") {
  Build b;
  b.add("a", Shape::scalar());
  const CoreLine bad = line("a", OpId::copy, {Operand::of(name("nothing"))});
  b.predict() = {branch(call(">", {name("features"), num(2)}),
                        {line("a", OpId::constant, {}, {{num(1)}})}, {bad}),
                 branch(call("<", {name("features"), num(2)}), {bad},
                        {line("a", OpId::constant, {}, {{num(2)}})})};
  const BoundProgram p = b.bind(sizes({{"features", 3}}));
  REQUIRE(code(p, Function::predict).size() == 2);
  CHECK(p.lines.size() == 4);
  CHECK(code(p, Function::predict)[0].op == OpId::copy);
  CHECK(p.registers[code(p, Function::predict)[1].in[0]].constant == 2);
}

TEST_CASE("equal constants share a register, and -0 is not 0") {
  Build b;
  b.constant("c", num(0.5));
  b.add("a", Shape::scalar());
  b.predict() = {line("a", OpId::add, {lit(0.5), Operand::of(name("c"))}),
                 line("a", OpId::add, {lit(0), lit(-0.0)})};
  const BoundProgram p = b.bind(sizes({}));
  const auto& instructions = code(p, Function::predict);
  CHECK(instructions[0].in[0] == instructions[0].in[1]);
  CHECK(instructions[1].in[0] != instructions[1].in[1]);
  CHECK(p.by_name.size() == 1);
}

TEST_CASE("fractions find entries as AutoML-Zero does") {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(dim("features")));
  b.memory(Declaration::Kind::state, "m", Shape::matrix(dim("features"), dim("features")));
  b.setup() = {line("v", OpId::set_fraction, {}, {{num(5)}}, {fraction(0.3)}),
               line("v", OpId::set_fraction, {}, {{num(6)}}, {fraction(1.0)}),
               line("m", OpId::set_fraction, {}, {{num(7)}}, {fraction(0.5), fraction(0.999)})};
  auto machine = vm::make_machine("reference", b.bind(sizes({{"features", 4}})), {});
  machine->run(Function::setup);
  CHECK(read(*machine, "v") == Numbers{0, 5, 0, 6});
  CHECK(read(*machine, "m")[2 * 4 + 3] == 7);
}

TEST_CASE("concat becomes windows in order") {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(2)));
  b.memory(Declaration::Kind::state, "m", Shape::matrix(Dim(1), Dim(2)));
  b.add("w", Shape::vector(Dim(4)));
  b.add("down", Shape::matrix(Dim(2), Dim(2)));
  b.add("right", Shape::matrix(Dim(1), Dim(4)));
  b.predict() = {line("w", OpId::concat, {lit(9), reg("v"), lit(8)}),
                 line("down", OpId::concat, {reg("m"), reg("m")}),
                 line("right", OpId::concat, {reg("m"), reg("m")}, {{num(1)}})};
  const BoundProgram p = b.bind(sizes({}));
  CHECK(code(p, Function::predict).size() == 7);
  auto machine = vm::make_machine("reference", p, {});
  write(*machine, "v", {1, 2});
  write(*machine, "m", {3, 4});
  machine->run(Function::predict);
  CHECK(read(*machine, "w") == Numbers{9, 1, 2, 8});
  CHECK(read(*machine, "down") == Numbers{3, 4, 3, 4});
  CHECK(read(*machine, "right") == Numbers{3, 4, 3, 4});
}

TEST_CASE("slices read and write windows, negative ends count from the end") {
  Build b;
  const auto m = [&](const char* text, Shape s) {
    b.memory(Declaration::Kind::state, text, std::move(s));
  };
  m("W", Shape::matrix(Dim(3), Dim(4)));
  m("row", Shape::vector(Dim(4)));
  m("col", Shape::vector(Dim(3)));
  m("block", Shape::matrix(Dim(2), Dim(2)));
  m("one", Shape::scalar());
  b.setup() = {line("W", OpId::set, {reg("col")}, {}, {all(), at(num(1))}),
               line("W", OpId::set, {reg("row")}, {}, {at(num(-1))}),
               line("W", OpId::set, {lit(7)}, {}, {range(num(0), num(-1)), range(num(2), {})}),
               line("block", OpId::get, {reg("W")}, {}, {range(num(1), {}), range({}, num(2))}),
               line("col", OpId::get, {reg("W")}, {}, {all(), at(num(-1))}),
               line("one", OpId::get, {reg("W")}, {}, {at(num(0)), at(num(1))})};
  auto machine = vm::make_machine("reference", b.bind(sizes({})), {});
  write(*machine, "col", {1, 2, 3});
  write(*machine, "row", {10, 20, 30, 40});
  machine->run(Function::setup);
  CHECK(read(*machine, "W") == Numbers{0, 1, 7, 7, 0, 2, 7, 7, 10, 20, 30, 40});
  CHECK(read(*machine, "block") == Numbers{0, 2, 10, 20});
  CHECK(read(*machine, "col") == Numbers{7, 7, 40});
  CHECK(read(*machine, "one") == Numbers{1});
}

TEST_CASE("params are drawn, states may start as a param, roles and batch are known") {
  Build b;
  b.size("batch", num(5));
  Declaration& w = b.memory(Declaration::Kind::param, "W0", Shape::vector(Dim(1000)));
  w.draw = OpId::normal;
  w.draw_args = {num(3), num(0.5)};
  b.memory(Declaration::Kind::param, "rate", Shape::scalar()).value = num(0.25);
  b.memory(Declaration::Kind::state, "W", Shape::vector(Dim(1000))).starts_as = "W0";
  b.add("x", Shape::matrix(dim("batch"), dim("features")), Role::x);
  const BoundProgram p = b.bind(sizes({{"features", 2}}));
  CHECK(p.batch == 5);
  CHECK(p.with_role(Role::x) == p.by_name.at("x"));
  CHECK(p.with_role(Role::y) == vm::kNoRegister);
  const auto params = vm::initial_params(p, 1);
  REQUIRE(params.size() == 2);
  CHECK(params[1] == Numbers{0.25});
  double mean = 0;
  for (double v : params[0]) mean += v / 1000;
  CHECK(mean == doctest::Approx(3).epsilon(0.03));
  CHECK(vm::initial_params(p, 2)[0] != params[0]);
  auto machine = vm::make_machine("auto", p, {});
  CHECK(read(*machine, "W").size() == 1000);
  CHECK(read(*machine, "W") == vm::initial_params(p, 0)[0]);
}

TEST_CASE("each member of a family of params is a param") {
  Build b;
  Declaration& d = b.memory(Declaration::Kind::param, "g", Shape::scalar(), {{"l", num(3)}});
  d.value = call("*", {name("l"), num(10)});
  b.memory(Declaration::Kind::state, "h", Shape::scalar(), {{"l", num(3)}}).starts_as = "g";
  const BoundProgram p = b.bind(sizes({}));
  CHECK(p.params.size() == 3);
  auto machine = vm::make_machine("reference", p, {});
  CHECK(read(*machine, "h[2]") == Numbers{20});
}

TEST_CASE("observed registers are the named ones, whole families and single members") {
  Build b;
  b.memory(Declaration::Kind::state, "W", Shape::scalar(), {{"l", num(2)}});
  b.memory(Declaration::Kind::state, "V", Shape::scalar(), {{"l", num(2)}});
  vm::BindOptions options = sizes({}, vm::Observe::named);
  options.observed = {"W", "V[1]"};
  const BoundProgram p = b.bind(options);
  CHECK(p.registers[p.by_name.at("W[0]")].observed);
  CHECK(p.registers[p.by_name.at("W[1]")].observed);
  CHECK_FALSE(p.registers[p.by_name.at("V[0]")].observed);
  CHECK(p.registers[p.by_name.at("V[1]")].observed);
  options.observed = {"WW"};
  CHECK(b.errors(options).find("did you mean `W`") != std::string::npos);
}

TEST_CASE("the bound program prints") {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(2)));
  b.add("y", Shape::scalar(), Role::y);
  b.predict() = {line("y", OpId::sum, {reg("v")}), line("v", OpId::normal, {lit(0), lit(1)})};
  const std::string text = vm::print(b.bind(sizes({}, vm::Observe::predictions)));
  CHECK(text.find("v : vector[2]  # zero") != std::string::npos);
  CHECK(text.find("y : scalar  # zero, y, observed") != std::string::npos);
  CHECK(text.find("  y = sum(v)\n") != std::string::npos);
  CHECK(text.find("v = normal(0, 1, sampler=0, draw=0+1*run)") != std::string::npos);
}
