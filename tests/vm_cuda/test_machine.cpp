#include <algorithm>

#include "device.hpp"
#include "tests/support/batch_network.hpp"
#include "tests/vm_differential/life.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::cuda::CudaMachine;

namespace {

constexpr const char* kSharedRule = R"(
param V : matrix[64, features] ~ normal(0, 0.3)
param U : matrix[outputs, 64] ~ normal(0, 0.3)
state S : matrix[outputs, 64]
state y : vector[outputs]
def Setup():
  S = U
def Predict(x):
  h = tanh(V @ x)
  y = S @ h
def Learn(x, target):
  S = S + 0.1 * outer(target - y, h)
)";

vm::BoundProgram program_of(const char* text, vm::Observe observe = vm::Observe::all) {
  vm::BindOptions bind;
  bind.sizes = {{"features", 20}, {"outputs", 10}};
  bind.observe = observe;
  return bound(text, bind);
}

vm::MachineOptions lanes_of(int lanes, bool blas = true) {
  vm::MachineOptions o;
  o.lanes = lanes;
  o.seed = 3;
  o.blas = blas;
  return o;
}

template <class L>
std::vector<L> launches(const CudaMachine& m, Function f) {
  std::vector<L> out;
  for (const vm::cuda::Launch& l : m.plan().code[static_cast<std::size_t>(f)]) {
    if (const L* found = std::get_if<L>(&l.work)) out.push_back(*found);
  }
  return out;
}

/// Hands each lane numbers of its own.
void feed(std::initializer_list<vm::Machine*> machines, Role role, std::uint32_t step) {
  const vm::BoundProgram& program = (*machines.begin())->program();
  const vm::RegisterId id = program.with_role(role);
  for (int lane = 0; lane < (*machines.begin())->lanes(); ++lane) {
    std::vector<double> v(static_cast<std::size_t>(program.registers[id].size()));
    draw_normal(DrawKey{1, kTaskStream, static_cast<std::uint32_t>(lane), static_cast<std::uint32_t>(role), step}, 0, 1,
                v);
    for (vm::Machine* m : machines) m->write(id, lane, std::span<const double>(v));
  }
}

void step(std::initializer_list<vm::Machine*> machines, std::uint32_t n) {
  feed(machines, Role::x, n);
  for (vm::Machine* m : machines) m->run(Function::predict);
  feed(machines, Role::target, n);
  for (vm::Machine* m : machines) m->run(Function::learn);
}

void check_same(const vm::Machine& a, const vm::Machine& b) {
  for (int lane = 0; lane < a.lanes(); ++lane) {
    Difference d;
    compare(a, b, lane, d);
    INFO("lane ", lane);
    if (kOnGpu)
      CHECK(d.largest < 1e-9);
    else
      CHECK(d.where == "");
  }
}

}  // namespace

TEST_CASE("a gradient of a batch is added to the weights by the product itself") {
  const vm::BoundProgram program = program_of(kBatchNetwork, vm::Observe::predictions);
  const auto m = on_device(program, lanes_of(1));
  const auto products = launches<vm::cuda::GemmLaunch>(*m, Function::learn);
  CHECK(std::ranges::count_if(products, [](const auto& p) { return p.beta == 1 && p.alpha == 0.05; }) == 2);
  const auto reference = vm::make_reference(program, lanes_of(1));
  for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) each->run(Function::setup);
  for (std::uint32_t n = 0; n < 5; ++n) step({m.get(), reference.get()}, n);
  check_same(*m, *reference);
}

TEST_CASE("a matrix that all lanes share is multiplied with the vectors of all lanes at once") {
  const vm::BoundProgram program = program_of(kSharedRule, vm::Observe::predictions);
  const auto m = on_device(program, lanes_of(9));
  const auto products = launches<vm::cuda::GemmLaunch>(*m, Function::predict);
  REQUIRE(products.size() == 1);
  CHECK(products[0].m == 9);
  CHECK(products[0].n == 64);
  CHECK(products[0].k == 20);
  CHECK(products[0].batch == 1);
}

TEST_CASE("lanes with inputs of their own have the bits of the reference engine") {
  for (const char* text : {kBatchNetwork, kSharedRule}) {
    const vm::BoundProgram program = program_of(text);
    const auto m = on_device(program, lanes_of(5)), plain = on_device(program, lanes_of(5, false));
    const auto reference = vm::make_reference(program, lanes_of(5));
    for (vm::Machine* each :
         {static_cast<vm::Machine*>(m.get()), static_cast<vm::Machine*>(plain.get()), reference.get()})
      each->run(Function::setup);
    for (std::uint32_t n = 0; n < 4; ++n) {
      step({m.get(), plain.get(), reference.get()}, n);
      check_same(*plain, *reference);
      check_same(*m, *reference);
    }
  }
}

TEST_CASE("a param written for one lane stays as it was in the others") {
  const vm::BoundProgram program = program_of(kSharedRule);
  const auto m = on_device(program, lanes_of(3));
  const auto reference = vm::make_reference(program, lanes_of(3));
  for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) each->run(Function::setup);
  step({m.get(), reference.get()}, 0);
  const vm::RegisterId v = program.by_name.at("V");
  CHECK(m->plan().layout.shared[v] == 1);
  const vm::Snapshot before = m->save(), reference_before = reference->save();
  const std::vector<double> values(64 * 20, 0.25);
  for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()})
    each->write(v, 1, std::span<const double>(values));
  CHECK(m->plan().layout.shared[v] == 0);
  check_same(*m, *reference);
  step({m.get(), reference.get()}, 1);
  check_same(*m, *reference);

  SUBCASE("snapshots from before are restored") {
    m->restore(before);
    reference->restore(reference_before);
    step({m.get(), reference.get()}, 2);
    check_same(*m, *reference);
  }
  SUBCASE("another machine restores what is no longer the same in all lanes") {
    const auto other = on_device(program, lanes_of(3));
    other->restore(m->save());
    step({m.get(), other.get()}, 2);
    check_same(*m, *other);
  }
  SUBCASE("birth makes all lanes equal again") {
    for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) each->reset();
    step({m.get(), reference.get()}, 3);
    check_same(*m, *reference);
  }
}

TEST_CASE("lanes are born with params and seeds of their own") {
  const vm::BoundProgram program = program_of(kSharedRule);
  const auto m = on_device(program, lanes_of(3));
  const auto reference = vm::make_reference(program, lanes_of(3));
  auto other = std::make_shared<vm::ParamValues>(vm::initial_params(program, 77));
  const auto same = std::make_shared<vm::ParamValues>(vm::initial_params(program, 5));
  const std::vector<vm::Birth> births[] = {{{1, 4, same}, {2, 9, other}, {3, 0, same}},
                                           {{1, 0, same}, {1, 1, same}, {1, 2, same}}};
  for (const auto& all : births) {
    for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) {
      each->set_births(all);
      each->reset();
      each->run(Function::setup);
    }
    const bool shared = m->plan().layout.shared[program.by_name.at("V")] != 0;
    CHECK(shared == (all[1].params == same));
    for (std::uint32_t n = 0; n < 2; ++n) {
      step({m.get(), reference.get()}, n);
      check_same(*m, *reference);
    }
  }
}

TEST_CASE("draws go on where a snapshot was made, and in another stream when asked") {
  const vm::BoundProgram program = program_of("state y : vector[outputs]\ndef Predict(x):\n  y = normal(0, 1)\n");
  const auto m = on_device(program, lanes_of(2));
  const auto reference = vm::make_reference(program, lanes_of(2));
  std::vector<vm::Snapshot> saved;
  for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) {
    each->run(Function::predict);
    saved.push_back(each->save());
    each->set_draw_stream(1);
    each->run(Function::predict);
  }
  check_same(*m, *reference);
  m->restore(saved[0]);
  reference->restore(saved[1]);
  for (vm::Machine* each : {static_cast<vm::Machine*>(m.get()), reference.get()}) {
    each->set_draw_stream(0);
    each->run(Function::predict);
  }
  check_same(*m, *reference);
}

TEST_CASE("the inputs of all lanes go to the device together, and predictions come back together") {
  const vm::BoundProgram program = program_of(kSharedRule, vm::Observe::predictions);
  const auto m = on_device(program, lanes_of(50));
  m->run(Function::setup);
  step({m.get()}, 0);
  const auto before = m->device().counts();
  step({m.get()}, 1);
  std::vector<double> y(10);
  for (int lane = 0; lane < 50; ++lane) m->read(program.with_role(Role::y), lane, std::span<double>(y));
  const auto after = m->device().counts();
  CHECK(after.bytes_up - before.bytes_up == 50 * (20 + 10) * sizeof(double));
  CHECK(after.bytes_down - before.bytes_down == 50 * 10 * sizeof(double));
}

TEST_CASE("registers too large for 31 bits are refused") {
  const vm::BoundProgram program = program_of(kBatchNetwork);
  CHECK_THROWS_WITH_AS(on_device(program, lanes_of(5'000'000)), doctest::Contains("less than 2^31 together"),
                       InputError);
}

TEST_CASE("the plan can be read") {
  const std::string text = vm::dump_cuda(program_of(kBatchNetwork, vm::Observe::predictions), lanes_of(1));
  CHECK(text.find("gemm 24x20x16 a', 1 of them, alpha 0.05, beta 1") != std::string::npos);
  CHECK(text.find("softmax of 10 entries, 16 rows, a team each") != std::string::npos);
}
