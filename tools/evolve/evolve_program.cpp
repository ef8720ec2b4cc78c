#include "tools/evolve/evolve_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evolve/numbered/mutations.hpp"
#include "evolve/run_folder.hpp"
#include "lang/core/diagnostics.hpp"
#include "tasks/task.hpp"
#include "tools/evolve/compare_runs.hpp"
#include "tools/evolve/search_display.hpp"
#include "tools/evolve/search_report.hpp"
#include "tools/evolve/tune_program.hpp"
#include "tools/support/files.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/run_options.hpp"

namespace mlz::tools {
namespace {

constexpr std::uintmax_t kMostModelBytes = std::uintmax_t{16} << 30;

using evolve::Champion;
using evolve::Config;
using evolve::Outcome;
using Json = nlohmann::ordered_json;

/// One search with its folder and display.
class Run : public evolve::Listener {
 public:
  Run(const EvolveOptions& options, const Config& config, const std::string& out)
      : config_(config),
        search_(config_, *this),
        display_(options.quiet ? ProgressDisplay::Mode::off : ProgressDisplay::mode_for_stderr(), config_) {
    if (options.given.contains("max-error")) check_max_error();
    if (!config_.load.empty()) load_params();
    if (!options.resume.empty()) {
      folder_.emplace(evolve::RunFolder::reopen(options.resume, config_));
      evolve::SearchState state = folder_->checkpoint()->state;
      state.seconds = folder_->seconds();
      best_ = state.best;
      folder_->read_logs([this](const std::string& line) { report_.log(line); },
                         [this](const std::string& line) { report_.lineage(line); });
      search_.restore(state);
    } else if (!out.empty()) {
      folder_.emplace(evolve::RunFolder::create(out, config_));
    }
  }

  Outcome run() {
    const Outcome outcome = search_.run(interrupted());
    display_.clear();
    if (!outcome.best.text.empty()) {
      if (folder_) write_best(outcome.best, header(outcome));
      simplify(outcome);
    }
    if (folder_) finish(outcome);
    return outcome;
  }

  /// After run(): puts what as many random programs reached into the page about the run.
  void compare_with(const Outcome& random) {
    page_.baseline = Baseline{random.total.evaluations, random.total.train_steps, random.best.search, random.best.select,
                              random.final};
    if (folder_) folder_->write("report.html", report_.html(page_));
  }

  /// After run(): the best program for people to read.
  const std::string& readable() const { return readable_; }
  std::string progress_svg() const { return to_svg(report_.progress(title())); }

  /// Comment lines with what the score of a program depends on, `file` being its name in the folder.
  std::string header(const Champion& c, const std::string& file) const;
  std::string header(const Outcome& o) const;

  void log(const std::string& line) override {
    report_.log(line);
    if (folder_) folder_->log(line);
  }
  void lineage(const std::string& line) override {
    report_.lineage(line);
    if (folder_) folder_->lineage(line);
  }
  void experiment_ended(const Champion& best) override {
    display_.experiment(best);
    if (!folder_) return;
    const std::string name = fmt::format("programs/experiment-{:04}.mlz", best.experiment + 1);
    folder_->write(name, header(best, name) + best.text);
    if (best.select >= best_.select) best_ = best;
  }
  bool tick(const evolve::SearchState& state, double best) override {
    display_.update(state, best);
    if (!folder_ || std::chrono::duration<double>(Clock::now() - last_save_).count() < config_.checkpoint_interval) {
      return false;
    }
    last_save_ = Clock::now();
    return true;
  }
  void save(const evolve::SearchState& state) override {
    if (!folder_) return;
    folder_->write_front(state.front, [this](const Champion& c, const std::string& file) { return header(c, file); });
    const Champion& best = best_.text.empty() ? state.peak : best_;
    if (!best.text.empty()) write_best(best, header(best, "best.mlz"));
    folder_->save(state);
    Json json{{"evaluations", state.total.evaluations}, {"seconds", state.seconds}, {"duplicates", state.total.duplicates}};
    folder_->timing(json.dump());
  }

 private:
  using Clock = std::chrono::steady_clock;
  Config config_;
  evolve::Search search_;
  std::optional<evolve::RunFolder> folder_;
  SearchDisplay display_;
  SearchReport report_;
  Champion best_;
  std::string readable_;
  ReportPage page_;
  Clock::time_point last_save_ = Clock::now();

  std::string origin(const Champion& c) const;
  std::string score_again(const Champion& c, const std::string& file, const std::string& text) const;
  std::string found_by(const Champion& c) const;
  void check_max_error() const;
  void load_params();
  void write_best(const Champion& best, const std::string& head) const;
  void finish(const Outcome& outcome);
  void simplify(const Outcome& outcome);
  std::string readable_header(const Outcome& o, const evolve::Simplified& s) const;
  std::string title() const { return fmt::format("Search on {}, seed {}", search_.task_name(), config_.seed); }
};

/// Whether a text still declares every param that was found; what nothing reads goes from the readable form.
bool declares_all(const std::string& text, const evolve::Search::Found& found) {
  return std::ranges::all_of(found.program.params, [&](const vm::BoundProgram::Param& param) {
    const std::string& member = found.program.registers[param.id].name;
    const std::string name = "param " + member.substr(0, member.find('['));
    return text.find(name + " :") != std::string::npos || text.find(name + "[") != std::string::npos;
  });
}

std::string Run::header(const Champion& c, const std::string& file) const {
  std::string out = origin(c) + fmt::format("# score: {} ({} over the problems)\n", c.search, config_.combine);
  out += score_again(c, file, c.text);
  if (c.select >= 0) out += fmt::format("# select score: {}\n", c.select);
  if (config_.tune_inside > 0) out += "# params: those of best.mlz are in best.safetensors, for --load\n";
  return out + found_by(c);
}

std::string Run::header(const Outcome& o) const {
  return header(o.best, "best.mlz") + fmt::format("# final score: {} (seed {})\n", o.final, o.final_seed);
}

/// The problems that a program was scored on, and how.
std::string Run::origin(const Champion& c) const {
  const evolve::RunSetting run = search_.setting();
  return fmt::format("# {}\n# task: {}\n# problems: 0 to {}\n# protocol: {}\n# seed: {}\n# dtype: {}\n# engine: {}\n",
                     version_text(), search_.task_name(), config_.tasks - 1, eval::protocol_name(run.protocol),
                     search_.search_seed(c.experiment), vm::dtype_name(run.dtype), run.engine);
}

/// The command that gives the score of a file again, where there is one. Params tuned inside are in best.safetensors,
/// which takes every param of the program.
std::string Run::score_again(const Champion& c, const std::string& file, const std::string& text) const {
  if (config_.combine != "mean") return "";
  std::string load;
  if (config_.tune_inside > 0) {
    if (file.starts_with("programs/") || !declares_all(text, *search_.found(c.text))) return "";
    load = " --load best.safetensors";
  }
  return fmt::format("# score again: mlzrun --simplify {} --task {} --protocol {} --seed {} --runs {}{}\n", file,
                     shell_word(config_.task), eval::protocol_name(search_.setting().protocol),
                     search_.search_seed(c.experiment), config_.tasks, load);
}

std::string Run::found_by(const Champion& c) const {
  return fmt::format("# found by: {} (experiment {}, candidate {})\n", evolve::command_of(config_), c.experiment + 1, c.id);
}

void Run::check_max_error() const {
  const eval::Protocol protocol = search_.setting().protocol;
  if (protocol == eval::Protocol::automl) return;
  throw InputError(fmt::format("--max-error has no effect under the {} protocol: the size of an error ends no training here, as "
                               "it does with --protocol automl; leave it out",
                               eval::protocol_name(protocol)));
}

void Run::load_params() {
  const TensorFile file = from_safetensors(read_file(config_.load, kMostModelBytes), config_.load);
  search_.load_params([&](const vm::BoundProgram& program) {
    check_not_set(evolve::program_settings(config_.program_set), config_.load, program);
    return take_model(file, config_.load, program).params;
  });
}

void Run::write_best(const Champion& best, const std::string& head) const {
  folder_->write("best.mlz", head + best.text);
  const auto found = search_.found(best.text);
  if (!found) return;
  TensorFile file = params_file(found->program, found->params);
  file.metadata = {{"format", "mlz"},
                   {"version", version_text()},
                   {"program", config_.init},
                   {"task", search_.task_name()},
                   {"seed", fmt::format("{}", config_.seed)},
                   {"command", evolve::command_of(config_)},
                   {"score", fmt::format("{}", best.search)},
                   {"score_of", "search problems"}};
  folder_->write("best.safetensors", to_safetensors(file, vm::DType::f64));
}

void Run::finish(const Outcome& outcome) {
  page_ = {title(), evolve::command_of(config_), stop_reason_text(outcome.stop), outcome.best, outcome.final, readable_,
           outcome.front, outcome.total.evaluations, outcome.total.train_steps, {}};
  folder_->write("report.html", report_.html(page_));
  Json json{{"event", "end"}, {"stop", stop_reason_text(outcome.stop)}, {"evaluations", outcome.total.evaluations},
            {"best_search", outcome.best.search}, {"select", outcome.best.select}, {"final", outcome.final}};
  folder_->log(json.dump());
}

/// Whoever interrupts gets the program with all its live lines; whoever set a limit of time waits a tenth of it at most.
void Run::simplify(const Outcome& o) {
  const bool hurry = o.stop == evolve::StopReason::interrupted;
  const double seconds = o.stop == evolve::StopReason::time ? config_.timelimit / 10 : 0;
  const evolve::Simplified s = search_.simplify_best(
      o, {config_.ablate && !hurry, hurry ? 0 : config_.tune_constants, static_cast<std::uint64_t>(config_.seed),
          o.total.evaluations, seconds, &interrupted()});
  readable_ = fmt::format("# readable form: search score {}, select score {} on the first {}\n{}", s.after[0].fitness,
                          s.after[1].fitness, search_.select_problems_of_ablation(), s.text);
  if (folder_) folder_->write("best_readable.mlz", readable_header(o, s) + s.text);
}

/// What the readable form scores itself: it may do better than the program that it stands for.
std::string Run::readable_header(const Outcome& o, const evolve::Simplified& s) const {
  std::string out = origin(o.best) + "# readable form of: best.mlz\n";
  out += fmt::format("# score: {} ({} over the problems)\n", s.after[0].fitness, config_.combine);
  out += score_again(o.best, "best_readable.mlz", s.text);
  out += fmt::format("# select score: {} (on the first {} of the select problems)\n", s.after[1].fitness,
                     search_.select_problems_of_ablation());
  if (config_.tune_inside > 0) out += "# params: those of best.mlz are in best.safetensors, for --load\n";
  return out + found_by(o.best);
}

void report(const Outcome& o, const std::string& readable) {
  fmt::print("stop        {}\n", stop_reason_text(o.stop));
  fmt::print("programs    {} in {} experiment{}, {:.1f} s, {:.0f} per second\n", o.total.evaluations, o.experiments,
             o.experiments == 1 ? "" : "s", o.seconds,
             o.seconds > 0 ? static_cast<double>(o.total.evaluations) / o.seconds : 0);
  fmt::print("search      {:.6f}\nselect      {:.6f}\nfinal       {:.6f}\n\n{}", o.best.search, o.best.select, o.final,
             readable);
}

Json json_of(const Outcome& o) {
  return {{"evaluations", o.total.evaluations},
          {"seconds", o.seconds},
          {"evaluations_per_second", o.seconds > 0 ? static_cast<double>(o.total.evaluations) / o.seconds : 0},
          {"best_search", o.best.search},
          {"select", o.best.select},
          {"final", o.final},
          {"stop", stop_reason_text(o.stop)},
          {"program", o.best.text},
          {"experiment", o.best.experiment + 1},
          {"experiments", o.experiments},
          {"train_steps", o.total.train_steps},
          {"duplicates", o.total.duplicates}};
}

bool print_list(const EvolveOptions& o) {
  if (o.list_presets) fmt::print("{}", evolve::list_presets());
  if (o.list_mutations) fmt::print("{}", evolve::list_mutations());
  if (o.list_ops) fmt::print("{}", evolve::list_numbered_ops());
  if (o.list_tasks) fmt::print("{}", tasks::list_tasks());
  if (o.print_config) fmt::print("{}", evolve::to_text(o.config));
  return o.list_presets || o.list_mutations || o.list_ops || o.list_tasks || o.print_config;
}

/// As many random programs as the search tried, on the problems of its first experiment.
Outcome random_baseline(const EvolveOptions& options, const Outcome& evolution) {
  Config config = options.config;
  config.search = "random";
  if (config.start != "redrawn") config.start = "random";
  config.experiments = 1;
  config.islands = 1;
  config.experiment_generations = config.experiment_train_steps = 0;
  config.experiment_evaluations = static_cast<std::int64_t>(evolution.total.evaluations);
  config.generations = config.evaluations = config.train_steps = 0;
  config.timelimit = 0;
  EvolveOptions fresh = options;
  fresh.resume.clear();
  return Run(fresh, config, options.out.empty() ? "" : options.out + "/baseline").run();
}

/// Errors about a program that nobody named say where it comes from.
std::unique_ptr<Run> begin_run(const EvolveOptions& options) {
  const Config& config = options.config;
  try {
    return std::make_unique<Run>(options, config, options.out);
  } catch (const InputError& error) {
    const bool about_it = !config.init.empty() && std::string_view(error.what()).find(config.init) != std::string_view::npos;
    if (!about_it || options.given.contains("init") || config.preset.empty() || !options.resume.empty()) throw;
    throw InputError(fmt::format("{}\n  programs begin as {}, which --preset {} names; --init names another one", error.what(),
                                 config.init, config.preset));
  }
}

}  // namespace

int evolve_program(const EvolveOptions& options) {
  if (print_list(options)) return kSuccess;
  catch_interrupts();
  if (!options.plot.empty()) check_writable(options.plot, "--plot");
  if (!options.compare.empty()) return compare_runs(options);
  if (options.config.tune != "none") return tune_program(options);
  const auto begun = begin_run(options);
  Run& run = *begun;
  const Outcome outcome = run.run();
  report(outcome, run.readable());
  if (!options.plot.empty()) write_file(options.plot, run.progress_svg());
  Json json = json_of(outcome);
  if (options.baseline && !interrupted()) {
    const Outcome random = random_baseline(options, outcome);
    fmt::print("\nrandom programs, as many\nsearch      {:.6f}\nselect      {:.6f}\nfinal       {:.6f}\n", random.best.search,
               random.best.select, random.final);
    json["baseline"] = json_of(random);
    run.compare_with(random);
  }
  if (options.json) fmt::print("{}\n", json.dump());
  return interrupted() ? kRunFailed : kSuccess;
}

}  // namespace mlz::tools
