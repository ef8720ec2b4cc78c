#include "bench/evaluators.hpp"

#include "bench/naive.hpp"
#include "bench/peer.hpp"

namespace mlz::bench {
namespace {

using Shared = std::shared_ptr<const Workload>;

/// Relative difference of results that other orders of sums explain.
constexpr double kRounding = 1e-6;

Contender batched(const std::string& name, vm::DType dtype, const Shared& work) {
  struct State {
    vm::BatchEvaluator evaluator;
    std::vector<const vm::CompactProgram*> pointers;
    std::vector<vm::BatchOutcome> outcomes;
  };
  vm::BatchOptions options;
  options.dtype = dtype;
  const auto state = std::make_shared<State>(State{vm::BatchEvaluator(work->batch, options), {}, {}});
  for (const vm::CompactProgram& program : work->programs) state->pointers.push_back(&program);
  state->outcomes.resize(work->programs.size());
  const auto run = [work, state] {
    state->evaluator.evaluate(state->pointers, state->outcomes);
    double sum = 0;
    for (const vm::BatchOutcome& outcome : state->outcomes) sum += outcome.mean;
    return sum;
  };
  return {name, true, on_this_thread(run), dtype == vm::DType::f64 ? 0.0 : -1.0};
}

Contender naive(const Shared& work) {
  const auto run = [work] {
    double sum = 0;
    for (const vm::CompactProgram& program : work->programs) sum += naive_fitness(program, work->batch);
    return sum;
  };
  return {"naive", false, on_this_thread(run), 0};
}

}  // namespace

std::vector<Contender> evaluators(Session& session, std::shared_ptr<const Workload> work) {
  std::vector<Contender> all{batched("mlz f64", vm::DType::f64, work), batched("mlz f32", vm::DType::f32, work),
                             naive(work)};
  const Settings& settings = session.settings();
  if (!settings.peer.empty()) {
    const std::string file = session.file("workload");
    write_workload(file, work->programs, work->batch);
    const auto peer = std::make_shared<Peer>(settings.peer, file);
    all.push_back({"peer", false, [peer] { return peer->run(); }, work->random_draws ? -1 : kRounding});
  }
  return all;
}

}  // namespace mlz::bench
