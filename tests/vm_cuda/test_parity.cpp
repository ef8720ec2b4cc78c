#include <doctest/doctest.h>

#include "device.hpp"
#include "parity.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

std::unique_ptr<vm::Machine> open(const vm::BoundProgram& program, const vm::MachineOptions& options) {
  return on_device(program, options);
}

Parity allowed(OpId op) { return kOnGpu ? parity_of(op) : Parity{op, 0, 0}; }

}  // namespace

TEST_CASE("every op computes what the other engines do, whatever its sizes") {
  int cases = 0;
  for (const OpInfo& info : op_table()) {
    for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 5}, {17, 33}, {1, 300}, {130, 70}}) {
      const OpCase c = op_case(info.id, rows, cols);
      if (c.program.registers.empty()) continue;
      ++cases;
      INFO(c.text);
      for (const bool special : {false, true}) {
        CHECK(difference(c, vm::DType::f64, open, special) <= allowed(info.id).f64);
        CHECK(difference(c, vm::DType::f32, open, special) <= allowed(info.id).f32);
      }
    }
  }
  CHECK(cases > 5 * 60);
}

TEST_CASE("reductions of very many terms differ from the written order by rounding only") {
  for (const OpId op : {OpId::sum, OpId::mean, OpId::max, OpId::min, OpId::norm, OpId::std, OpId::argmax, OpId::softmax,
                        OpId::log_softmax, OpId::layer_norm, OpId::dot, OpId::matvec}) {
    const OpCase c = op_case(op, 3, 20'000);
    INFO(c.text);
    const bool exact = op == OpId::max || op == OpId::min || op == OpId::argmax;
    CHECK(difference(c, vm::DType::f64, open, false) <= (exact ? 0 : 1e-12));
    CHECK(difference(c, vm::DType::f32, open, false) <= (exact ? 0 : 1e-4));
  }
}
