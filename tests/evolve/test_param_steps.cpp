#include "evolve/general/param_steps.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "evolve/general/mutations.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

const ParamValues kZeros{std::vector<double>(1000), std::vector<double>(3)};

/// Declared params with their types, in order.
std::vector<std::string> params_of(const CoreProgram& program) {
  std::vector<std::string> out;
  for (const Declaration& d : program.declarations) {
    if (d.kind == Declaration::Kind::param) out.push_back(d.name);
  }
  return out;
}

CoreProgram library_program(const std::string& file) {
  Diagnostics diagnostics;
  const auto compiled = text::compile(text::read_source(file), {}, diagnostics);
  REQUIRE(compiled.has_value());
  return compiled->core;
}

}  // namespace

TEST_CASE("steps of params are written and read") {
  CHECK(steps_text({}).empty());
  const std::vector<ParamStep> steps{0, 1, 0xfedcba9876543210};
  CHECK(steps_text(steps) == "# tuned: 0 1 fedcba9876543210\n");
  CHECK(steps_of(steps_text(steps) + "size n = 1\n") == steps);
  CHECK(steps_of("size n = 1\n").empty());
  CHECK(steps_of("# tuned: 1f").front() == 0x1f);
  for (const char* bad : {"# tuned: x\n", "# tuned: 1 2g\n", "# tuned: 12345678901234567\n", "# tuned: -1\n"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(steps_of(bad), InputError);
  }
}

TEST_CASE("a step is normal noise that its name gives again, and its twin goes back") {
  const Key key{1, 2};
  const ParamStep forth = step_of(key, 5, 1), back = step_of(key, 5, 2);
  CHECK(back == forth + 1);
  CHECK(step_of(key, 5, 3) != forth);
  CHECK(step_of(key, 5, 0) == 0);
  CHECK(stepped(kZeros, 0, 0.5) == kZeros);
  CHECK(step_of(key, 6, 1) != forth);
  CHECK(step_of({1, 3}, 5, 1) != forth);
  const ParamValues there = stepped(kZeros, forth, 0.5);
  CHECK(there == stepped(kZeros, forth, 0.5));
  double squares = 0;
  for (const double x : there[0]) squares += x * x;
  CHECK(std::sqrt(squares / 1000) == doctest::Approx(0.5).epsilon(0.1));
  CHECK(there[0][0] != there[1][0]);
  const ParamValues opposite = stepped(kZeros, back, 0.5);
  for (std::size_t i = 0; i < 3; ++i) CHECK(opposite[1][i] == -there[1][i]);
}

TEST_CASE("mutations keep the names and the order of params, so that values go on fitting") {
  for (const char* file : {"stdlib/srwm.mlz", "stdlib/vsml.mlz", MLZ_SOURCE_DIR "/examples/08_params.mlz"}) {
    CAPTURE(file);
    CoreProgram program = library_program(file);
    const auto before = params_of(program);
    GeneralSpace space;
    for (auto& part : space.parts) part = {parse_general_ops("all", "ops"), 0, 400};
    int changes = 0;
    for (std::uint64_t n = 0; n < 120; ++n) {
      Draws draws(n, 0, 0, 0);
      const auto& table = general_mutations();
      if (mutate(table[n % table.size()], space, program, draws)) ++changes;
      REQUIRE(params_of(program) == before);
    }
    CHECK(changes > 30);
  }
}
