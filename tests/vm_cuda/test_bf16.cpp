#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "device.hpp"
#include "tests/support/batch_network.hpp"
#include "tests/support/random_bound.hpp"
#include "tests/support/random_program.hpp"
#include "tests/vm_differential/life.hpp"
#include "vm/cuda/bf16.hpp"
#include "vm/dense.hpp"

// Factors of products that are stored in bf16: rounding, when it is planned, and what products are then.

using namespace mlz;
using namespace mlz::test;
using vm::cuda::RoundLaunch;
using vm::cuda::Tuning;

namespace {

constexpr Tuning kEager{.gemm_work = 1, .gemv_entries = 1};
constexpr Tuning kForgetful{.gemm_work = 1, .gemv_entries = 1, .keep_rounded = false};

constexpr const char* kRule = R"(
param V : matrix[64, features] ~ normal(0, 0.3)
state S : matrix[outputs, 64]
state y : vector[outputs]
def Predict(x):
  h = tanh(V @ x)
  y = S @ h
def Learn(x, target):
  S = S + 0.1 * outer(target - y, h)
)";

constexpr const char* kMatrices = R"(
param V : matrix[64, features] ~ normal(0, 0.3)
state S : matrix[outputs, 64]
state y : vector[outputs]
def Setup():
  S = normal(0, 0.3)
def Predict(x):
  T = S @ V
  y = T @ x + mean(V @ x)
def Learn(x, target):
  S = S + 0.1 * outer(target - y, V @ x)
)";

vm::BoundProgram program_of(const std::string& text, vm::Observe observe = vm::Observe::all) {
  vm::BindOptions bind;
  bind.sizes = {{"features", 20}, {"outputs", 10}};
  bind.observe = observe;
  bind.observed = {"C", "P"};
  return bound(text, bind);
}

vm::MachineOptions options_of(int lanes, vm::Factors factors = vm::Factors::bf16) {
  vm::MachineOptions o;
  o.dtype = vm::DType::f32;
  o.lanes = lanes;
  o.seed = 3;
  o.factors = factors;
  return o;
}

std::vector<RoundLaunch> rounds(const vm::cuda::CudaPlan& plan, std::size_t function) {
  std::vector<RoundLaunch> out;
  for (const vm::cuda::Launch& l : plan.code[function]) {
    if (const auto* found = std::get_if<RoundLaunch>(&l.work)) out.push_back(*found);
  }
  return out;
}
constexpr std::size_t kPredict = 1, kLearn = 2, kFixed = vm::dense::kFixed;

float rounded(double a) { return vm::cuda::from_bf16(vm::cuda::to_bf16(static_cast<float>(a))); }

void check_same(const vm::Machine& a, const vm::Machine& b) {
  for (int lane = 0; lane < a.lanes(); ++lane) {
    Difference d;
    compare(a, b, lane, d);
    INFO("lane ", lane);
    REQUIRE(d.where == "");
  }
}

/// Entry (i, j) of a product of k terms: as it is, of rounded factors, and with all terms positive.
struct Sums {
  double exact = 0, of_rounded = 0, size = 0;
  void add(double a, double b) {
    exact += a * b;
    of_rounded += double{rounded(a)} * rounded(b);
    size += std::abs(a * b);
  }
};

void check_entry(double found, const Sums& sums, bool bf16, std::int64_t terms) {
  const double summing = static_cast<double>(terms + 1) * 0x1p-24 * sums.size;
  CHECK(std::abs(found - (bf16 ? sums.of_rounded : sums.exact)) <= 1.02 * summing);
  CHECK(std::abs(found - sums.exact) <= (0x1p-7 + 0x1p-16) * sums.size + 1.02 * summing);
}

}  // namespace

TEST_CASE("numbers are rounded to the nearest in bf16, ties to even") {
  struct Case {
    float from, to;
  };
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (const Case& c : {Case{1, 1},
                        {1 + 0x1p-8f, 1},
                        {1 + 0x3p-8f, 1 + 0x1p-6f},
                        {1 + 0x1p-8f + 0x1p-23f, 1 + 0x1p-7f},
                        {1 + 0x1p-8f - 0x1p-23f, 1},
                        {0x1.fep127f, 0x1.fep127f},
                        {0x1.fefffep127f, 0x1.fep127f},
                        {0x1.ffp127f, inf},
                        {0x1.fffffep127f, inf},
                        {inf, inf},
                        {0, 0},
                        {0x1p-133f, 0x1p-133f},
                        {0x1p-134f, 0},
                        {0x1.8p-134f, 0x1p-133f},
                        {0x3p-134f, 0x1p-132f},
                        {0x1p-149f, 0},
                        {0x1.fffffcp-127f, 0x1p-126f}}) {
    INFO(c.from);
    CHECK(same_bits(rounded(c.from), c.to));
    CHECK(same_bits(rounded(-c.from), -c.to));
  }
  for (const std::uint32_t bits : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0xffffffffu}) {
    const float r = vm::cuda::from_bf16(vm::cuda::to_bf16(std::bit_cast<float>(bits)));
    CHECK(std::isnan(r));
    CHECK(std::signbit(r) == (bits >> 31 != 0));
  }
}

TEST_CASE("every number of bf16 stays as it is, and none is nearer than the one that was taken") {
  std::mt19937 random(4);
  for (std::uint32_t upper = 0; upper < 0x10000u; ++upper) {
    const vm::cuda::Bf16 b{static_cast<std::uint16_t>(upper)};
    const float a = vm::cuda::from_bf16(b);
    if (std::isnan(a)) continue;
    if (vm::cuda::to_bf16(a).bits != b.bits) FAIL_CHECK(a, " became ", rounded(a));
    const float between = std::bit_cast<float>(upper << 16 | static_cast<std::uint32_t>(random() % 0x10000u));
    if (!std::isfinite(a) || (upper & 0x7fffu) >= 0x7f7fu) continue;
    const float next = vm::cuda::from_bf16({static_cast<std::uint16_t>(upper + 1)});
    const double taken = std::abs(double{rounded(between)} - between);
    if (taken > std::min(std::abs(double{a} - between), std::abs(double{next} - between)))
      FAIL_CHECK(between, " became ", rounded(between));
  }
}

TEST_CASE("products are those of rounded factors, summed in f32; of a matrix and a vector those of f32") {
  std::mt19937 random(8);
  for (int n = 0; n < 40; ++n) {
    const auto dim = [&] { return 2 + static_cast<std::int64_t>(random() % (n % 4 == 0 ? 90 : 12)); };
    const std::int64_t rows = dim(), cols = dim(), lanes = std::array{1, 2, 5}[static_cast<std::size_t>(n) % 3];
    const vm::BoundProgram program = program_of(
        fmt::format("param A : matrix[{0}, features] ~ normal(0, 1)\nparam B : matrix[{1}, {0}] ~ normal(0, 1)\n"
                    "state C : matrix[{0}, features]\nstate P : matrix[features, {1}]\nstate y : vector[{0}]\n"
                    "def Predict(x):\n  C = A + sum(x)\n  P = C.T @ B.T\n  y = A @ x\n",
                    rows, cols),
        vm::Observe::named);
    const auto m = on_device(program, options_of(static_cast<int>(lanes)), kEager);
    std::vector<double> x(20);
    for (int lane = 0; lane < lanes; ++lane) {
      draw_normal(DrawKey{1, kTaskStream, static_cast<std::uint32_t>(lane), 0, 0}, 0, 1, x);
      m->write(program.with_role(Role::x), lane, std::span<const double>(x));
    }
    m->run(Function::predict);
    INFO(rows, " x 20, ", cols, " x ", rows, ", ", lanes, " lanes");
    const auto get = [&](const char* name, int lane) { return values(*m, program.by_name.at(name), lane); };
    for (int lane = 0; lane < lanes; ++lane) {
      const auto a = get("A", lane), b = get("B", lane), c = get("C", lane), p = get("P", lane), y = get("y", lane);
      draw_normal(DrawKey{1, kTaskStream, static_cast<std::uint32_t>(lane), 0, 0}, 0, 1, x);
      for (double& v : x) v = static_cast<float>(v);
      for (std::int64_t i = 0; i < 20 * cols; ++i) {
        Sums sums;
        for (std::int64_t k = 0; k < rows; ++k) sums.add(c[k * 20 + i / cols], b[i % cols * rows + k]);
        check_entry(p[i], sums, true, rows);
      }
      for (std::int64_t i = 0; i < rows; ++i) {
        Sums sums;
        for (std::int64_t k = 0; k < 20; ++k) sums.add(a[i * 20 + k], x[k]);
        check_entry(y[i], sums, lanes > 1, 20);
      }
    }
  }
}

TEST_CASE("a factor is rounded once after it was written") {
  const auto m = on_device(program_of(kBatchNetwork, vm::Observe::predictions), options_of(2), kEager);
  CHECK(rounds(m->plan(), kPredict).size() == 4);  // x, W1, h, W2
  CHECK(rounds(m->plan(), kLearn).size() == 5);    // d, for two products, W2, h, b, x
  CHECK(rounds(m->plan(), kFixed).empty());

  const auto twice =
      on_device(program_of("state M : matrix[9, 9]\nstate P : matrix[9, 9]\nstate y : vector[9]\n"
                           "def Setup():\n  M = normal(0, 1)\n"
                           "def Predict(x):\n  P = M @ M\n  M = M + P * x[0]\n  P = M @ M.T\n  y = P[0]\n",
                           vm::Observe::predictions),
                options_of(1), kEager);
  CHECK(rounds(twice->plan(), kPredict).size() == 2);
}

TEST_CASE("what does not change from step to step is rounded once after Setup") {
  const auto m = on_device(program_of(kRule, vm::Observe::predictions), options_of(9));
  const auto once = rounds(m->plan(), kFixed), each = rounds(m->plan(), kPredict);
  REQUIRE(once.size() == 1);
  CHECK(once[0].total == 64 * 20);
  REQUIRE(each.size() == 1);
  CHECK(each[0].total == 9 * 20);
  CHECK(each[0].to.lane_step == 24);
  const vm::cuda::Layout& layout = m->plan().layout;
  CHECK(layout.bf16_entries == 64 * 20 + 7 * 32);
  CHECK(layout.total_entries() == layout.io_offset() + layout.io_entries + layout.bf16_entries / 2);
}

TEST_CASE("what the host writes from step to step is rounded in each of them") {
  vm::BoundProgram program = program_of(kMatrices, vm::Observe::predictions);
  CHECK(rounds(on_device(program, options_of(1))->plan(), kFixed).size() == 1);  // V
  program.registers[program.by_name.at("V")].input = true;
  const auto m = on_device(program, options_of(1));
  CHECK(rounds(m->plan(), kFixed).empty());
  CHECK(rounds(m->plan(), kPredict).size() == 2);  // S, V
}

TEST_CASE("programs that do not round, or have no large products, have no room for it") {
  const vm::BoundProgram program = program_of(kRule);
  vm::MachineOptions wide = options_of(9);
  wide.dtype = vm::DType::f64;
  for (const vm::MachineOptions& o :
       {options_of(9, vm::Factors::full), options_of(9, vm::Factors::tf32), wide, options_of(1)})
    CHECK(on_device(program, o)->plan().layout.bf16_entries == 0);
}

TEST_CASE("registers with factors in bf16 take no more than they count as f64") {
  for (const char* text : {kRule, kBatchNetwork}) {
    const vm::BoundProgram program = program_of(text);
    const vm::cuda::Layout layout = on_device(program, options_of(1), kEager)->plan().layout;
    CHECK((layout.bf16_entries > 0) == (text == kBatchNetwork));
    CHECK(4 * layout.total_entries() < program.bytes_f64);
  }
}

TEST_CASE("factors that are kept rounded give what rounding before every product does") {
  std::size_t used = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    vm::BindOptions bind;
    bind.sizes["features"] = std::array{2, 3, 4, 7, 8, 11, 19, 70}[seed / 2 % 8];
    bind.observe = vm::Observe::all;
    const vm::BoundProgram program = seed % 2 == 0 ? random_program(seed) : bound(tests::random_program(seed), bind);
    const vm::MachineOptions options = options_of(1 + static_cast<int>(seed % 3));
    const auto kept = on_device(program, options, kEager), made = on_device(program, options, kForgetful);
    for (std::size_t f = 0; f < 4; ++f) used += rounds(made->plan(), f).size() - rounds(kept->plan(), f).size();
    Lives lives({kept.get(), made.get()}, seed);
    INFO("program ", seed, "\n", print(program));
    lead(lives, [&] { check_same(*kept, *made); });
  }
  CHECK(used > 50);
}

TEST_CASE("what the host writes, restores or is born with is rounded again") {
  const vm::BoundProgram program = program_of(kMatrices);
  const auto kept = on_device(program, options_of(3), kEager), made = on_device(program, options_of(3), kForgetful);
  Lives lives({kept.get(), made.get()}, 6);
  const auto step = [&] {
    lives.predict();
    lives.learn();
    check_same(*kept, *made);
  };
  lives.setup();
  step();
  const vm::Snapshot before[] = {kept->save(), made->save()};
  const std::vector<double> values(64 * 20, 0.27);
  for (vm::Machine* m : {static_cast<vm::Machine*>(kept.get()), static_cast<vm::Machine*>(made.get())})
    m->write(program.by_name.at("V"), 1, std::span<const double>(values));
  step();  // V is no longer shared
  const std::vector<double> others(64 * 20, -0.31);
  for (vm::Machine* m : {static_cast<vm::Machine*>(kept.get()), static_cast<vm::Machine*>(made.get())})
    m->write(program.by_name.at("V"), 2, std::span<const double>(others));
  step();
  kept->restore(before[0]);
  made->restore(before[1]);
  step();
  for (vm::Machine* m : {static_cast<vm::Machine*>(kept.get()), static_cast<vm::Machine*>(made.get())}) {
    m->set_births(std::vector<vm::Birth>(3, {77, 0, nullptr}));
    m->reset();
  }
  lives.setup();
  step();
}

TEST_CASE("a network learns nearly the same with factors in bf16") {
  const vm::BoundProgram program = program_of(kBatchNetwork);
  const auto m = on_device(program, options_of(1), kEager);
  const auto dense = vm::make_dense(program, options_of(1));
  Lives lives({dense.get(), m.get()}, 2);
  lives.setup();
  for (int n = 0; n < 10; ++n) {
    lives.predict();
    lives.learn();
  }
  Difference d;
  compare(*dense, *m, 0, d);
  CHECK(d.where != "");
  CHECK(d.largest < 0.02);
}

TEST_CASE("the plan shows what is rounded") {
  const vm::BoundProgram program = program_of(kBatchNetwork, vm::Observe::predictions);
  const std::string text = vm::dump_cuda(program, options_of(1));
  CHECK(text.find("round 320 entries: @") != std::string::npos);
  CHECK(text.find("gemm 24x20x16 a', 1 of them, alpha 0.05") != std::string::npos);
  CHECK(text.find("beta 1: bf16 @") != std::string::npos);
  CHECK(text.find(" for factors in bf16\n") != std::string::npos);
  CHECK(vm::dump_cuda(program, options_of(1, vm::Factors::full)).find("bf16") == std::string::npos);
}

TEST_CASE("the names of the engine say what it keeps of factors, in f32 only") {
  const vm::BoundProgram program = program_of(kRule);
  setenv("MLZ_CUDA_DEVICE", "host", 1);
  for (const std::string name : {"cuda", "cuda-tf32", "cuda-bf16"}) {
    CHECK(vm::make_machine(name, program, options_of(9, vm::Factors::full))->engine() == name);
    vm::MachineOptions wide;
    const std::string message = fmt::format("the engine `{}` computes in f32 only; take --dtype=f32", name);
    if (name == "cuda")
      CHECK(vm::make_machine(name, program, wide)->engine() == name);
    else
      CHECK_THROWS_WITH_AS(vm::make_machine(name, program, wide), doctest::Contains(message.c_str()), InputError);
  }
  unsetenv("MLZ_CUDA_DEVICE");
}
