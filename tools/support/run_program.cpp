#include "tools/support/run_program.hpp"

#include <fmt/format.h>

#include <chrono>

#include "evolve/eval/tracing_machine.hpp"
#include "tools/support/files.hpp"
#include "tools/support/lists.hpp"
#include "tools/support/matrix_program.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/program_setup.hpp"
#include "tools/support/progress.hpp"
#include "tools/support/report.hpp"
#include "tools/support/simplify_program.hpp"

namespace mlz::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// Some runs of one program, from the first birth to the last report.
class Runs {
 public:
  Runs(const RunOptions& options, Setup setup, const CoreProgram& core);
  int run();
  RunSet run_all();

 private:
  void begin(const vm::Machine& machine, const tasks::Problem& problem);
  void run_one(int number);
  eval::Settings settings(std::uint64_t seed);
  double time_left() const;
  void save(const vm::Machine& machine, const vm::MachineOptions& made_with,
            const RunResult& result) const;
  void report() const;
  std::string advice() const;
  int exit_code() const;

  const RunOptions& options_;
  Setup setup_;
  Model model_;
  RunFacts facts_;
  std::unique_ptr<ProgressDisplay> display_;
  std::vector<RunResult> results_;
  Clock::time_point started_ = Clock::now();
};

Runs::Runs(const RunOptions& options, Setup setup, const CoreProgram& core)
    : options_(options), setup_(std::move(setup)) {
  if (!options.load.empty()) {
    const auto values = static_cast<std::uintmax_t>(setup_.program.bytes_f64);
    const std::string bytes = read_file(options.load, kMostHeaderBytes + values);
    model_ = take_model(from_safetensors(bytes, options.load), options.load, setup_.program);
  }
  const tasks::TaskInfo& info = setup_.info();
  facts_.program = options.program;
  facts_.program_hash = program_hash(core);
  facts_.task = info.name;
  facts_.source = info.source;
  facts_.protocol = eval::protocol_name(setup_.protocol);
  facts_.dtype = vm::dtype_name(setup_.dtype);
  facts_.metric = info.metric;
  facts_.window = options.window;
  if (setup_.protocol == eval::Protocol::stream) facts_.marks = options.at.empty() ? info.marks : options.at;
}

double Runs::time_left() const {
  return options_.time_limit - std::chrono::duration<double>(Clock::now() - started_).count();
}

eval::Settings Runs::settings(std::uint64_t seed) {
  eval::Settings s;
  s.protocol = setup_.protocol;
  s.epochs = options_.epochs;
  s.seed = seed;
  s.max_abs_error = options_.max_abs_error;
  s.ignore_non_finite = options_.ignore_non_finite;
  s.marks = facts_.marks;
  s.mark_window = facts_.window;
  s.limits.steps = options_.steps;
  if (options_.time_limit > 0) s.limits.seconds = std::max(time_left(), 1e-3);
  s.limits.cancel = &interrupted();
  s.after_setup = [this](vm::Machine& machine) { model_.write_state(machine); };
  s.on_point = [this](const eval::CurvePoint& p) { display_->point(p); };
  s.on_progress = [this](const eval::Progress& p) { display_->update(p); };
  return s;
}

/// Completes what is known once there is a machine and a problem.
void Runs::begin(const vm::Machine& machine, const tasks::Problem& problem) {
  facts_.engine = machine.engine();
  facts_.watched = problem.valid->size() > 0 ? "valid" : "test";
  RunOptions exact = options_;
  exact.protocol = facts_.protocol;
  exact.dtype = facts_.dtype;
  exact.engine = facts_.engine;
  facts_.command = command_line(exact);
  const auto mode =
      options_.quiet ? ProgressDisplay::Mode::off : ProgressDisplay::mode_for_stderr();
  display_ = std::make_unique<ProgressDisplay>(mode, metric_name(facts_.metric), facts_.watched,
                                               options_.runs);
}

void Runs::run_one(int number) {
  const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(number - 1);
  const tasks::Problem problem = setup_.task->problem(seed, 0);
  vm::MachineOptions machine_options;
  machine_options.dtype = setup_.dtype;
  machine_options.seed = seed;
  machine_options.params =
      model_.params.empty() ? vm::initial_params(setup_.program, seed) : model_.params;
  std::unique_ptr<vm::Machine> machine;
  if (options_.trace) {
    machine = std::make_unique<eval::TracingMachine>(setup_.program, machine_options);
  } else {
    machine = vm::make_machine(options_.engine, setup_.program, machine_options);
  }
  if (number == 1) begin(*machine, problem);
  display_->start_run(number, seed);
  results_.push_back({seed, eval::run_lifetime(*machine, setup_.info(), problem, settings(seed))});
  display_->clear();
  if (options_.trace) {
    const auto& found = static_cast<eval::TracingMachine&>(*machine).found();
    fmt::print("{}\n", found ? found->text() : "no register became NaN or infinite");
  }
  if (!options_.save.empty()) save(*machine, machine_options, results_.back());
}

void Runs::save(const vm::Machine& machine, const vm::MachineOptions& made_with,
                const RunResult& result) const {
  TensorFile file = model_of(machine, made_with.params);
  file.metadata = {{"format", "mlz"},
                   {"version", version_text()},
                   {"program", facts_.program},
                   {"program_hash", facts_.program_hash},
                   {"task", facts_.task},
                   {"protocol", facts_.protocol},
                   {"seed", fmt::format("{}", result.seed)},
                   {"dtype", facts_.dtype},
                   {"engine", facts_.engine},
                   {"command", facts_.command},
                   {"score", fmt::format("{}", result.outcome.score)}};
  write_file(options_.save, to_safetensors(file, setup_.dtype));
}

void Runs::report() const {
  if (!options_.curve.empty()) write_file(options_.curve, curve_csv(facts_, results_));
  if (!options_.plot.empty()) write_file(options_.plot, curve_svg(facts_, results_));
  fmt::print("{}", report_table(facts_, results_));
  if (options_.json) fmt::print("{}\n", report_json(facts_, results_));
}

/// What to do about a run that failed.
std::string Runs::advice() const {
  if (options_.trace) return "";
  const std::string trace = "; --trace shows which line it came from";
  return setup_.protocol == eval::Protocol::stream ? trace + ", --ignore-nonfinite goes on" : trace;
}

int Runs::exit_code() const {
  if (interrupted()) return kRunFailed;
  for (const RunResult& result : results_) {
    if (!result.outcome.failed()) continue;
    fmt::print(stderr, "the run with seed {} failed after {} steps: {}{}\n", result.seed,
               result.outcome.steps, eval::stop_text(result.outcome.why), advice());
    return kRunFailed;
  }
  return kSuccess;
}

RunSet Runs::run_all() {
  for (int number = 1; number <= options_.runs && !interrupted(); ++number) {
    if (number > 1 && options_.time_limit > 0 && time_left() <= 0) break;
    run_one(number);
  }
  return {facts_, results_};
}

int Runs::run() {
  catch_interrupts();
  run_all();
  report();
  return exit_code();
}

}  // namespace

RunSet run_all(const RunOptions& options, Setup setup, const CoreProgram& core) {
  return Runs(options, std::move(setup), core).run_all();
}

int run_program(const RunOptions& options) {
  if (options.list_ops || options.list_tasks) {
    fmt::print("{}", options.list_ops ? list_ops() : tasks::list_tasks());
    return kSuccess;
  }
  if (!options.matrix.empty()) return run_matrix(options);
  check_writable(options.curve, "--curve");
  check_writable(options.plot, "--plot");
  check_writable(options.save, "--save");
  const text::Compiled compiled = compile_program(options);
  if (!options.dump.empty()) {
    fmt::print("{}", dump(options, compiled));
    return kSuccess;
  }
  Setup setup = set_up(options, compiled.core);
  if (options.check) {
    fmt::print("{} fits {}\n", options.program, setup.info().name);
    return kSuccess;
  }
  if (options.simplify) return simplify_program(options, setup, compiled.core);
  return Runs(options, std::move(setup), compiled.core).run();
}

}  // namespace mlz::tools
