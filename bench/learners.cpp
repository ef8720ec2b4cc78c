#include <fmt/format.h>

#include <numeric>

#include "bench/native_learners.hpp"
#include "bench/session.hpp"
#include "evolve/outer/param_evaluator.hpp"
#include "lang/core/draws.hpp"
#include "lang/text/compile.hpp"

namespace mlz::bench {
namespace {

/// Relative difference of predictions that other orders of sums explain.
constexpr double kOtherSums = 2e-2;
constexpr int kLabel = 3;

CoreProgram core_of(const std::string& name, const std::map<std::string, std::string>& set) {
  Diagnostics diagnostics;
  text::CompileOptions compile;
  compile.set = set;
  return text::compile(text::read_source("stdlib/" + name), compile, diagnostics).value().core;
}

/// A learner of the standard library, and one example that it is shown again and again.
struct Learner {
  CoreProgram core;
  vm::BoundProgram program;
  std::vector<std::vector<double>> params;
  Numbers x;

  Learner(const std::string& name, const std::map<std::string, std::string>& set, std::int64_t features,
          std::int64_t outputs)
      : core(core_of(name, set)), program(bound(features, outputs, {})), params(vm::initial_params(program, 1)) {
    DrawSequence draws({1, kTaskStream, 0, 0, 0});
    for (std::int64_t i = 0; i < features; ++i) x.push_back(static_cast<float>(draws.uniform(-1, 1)));
  }

  vm::BoundProgram bound(std::int64_t features, std::int64_t outputs, const std::vector<std::string>& observed) const {
    Diagnostics diagnostics;
    vm::BindOptions bind;
    bind.sizes = {{"features", features}, {"outputs", outputs}};
    bind.observe = vm::Observe::named;
    bind.observed = observed;
    return vm::bind(core, bind, diagnostics);
  }
  /// Params whose names begin so, one after the other.
  Numbers values(const std::string& name) const {
    Numbers all;
    for (std::size_t i = 0; i < params.size(); ++i) {
      const std::string& full = program.registers[program.params[i].id].name;
      if (full == name || full.rfind(name + "[", 0) == 0) all.insert(all.end(), params[i].begin(), params[i].end());
    }
    return all;
  }
};

std::unique_ptr<vm::Machine> born(const vm::BoundProgram& program) {
  vm::MachineOptions options;
  options.dtype = vm::DType::f32;
  options.seed = 1;
  auto machine = vm::make_machine("dense", program, options);
  machine->run(Function::setup);
  return machine;
}

/// Steps from birth; gives the sum of the last predictions.
double lead(vm::Machine& machine, const vm::Snapshot& birth, const Numbers& x, int steps) {
  const vm::BoundProgram& program = machine.program();
  const vm::RegisterId target = program.with_role(Role::target), y = program.with_role(Role::y);
  Numbers wanted(target == vm::kNoRegister ? 0 : static_cast<std::size_t>(program.registers[target].size()));
  if (!wanted.empty()) wanted[kLabel] = 1;
  machine.restore(birth);
  for (int s = 0; s < steps; ++s) {
    machine.write(program.with_role(Role::x), 0, std::span<const float>(x));
    machine.run(Function::predict);
    if (!wanted.empty()) machine.write(target, 0, std::span<const float>(wanted));
    machine.run(Function::learn);
  }
  Numbers answer(static_cast<std::size_t>(program.registers[y].size()));
  machine.read(y, 0, std::span<float>(answer));
  return std::accumulate(answer.begin(), answer.end(), 0.0);
}

Contender ours(std::shared_ptr<const Learner> learner, int steps) {
  const std::shared_ptr<vm::Machine> machine = born(learner->program);
  const auto birth = std::make_shared<const vm::Snapshot>(machine->save());
  return {"mlz f32", true, on_this_thread([=] { return lead(*machine, *birth, learner->x, steps); })};
}

VsmlStart vsml_start(const Learner& learner, int inputs, int outputs) {
  VsmlStart start;
  start.inputs = inputs;
  start.outputs = outputs;
  start.W = learner.values("W");
  start.b = learner.values("b");
  start.Wf = learner.values("Wf");
  start.bf = learner.values("bf");
  const vm::BoundProgram seen = learner.bound(inputs, outputs, {"c"});
  const auto machine = born(seen);
  const vm::RegisterId cells = seen.by_name.at("c[0]");
  start.c.resize(static_cast<std::size_t>(seen.registers[cells].size()));
  machine->read(cells, 0, std::span<float>(start.c));
  return start;
}

SrwmStart srwm_start(const Learner& learner, int width, int outputs) {
  const auto of = [&](const char* name) { return learner.values(name); };
  return {2, 16, 16, width, outputs, 4 * width, of("W0"), of("Wo"), of("sf"), of("bf"), of("W1"), of("b1"),
          of("W2"), of("b2"), of("Wi"), of("bi"), of("Wy"), of("by")};
}

int pole_steps(bool quick) { return quick ? 2 : 100; }

std::vector<std::shared_ptr<const tasks::Task>> poles(bool quick) {
  const std::string task = fmt::format("cartpole:episodes=1,steps={},mode=published", pole_steps(quick));
  return {tasks::make_task(task, tasks::DataPaths{})};
}

/// 128 vectors of params of SFNN, judged on one engine.
Contender judged(const std::string& name, const CoreProgram& core, bool quick, bool one_by_one) {
  outer::EvaluatorOptions options;
  if (one_by_one) options.engine = "dense";
  const auto evaluator = std::make_shared<const outer::ParamEvaluator>(core, poles(quick), options);
  const auto vectors = std::make_shared<std::vector<outer::Vector>>();
  for (std::uint64_t k = 0; k < 128; ++k) vectors->push_back(evaluator->initial(k));
  const auto run = [evaluator, vectors] {
    std::vector<outer::Trial> trials;
    for (const outer::Vector& params : *vectors) trials.push_back({params, 0});
    double sum = 0;
    for (const outer::Judged& one : evaluator->judge(trials, 1)) sum += one.score;
    return sum;
  };
  return {name, !one_by_one, on_this_thread(run)};
}

}  // namespace

void bench_learners(Session& session) {
  const bool quick = session.settings().quick;
  const vm::Blas* blas = vm::blas();
  const int inputs = quick ? 64 : 784, steps = quick ? 2 : 10, more = quick ? 2 : 50;
  const std::map<std::string, std::string> one_layer{{"n", "[features,outputs]"}}, many_heads{{"heads", "16"}};
  const auto vsml = std::make_shared<const Learner>("vsml.mlz", one_layer, inputs, 10);
  Case edges{fmt::format("VSML, {} x 10", inputs), "us per step", 1000.0 * steps, {ours(vsml, steps)}};
  const auto srwm = std::make_shared<const Learner>("srwm.mlz", many_heads, 256, 10);
  Case heads{"SRWM, 256 wide, 16 heads, 2 layers", "us per step", 1000.0 * more, {ours(srwm, more)}};
  if (blas != nullptr) {
    const auto by_hand = [=, start = vsml_start(*vsml, inputs, 10)] {
      return native_vsml(vm::kernel_level(), *blas, start, vsml->x, kLabel, steps);
    };
    edges.contenders.push_back({"by hand f32", false, on_this_thread(by_hand), kOtherSums});
    const auto also = [=, start = srwm_start(*srwm, 256, 10)] {
      return native_srwm(vm::kernel_level(), *blas, start, srwm->x, more);
    };
    heads.contenders.push_back({"by hand f32", false, on_this_thread(also), kOtherSums});
  }
  session.add(edges);
  session.add(heads);
}

void bench_population(Session& session) {
  const bool quick = session.settings().quick;
  for (const char* nodes : {"32", "12", "8"}) {
    const CoreProgram core = core_of("sfnn.mlz", {{"nodes", nodes}});
    const double units = 1000.0 * 128 * pole_steps(quick);
    session.add({fmt::format("SFNN, {} nodes, 128 vectors", nodes), "us per step", units,
                 {judged("together f32", core, quick, false), judged("one by one f32", core, quick, true)}});
  }
}

}  // namespace mlz::bench
