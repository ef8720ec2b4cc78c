#include "evolve/eval/gradient.hpp"

#include <stdexcept>

#include "bench/session.hpp"
#include "lang/text/compile.hpp"
#include "tasks/task.hpp"
#include "vm/adjoint/own_products.hpp"

namespace mlz::bench {
namespace {

/// Relative difference of losses that replaying in another order of memory could never explain.
constexpr double kSameLoss = 1e-6;

struct Learner {
  const char* name;
  const char* program;
  std::map<std::string, std::string> set;
  std::string task, quick_task;
  std::int64_t segment;  ///< steps from one kept state to the next, where few are kept
};

const std::vector<Learner>& learners() {
  static const std::vector<Learner> all{
      {"SRWM, 2 x 16 heads of 16",
       "stdlib/srwm.mlz",
       {{"heads", "16"},
        {"d_in", "16"},
        {"layers", "2"},
        {"feedback", "2"},
        {"input_softmax", "0"},
        {"norm_residual", "1"}},
       "digits:size=8,train=20,test=0,epochs=1",
       "digits:size=8,train=4,test=0,epochs=1",
       5},
      {"VSML, 14 x 14 images",
       "stdlib/vsml.mlz",
       {},
       "digits:size=14,train=500,test=0,epochs=1",
       "digits:size=14,train=6,test=0,epochs=1",
       25},
  };
  return all;
}

/// A learner on one problem, forward alone and forward and back.
struct Life {
  std::shared_ptr<const tasks::Task> task;
  vm::BoundProgram program;
  vm::Adjoint adjoint;
  tasks::Problem problem;
  eval::Settings settings;

  explicit Life(const Learner& learner, bool quick)
      : task(tasks::make_task(quick ? learner.quick_task : learner.task, {})), problem(task->problem(1, 0)) {
    Diagnostics diagnostics;
    text::CompileOptions compile;
    compile.set = learner.set;
    const auto compiled = text::compile(text::read_source(learner.program), compile, diagnostics);
    vm::BindOptions bind;
    bind.sizes = task->info().sizes;
    program = vm::with_own_products(vm::bind(compiled.value().core, bind, diagnostics));
    adjoint = vm::differentiate(program);
    settings.seed = 1;
    settings.loss = true;
    settings.score_test = false;
    settings.curve_points = settings.valid_points = 0;
  }

  std::function<double()> forward() const {
    vm::MachineOptions options;
    options.dtype = vm::DType::f32;
    options.seed = 1;
    const std::shared_ptr<vm::Machine> machine = vm::make_machine("dense", program, options);
    return [machine, this] { return eval::run_lifetime(*machine, task->info(), problem, settings).loss; };
  }

  std::function<double()> gradient(std::int64_t segment) const {
    eval::GradientOptions options;
    options.engine = "dense";
    options.remat = segment;
    const auto made = std::make_shared<eval::LifetimeGradients>(program, adjoint, task->info(), 1, options);
    const auto params = std::make_shared<const vm::ParamValues>(vm::initial_params(program, 1));
    return [made, params, this] {
      const std::uint32_t lifetime = 0;
      return made->of({&problem, 1}, {&lifetime, 1}, params, settings)[0].loss;
    };
  }
};

}  // namespace

void bench_gradient(Session& session) {
  for (const Learner& learner : learners()) {
    const auto life = std::make_shared<const Life>(learner, session.settings().quick);
    const auto steps = static_cast<double>(life->problem.train->size());
    session.add({learner.name,
                 "us per step",
                 1000 * steps,
                 {{"forward", true, on_this_thread([run = life->forward(), life] { return run(); }), kSameLoss},
                  {"gradient", false, on_this_thread([run = life->gradient(0), life] { return run(); }), kSameLoss},
                  {"few states", false, on_this_thread([run = life->gradient(learner.segment), life] { return run(); }),
                   kSameLoss}}});
  }
}

}  // namespace mlz::bench
