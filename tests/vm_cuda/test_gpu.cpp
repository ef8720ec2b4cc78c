#include <algorithm>
#include <random>

#include "device.hpp"
#include "tests/support/random_bound.hpp"
#include "tests/support/random_program.hpp"
#include "tests/vm_differential/life.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

// What only a GPU can show. Run on one by scripts/gpu.sh.

using namespace mlz;
using namespace mlz::test;

namespace {

constexpr vm::cuda::Tuning kEager{.share = true, .gemm_work = 1, .gemv_entries = 1, .team_terms = 2};

vm::MachineOptions options_of(std::uint64_t seed, int lanes, vm::DType dtype, bool blas) {
  vm::MachineOptions o;
  o.dtype = dtype;
  o.lanes = lanes;
  o.seed = seed;
  o.blas = blas;
  return o;
}

/// Whether the GPU has the bits of the processor for all ops of the program.
bool has_equal_bits(const vm::BoundProgram& program, vm::DType dtype) {
  static constexpr OpId both[] = {OpId::power, OpId::normal, OpId::truncated_normal};
  static constexpr OpId wide[] = {OpId::sin, OpId::cos, OpId::tan,     OpId::arcsin,  OpId::arccos,     OpId::arctan,
                                  OpId::exp, OpId::log, OpId::sigmoid, OpId::softmax, OpId::log_softmax};
  for (const auto& code : program.code) {
    for (const auto& i : code) {
      if (!i.live) continue;
      if (std::ranges::find(both, i.op) != std::end(both)) return false;
      if (dtype == vm::DType::f64 && std::ranges::find(wide, i.op) != std::end(wide)) return false;
    }
  }
  return true;
}

vm::BoundProgram program_of(std::uint64_t seed) {
  if (seed % 2 == 0) return random_program(seed);
  vm::BindOptions options;
  options.sizes["features"] = std::array{2, 3, 4, 7, 8, 11, 19, 70}[seed / 2 % 8];
  options.observe = vm::Observe::all;
  return bound(tests::random_program(seed), options);
}

void check_bits(const vm::Machine& a, const vm::Machine& b) {
  for (int lane = 0; lane < a.lanes(); ++lane) {
    Difference d;
    compare(a, b, lane, d);
    INFO("lane ", lane);
    REQUIRE(d.where == "");
  }
}

int check_random_programs(vm::DType dtype) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const vm::BoundProgram program = program_of(seed);
    if (!has_equal_bits(program, dtype)) continue;
    ++compared;
    const vm::MachineOptions options = options_of(seed, 1 + static_cast<int>(seed % 3), dtype, false);
    const auto dense = vm::make_dense(program, options);
    const auto gpu = on_device(program, options);
    Lives lives({dense.get(), gpu.get()}, seed);
    INFO("program ", seed, "\n", print(program));
    lives.setup();
    check_bits(*dense, *gpu);
    for (int step = 0; step < 4; ++step) {  // the third and fourth are replayed
      lives.predict();
      check_bits(*dense, *gpu);
      lives.learn();
      check_bits(*dense, *gpu);
    }
  }
  return compared;
}

/// Products of random sizes, stored either way, in several lanes.
vm::BoundProgram product_program(std::mt19937& random, std::int64_t largest) {
  ProgramBuilder b;
  b.function = Function::predict;
  const auto dim = [&] { return 1 + static_cast<std::int64_t>(random()) % largest; };
  const std::int64_t m = dim(), n = dim(), k = dim();
  const bool ta = random() % 2 == 0, tb = random() % 2 == 0;
  vm::RegisterId a = b.normal_param(Kind::matrix, ta ? k : m, ta ? m : k, 1);
  vm::RegisterId c = b.normal_param(Kind::matrix, tb ? n : k, tb ? k : n, 1);
  const vm::RegisterId v = b.vector(k), out = b.matrix(m, n), mv = b.vector(m), vm = b.vector(n);
  if (ta) {
    const vm::RegisterId t = b.matrix(m, k);
    b.op(OpId::transpose, t, {a});
    a = t;
  }
  if (tb) {
    const vm::RegisterId t = b.matrix(k, n);
    b.op(OpId::transpose, t, {c});
    c = t;
  }
  for (const vm::RegisterId id : {v, out, mv, vm}) b.observe(id);
  b.op(OpId::uniform, v, {b.constant(-1), b.constant(1)});
  b.op(OpId::matmul, out, {a, c});
  b.op(OpId::matvec, mv, {a, v});
  b.op(OpId::vecmat, vm, {v, c});
  return b.finish();
}

/// After Predict, relative to the largest number.
double difference(vm::Machine& expected, vm::Machine& gpu) {
  for (vm::Machine* m : {&gpu, &expected}) m->run(Function::predict);
  const vm::BoundProgram& program = gpu.program();
  double largest = 0, scale = 1;
  for (vm::RegisterId id = 0; id < program.registers.size(); ++id) {
    if (!program.registers[id].observed) continue;
    for (int lane = 0; lane < gpu.lanes(); ++lane) {
      const auto a = values(expected, id, lane), b = values(gpu, id, lane);
      for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::isfinite(b[i]) ? std::abs(a[i] - b[i]) : 1e300);
        scale = std::max(scale, std::abs(a[i]));
      }
    }
  }
  return largest / scale;
}

double difference_of_products(const vm::BoundProgram& program, vm::MachineOptions options) {
  const auto gpu = on_device(program, options, kEager);
  options.dtype = vm::DType::f64;
  options.blas = false;
  const auto dense = vm::make_dense(program, options);
  return difference(*dense, *gpu);
}

/// To the loops on the processor, which round factors in the same way.
double difference_to_loops(const vm::BoundProgram& program, const vm::MachineOptions& options) {
  const auto gpu = on_device(program, options, kEager);
  const auto loops = vm::cuda::make_machine(program, options, vm::cuda::open_host_device(), kEager);
  return difference(*loops, *gpu);
}

constexpr const char* kNetwork = R"(
size batch = 32
size hidden = 64
state W1 : matrix[hidden, features]
state W2 : matrix[outputs, hidden]
state y : matrix[batch, outputs]
def Setup():
  W1 = normal(0, 0.2)
  W2 = normal(0, 0.2)
def Predict(x):
  h = relu(x @ W1.T) * bernoulli(0.9, shape=[batch, hidden])
  y = h @ W2.T
def Learn(x, target):
  d = target - softmax(y)
  b = (d @ W2) * (h > 0)
  W2 = W2 + 0.05 * (d.T @ h)
  W1 = W1 + 0.05 * (b.T @ x)
)";

vm::BoundProgram network() {
  vm::BindOptions bind;
  bind.sizes = {{"features", 50}, {"outputs", 10}};
  bind.observe = vm::Observe::all;
  return bound(kNetwork, bind);
}

}  // namespace

TEST_CASE("random programs without BLAS have the bits of the dense engine in f32") {
  CHECK(check_random_programs(vm::DType::f32) > 100);
}

TEST_CASE("random programs without BLAS have the bits of the dense engine in f64") {
  CHECK(check_random_programs(vm::DType::f64) > 20);
}

TEST_CASE("products of cuBLAS are those of the processor within rounding") {
  std::mt19937 random(5);
  for (int n = 0; n < 60; ++n) {
    const vm::BoundProgram program = product_program(random, n % 3 == 0 ? 8 : 150);
    const int lanes = std::array{1, 2, 7}[static_cast<std::size_t>(n) % 3];
    INFO("program ", n, ", ", lanes, " lanes\n", print(program));
    CHECK(difference_of_products(program, options_of(1, lanes, vm::DType::f64, true)) < 1e-13);
    CHECK(difference_of_products(program, options_of(1, lanes, vm::DType::f32, true)) < 1e-5);
    vm::MachineOptions tf32 = options_of(1, lanes, vm::DType::f32, true);
    tf32.factors = vm::Factors::tf32;
    CHECK(difference_of_products(program, tf32) < 1e-2);
    vm::MachineOptions bf16 = tf32;
    bf16.factors = vm::Factors::bf16;
    CHECK(difference_of_products(program, bf16) < 2e-2);
    CHECK(difference_to_loops(program, bf16) < 1e-5);
  }
}

TEST_CASE("a run gives the same bits again") {
  const vm::BoundProgram program = network();
  vm::MachineOptions bf16 = options_of(2, 4, vm::DType::f32, true);
  bf16.factors = vm::Factors::bf16;
  for (const vm::MachineOptions& options :
       {options_of(2, 4, vm::DType::f32, true), options_of(2, 4, vm::DType::f64, true), bf16}) {
    const auto a = on_device(program, options), b = on_device(program, options);
    Lives lives({a.get(), b.get()}, 1);
    lives.setup();
    for (int n = 0; n < 8; ++n) {
      lives.predict();
      lives.learn();
    }
    check_bits(*a, *b);
    CHECK(a->device().counts().recordings == 14);
  }
}

TEST_CASE("launch by launch a function does what its recording does") {
  const vm::BoundProgram program = network();
  const auto recorded = on_device(program, options_of(2, 3, vm::DType::f32, true));
  const auto timed = on_device(program, options_of(2, 3, vm::DType::f32, true));
  for (vm::Machine* m : {recorded.get(), timed.get()}) m->run(Function::setup);
  for (int n = 0; n < 5; ++n) {
    recorded->run(Function::predict);
    recorded->run(Function::learn);
    timed->time(Function::predict);
    timed->time(Function::learn);
  }
  check_bits(*recorded, *timed);
}

TEST_CASE("more memory than the GPU has is refused with both sizes") {
  ProgramBuilder b;
  b.function = Function::predict;
  const vm::RegisterId out = b.vector(1 << 20);
  b.observe(out);
  b.op(OpId::uniform, out, {b.constant(0), b.constant(1)});
  const vm::BoundProgram program = b.finish();
  std::string message;
  std::vector<std::unique_ptr<vm::cuda::CudaMachine>> machines;
  try {
    for (int k = 0; k < 64; ++k) machines.push_back(on_device(program, options_of(0, 1500, vm::DType::f64, false)));
  } catch (const std::exception& e) {
    message = e.what();
  }
  CHECK(message.find("MiB free") != std::string::npos);
}
