#include "evolve/eval/tracing_machine.hpp"
#include "fixture.hpp"
#include "vm/carried.hpp"

using namespace mlz;
using namespace mlz::eval;
using namespace mlz::eval::test;

namespace {
std::vector<std::string> carried(const std::string& text) {
  World w(tasks::Metric::rms_error);
  const auto machine = w.machine(text);
  std::vector<std::string> names;
  for (const auto id : vm::carried_registers(machine->program()))
    names.push_back(machine->program().registers[id].name);
  return names;
}
}  // namespace

TEST_CASE("carried registers are those whose value the next step reads") {
  CHECK(carried("def Setup():\n  s2 = 0.1\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n"
                "  s3 = s0 - s1\n  s3 = s2 * s3\n  v2 = s3 * v0\n  v1 = v1 + v2\n") ==
        std::vector<std::string>{"s2", "v1"});
  CHECK(carried("state a : vector[3]\ndef Setup():\n  s9 = 0\ndef Predict(x):\n  a[0] = sum(x)\n  "
                "y = sum(a)\n"
                "def Learn(x, target):\n  s8 = 0\n") == std::vector<std::string>{"a"});
}

TEST_CASE("tracing finds the first line that is not finite and changes no result") {
  World w(tasks::Metric::rms_error);
  w.problem.train = rows({4, 2, 1, 0, 3}, {0, 0, 0, 0, 0});
  w.settings.ignore_non_finite = true;
  const std::string text =
      "def Setup():\n  s9 = 0\ndef Predict():\n  s3 = mean(v0)\n  s2 = log(s3)\n  s1 = s2 * "
      "0.5\ndef Learn():\n  s8 = 0\n";
  const auto plain = w.machine(text);
  TracingMachine traced(plain->program(), {});
  CHECK(w.run(*plain).non_finite == w.run(traced).non_finite);
  REQUIRE(traced.found());
  CHECK(traced.found()->function == Function::predict);
  CHECK(traced.found()->run == 3);
  CHECK(traced.found()->reg == "s2");
  CHECK(traced.found()->text().find("log") != std::string::npos);
}
