#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cases.hpp"
#include "vm/cuda/engine.hpp"
#include "vm/dense.hpp"

namespace mlz::bench {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Row {
  double ms = 0;                   ///< a step whose inputs are on the GPU already
  double fed_ms = 0;               ///< a step with inputs handed in and the prediction read
  double product_ms = 0;           ///< of the calls of cuBLAS in a step, one by one
  double each_ms = 0;              ///< of all launches, one by one
  double bare_ms = 0;              ///< cuBLAS alone; 0: not measured
  double dense_ms = 0;             ///< on one core of the processor; 0: not measured
  double launches = 0, bytes = 0;  ///< a step; bytes to and from the GPU when fed
};

void run(vm::Machine& m) {
  m.run(Function::predict);
  m.run(Function::learn);
}

std::vector<float> read_prediction(const vm::Machine& m, int lane) {
  const vm::RegisterId y = m.program().with_role(Role::y);
  std::vector<float> out(static_cast<std::size_t>(m.program().registers[y].size()));
  m.read(y, lane, std::span<float>(out));
  return out;
}

void feed(vm::Machine& m, Role role) {
  const vm::RegisterId id = m.program().with_role(role);
  if (id == vm::kNoRegister) return;
  const std::vector<float> values(static_cast<std::size_t>(m.program().registers[id].size()), 0.25f);
  for (int lane = 0; lane < m.lanes(); ++lane) m.write(id, lane, std::span<const float>(values));
}

void fed_step(vm::Machine& m) {
  feed(m, Role::x);
  m.run(Function::predict);
  for (int lane = 0; lane < m.lanes(); ++lane) read_prediction(m, lane);
  feed(m, Role::target);
  m.run(Function::learn);
}

/// Mean of as many steps as fit into the time, at least `least`; the prediction is read at the end.
template <class Step>
double mean_ms(vm::Machine& m, double seconds, int least, Step step) {
  read_prediction(m, 0);
  const auto start = Clock::now();
  int n = 0;
  for (int batch = least; since(start) < 1000 * seconds; batch = 2 * batch) {
    for (int k = 0; k < batch; ++k, ++n) step(m);
    read_prediction(m, 0);
  }
  return since(start) / n;
}

vm::MachineOptions options_of(const GpuCase& c) {
  vm::MachineOptions o;
  o.dtype = vm::DType::f32;
  o.lanes = c.lanes;
  o.seed = 1;
  o.factors = c.factors;
  return o;
}

bool is_product(const vm::cuda::Launch& l) {
  return std::holds_alternative<vm::cuda::GemmLaunch>(l.work) || std::holds_alternative<vm::cuda::GemvLaunch>(l.work);
}

void time_launches(vm::cuda::CudaMachine& m, Row& row) {
  for (const Function f : {Function::predict, Function::learn}) {
    const auto times = m.time(f);
    for (std::size_t k = 0; k < times.size(); ++k) {
      row.each_ms += times[k];
      row.product_ms += is_product(m.plan().code[static_cast<std::size_t>(f)][k]) ? times[k] : 0;
    }
  }
}

double dense_ms(const GpuCase& c, const vm::BoundProgram& program, double seconds) {
  if (c.slow_on_cpu) return 0;
  vm::MachineOptions options = options_of(c);
  options.lanes = std::min(c.lanes, 2);
  const auto m = vm::make_dense(program, options);
  m->run(Function::setup);
  run(*m);
  return mean_ms(*m, seconds, 1, run) * c.lanes / options.lanes;
}

Row measure(const GpuCase& c, double seconds) {
  const vm::BoundProgram program = bound_case(c);
  Row row;
  {
    const auto m = vm::cuda::make_machine(program, options_of(c), vm::cuda::open_gpu());
    m->run(Function::setup);
    for (int k = 0; k < 4; ++k) fed_step(*m);
    const auto before = m->device().counts();
    fed_step(*m);
    const auto after = m->device().counts();
    row.launches = static_cast<double>(after.launches - before.launches);
    row.bytes = static_cast<double>(after.bytes_up + after.bytes_down - before.bytes_up - before.bytes_down);
    row.ms = mean_ms(*m, seconds, 4, run);
    row.fed_ms = mean_ms(*m, seconds / 2, 1, fed_step);
    time_launches(*m, row);
  }
  if (c.square > 0) row.bare_ms = bare_product_ms(c.square, c.factors);
  row.dense_ms = dense_ms(c, program, seconds);
  return row;
}

std::string ratio(double a, double b) { return a > 0 && b > 0 ? fmt::format("{:.2f}", a / b) : "-"; }

void print_heading() {
  fmt::print("{:<9} {:<38} {:>10} {:>10} {:>8} {:>8} {:>9} {:>8} {:>11}\n", "group", "case", "ms a step", "ms fed",
             "cuBLAS", "/ bare", "dense /", "launches", "bytes");
}

void print_row(const GpuCase& c, const Row& r) {
  const double share = r.each_ms > 0 ? 100 * r.product_ms / r.each_ms : 0;
  fmt::print("{:<9} {:<38} {:>10.4f} {:>10.4f} {:>7.0f}% {:>8} {:>9} {:>8.0f} {:>11.0f}\n", c.group, c.name, r.ms,
             r.fed_ms, share, ratio(r.ms, r.bare_ms), ratio(r.dense_ms, r.ms), r.launches, r.bytes);
  std::fflush(stdout);
}

nlohmann::json to_json(const GpuCase& c, const Row& r) {
  return {{"group", c.group},
          {"case", c.name},
          {"lifetimes", c.lanes},
          {"factors", vm::factors_name(c.factors)},
          {"ms", r.ms},
          {"fed_ms", r.fed_ms},
          {"cublas_ms", r.product_ms},
          {"launches_ms", r.each_ms},
          {"bare_cublas_ms", r.bare_ms},
          {"dense_ms", r.dense_ms},
          {"launches", r.launches},
          {"bytes", r.bytes}};
}

int main_of(int argc, char** argv) {
  CLI::App app{"Steps of learners on a GPU: time, share of cuBLAS, launches, beside cuBLAS alone and the processor"};
  bool quick = false;
  double seconds = 0.5;
  std::string json, only;
  app.add_flag("--quick", quick, "the smallest case of each group");
  app.add_option("--seconds", seconds, "for each measurement")->check(CLI::Range(0.01, 60.0));
  app.add_option("--only", only, "one group");
  app.add_option("--json", json, "write all numbers to this file");
  CLI11_PARSE(app, argc, argv);
  nlohmann::json rows = nlohmann::json::array();
  const std::string device = vm::cuda::open_gpu()->description();
  fmt::print("{}\n", device);
  print_heading();
  for (const GpuCase& c : gpu_cases(quick)) {
    if (!only.empty() && only != c.group) continue;
    const Row row = measure(c, seconds);
    print_row(c, row);
    rows.push_back(to_json(c, row));
    if (!json.empty()) std::ofstream(json) << nlohmann::json{{"device", device}, {"rows", rows}}.dump(1) << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace mlz::bench

int main(int argc, char** argv) {
  try {
    return mlz::bench::main_of(argc, argv);
  } catch (const mlz::InputError& e) {
    fmt::print(stderr, "mlzbench_gpu: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "mlzbench_gpu: {}\n", e.what());
    return 1;
  }
}
