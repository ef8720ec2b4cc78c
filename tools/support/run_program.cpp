#include "tools/support/run_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "evolve/eval/tracing_machine.hpp"
#include "tools/support/files.hpp"
#include "tools/support/lists.hpp"
#include "tools/support/matrix_program.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/probe.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/program_setup.hpp"
#include "tools/support/progress.hpp"
#include "tools/support/report.hpp"
#include "tools/support/simplify_program.hpp"
#include "vm/engine_choice.hpp"

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
  int together() const;
  void run_some(int first, int count);
  eval::Settings settings(std::uint64_t seed);
  double time_left() const;
  bool traced_in_place_of_f32() const;
  std::string nothing_found() const;
  std::unique_ptr<vm::Machine> machine_for(const std::vector<vm::Birth>& births);
  void show_points(int number, const RunResult& result);
  void save(const vm::Machine& machine, const vm::ParamValues& params, const RunResult& result) const;
  void report() const;
  std::string advice() const;
  int exit_code() const;

  const RunOptions& options_;
  Setup setup_;
  Model model_;
  RunFacts facts_;
  std::optional<Probe> probe_;
  std::unique_ptr<ProgressDisplay> display_;
  std::vector<RunResult> results_;
  Clock::time_point started_ = Clock::now();
};

Runs::Runs(const RunOptions& options, Setup setup, const CoreProgram& core)
    : options_(options), setup_(std::move(setup)) {
  if (!options.load.empty()) {
    check_not_set(options.set, options.load, setup_.program);
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
  if (!options.probe.empty()) probe_.emplace(options, setup_.program);
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
  s.after_setup = [this](vm::Machine& machine, int lane) { model_.write_state(machine, lane); };
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

/// How many runs share a machine: several where that is faster and nothing is wanted of a single one.
int Runs::together() const {
  const bool alone = options_.trace || probe_ || !options_.save.empty() || options_.time_limit > 0 ||
                     setup_.protocol == eval::Protocol::automl;
  const int most = std::min(options_.runs, vm::kFullLanes);
  if (alone || most == 1) return 1;
  const bool fits = options_.engine == "auto" && vm::fitting_engine(setup_.program, setup_.dtype, most) == "lanes";
  return fits || options_.engine == "lanes" ? most : 1;
}

/// Whether the same command without --trace computes in f32; --trace computes in f64.
bool Runs::traced_in_place_of_f32() const {
  return options_.dtype.empty() && options_.engine != "reference" && setup_.protocol != eval::Protocol::automl;
}

std::string Runs::nothing_found() const {
  std::string text = "no register became NaN or infinite";
  if (traced_in_place_of_f32()) {
    text += ". --trace computes in f64, where no number left the range of f32; if the run fails without it, look at "
            "logarithms and divisions of numbers near zero, or run with --dtype f64";
  }
  return text;
}

std::unique_ptr<vm::Machine> Runs::machine_for(const std::vector<vm::Birth>& births) {
  vm::MachineOptions options;
  options.dtype = setup_.dtype;
  options.lanes = static_cast<int>(births.size());
  options.births = births;
  if (options_.trace) {
    const double largest =
        traced_in_place_of_f32() ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
    return std::make_unique<eval::TracingMachine>(setup_.program, options, largest);
  }
  auto machine = vm::make_machine(options_.engine, setup_.program, options);
  return probe_ ? probe_->watched(std::move(machine), births[0].seed) : std::move(machine);
}

/// The points of a run that was not watched alone, when it has ended.
void Runs::show_points(int number, const RunResult& result) {
  display_->clear();
  display_->start_run(number, result.seed);
  display_->update({result.outcome.steps, result.outcome.steps, result.outcome.seconds, eval::kNoScore});
  for (const eval::CurvePoint& point : result.outcome.curve) display_->point(point);
}

void Runs::run_some(int first, int count) {
  std::vector<tasks::Problem> problems;
  std::vector<vm::Birth> births;
  std::vector<eval::LaneLifetime> lives;
  for (int k = 0; k < count; ++k) {
    const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(first - 1 + k);
    problems.push_back(setup_.task->problem(seed, 0));
    births.push_back({seed, 0, std::make_shared<vm::ParamValues>(
                                   model_.params.empty() ? vm::initial_params(setup_.program, seed) : model_.params)});
  }
  for (int k = 0; k < count; ++k) lives.push_back({&problems[k], births[k].seed, 0});
  const auto machine = machine_for(births);
  if (first == 1) begin(*machine, problems[0]);
  eval::Settings all = settings(births[0].seed);
  if (count == 1) {
    display_->start_run(first, births[0].seed);
    all.on_point = [this](const eval::CurvePoint& p) { display_->point(p); };
  }
  auto outcomes = eval::run_lifetimes(*machine, setup_.info(), lives, all);
  for (int k = 0; k < count; ++k) {
    results_.push_back({births[k].seed, std::move(outcomes[k])});
    if (count > 1) show_points(first + k, results_.back());
  }
  display_->clear();
  if (options_.trace) {
    const auto& found = static_cast<eval::TracingMachine&>(*machine).found();
    fmt::print("{}\n", found ? found->text() : nothing_found());
  }
  if (!options_.save.empty()) save(*machine, *births[0].params, results_.back());
}

void Runs::save(const vm::Machine& machine, const vm::ParamValues& params, const RunResult& result) const {
  TensorFile file = model_of(machine, params);
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
  if (probe_) probe_->finish();
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
  const int most = together();
  for (int first = 1; first <= options_.runs && !interrupted(); first += most) {
    if (first > 1 && options_.time_limit > 0 && time_left() <= 0) break;
    run_some(first, std::min(most, options_.runs - first + 1));
  }
  return {facts_, results_};
}

int Runs::run() {
  catch_interrupts();
  run_all();
  report();
  return exit_code();
}

bool assigns(const std::vector<CoreLine>& lines, const std::string& name) {
  return std::any_of(lines.begin(), lines.end(), [&](const CoreLine& line) {
    const bool open = line.kind == CoreLine::Kind::hole || line.op == OpId::hole;
    return open || line.out.name == name || assigns(line.body, name) || assigns(line.otherwise, name);
  });
}

/// Says on stderr when no line can give the prediction a value. That is no error: AutoML-Zero evaluates such programs.
void warn_without_prediction(const RunOptions& options, const text::Compiled& compiled) {
  const CoreProgram& core = compiled.core;
  const RegisterInfo* y = core.with_role(Role::y);
  const auto starts = [&](const mlz::Declaration& d) { return y != nullptr && d.name == y->name && !d.starts_as.empty(); };
  if (y != nullptr && (y->is_param || std::any_of(core.declarations.begin(), core.declarations.end(), starts))) return;
  const auto writes = [&](const std::vector<CoreLine>& lines) { return assigns(lines, y != nullptr ? y->name : "s1"); };
  if (std::any_of(core.functions.begin(), core.functions.end(), writes)) return;
  const auto& functions = compiled.ast.functions;
  const bool predicts = std::any_of(functions.begin(), functions.end(),
                                    [](const text::FunctionDefinition& f) { return f.name == "Predict"; });
  fmt::print(stderr, "warning: {}: the prediction is always zero: {}\n", options.program,
             predicts ? "no line assigns `y`" : "there is no `def Predict(x):` that assigns `y`");
}

/// Throws InputError for an option that the protocol has no use for.
void check_effect(const RunOptions& options, eval::Protocol protocol) {
  using eval::Protocol;
  struct Case {
    const char* option;
    std::initializer_list<Protocol> protocols;
    const char* why;
  };
  static const Case kCases[] = {
      {"--at", {Protocol::stream}, "scores at numbers of examples are taken of a stream (--protocol stream)"},
      {"--window", {Protocol::stream}, "it belongs to the scores at numbers of examples of a stream (--protocol stream)"},
      {"--max-error", {Protocol::automl}, "the size of an error ends no training here, as it does with --protocol automl"},
      {"--ignore-nonfinite",
       {Protocol::stream, Protocol::control},
       "an error that is NaN always ends the training here; --protocol stream can go on"},
  };
  for (const Case& c : kCases) {
    if (!options.given.contains(c.option) || std::ranges::count(c.protocols, protocol) > 0) continue;
    throw InputError(fmt::format("{} has no effect under the {} protocol: {}; leave it out", c.option,
                                 eval::protocol_name(protocol), c.why));
  }
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
  check_writable(options.probe_file, "--probe-file");
  const text::Compiled compiled = compile_program(options);
  if (!options.dump.empty()) {
    fmt::print("{}", dump(options, compiled));
    return kSuccess;
  }
  warn_without_prediction(options, compiled);  // also where the task refuses such a prediction
  Setup setup = set_up(options, compiled.core);
  check_effect(options, setup.protocol);
  if (options.check) {
    fmt::print("{} fits {}\n", options.program, setup.info().name);
    return kSuccess;
  }
  if (options.simplify) return simplify_program(options, setup, compiled.core);
  return Runs(options, std::move(setup), compiled.core).run();
}

}  // namespace mlz::tools
