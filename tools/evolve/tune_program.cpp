#include "tools/evolve/tune_program.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "evolve/param_search.hpp"
#include "evolve/run_folder.hpp"
#include "lang/core/diagnostics.hpp"
#include "tools/evolve/tune_display.hpp"
#include "tools/evolve/tune_report.hpp"
#include "tools/support/files.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/program_setup.hpp"

namespace mlz::tools {
namespace {

constexpr std::uintmax_t kMostModelBytes = std::uintmax_t{16} << 30;

using evolve::ParamOutcome;
using Json = nlohmann::ordered_json;

/// One search for params with its folder and display.
class TuneRun : public evolve::Listener {
 public:
  explicit TuneRun(const EvolveOptions& options)
      : config_(options.config), search_(config_, *this, interrupted()),
        display_(options.quiet ? ProgressDisplay::Mode::off : ProgressDisplay::mode_for_stderr(), config_) {
    if (!config_.load.empty()) load();
    if (!options.resume.empty()) {
      search_.restore(evolve::RunFolder::load(options.resume).state);  // may refuse, before the folder is touched
      folder_.emplace(evolve::RunFolder::reopen(options.resume, config_));
      evolve::SearchState state = folder_->checkpoint()->state;
      state.seconds = folder_->seconds();
      folder_->read_logs([this](const std::string& line) { report_.log(line); }, [](const std::string&) {});
      search_.restore(state);
    } else if (!options.out.empty()) {
      folder_.emplace(evolve::RunFolder::create(options.out, config_));
    }
  }

  ParamOutcome run();
  std::string progress_svg() const { return report_.progress_svg(title()); }

  void log(const std::string& line) override {
    report_.log(line);
    display_.log(line);
    if (folder_) folder_->log(line);
  }
  bool tick(const evolve::SearchState& sketch, double best) override;
  void save(const evolve::SearchState& state) override;

 private:
  using Clock = std::chrono::steady_clock;
  evolve::Config config_;
  evolve::ParamSearch search_;
  std::optional<evolve::RunFolder> folder_;
  TuneDisplay display_;
  TuneReport report_;
  Clock::time_point last_save_ = Clock::now();

  std::string title() const {
    return fmt::format("Params by {} on {}, seed {}", config_.tune, search_.task_names(), config_.seed);
  }
  void load();
  void write_result(const std::optional<evolve::Worth>& worth, const char* problems) const;
};

void TuneRun::load() {
  const TensorFile file = from_safetensors(read_file(config_.load, kMostModelBytes), config_.load);
  search_.load_params([&](const vm::BoundProgram& program) {
    check_not_set(evolve::program_settings(config_.program_set), config_.load, program);
    return take_model(file, config_.load, program).params;
  });
}

bool TuneRun::tick(const evolve::SearchState& sketch, double best) {
  display_.update(sketch, best);
  if (!folder_ || std::chrono::duration<double>(Clock::now() - last_save_).count() < config_.checkpoint_interval) {
    return false;
  }
  last_save_ = Clock::now();
  return true;
}

void TuneRun::save(const evolve::SearchState& state) {
  if (!folder_) return;
  write_result(search_.held_out(), "select");
  folder_->save(state);
  Json json{{"evaluations", state.total.evaluations}, {"seconds", state.seconds}};
  folder_->timing(json.dump());
}

/// The program, and its params with what they come from. `problems` says on which ones they are worth that.
void TuneRun::write_result(const std::optional<evolve::Worth>& worth, const char* problems) const {
  const std::string hash = program_hash(search_.program());
  const std::string command = evolve::command_of(config_);
  const std::string head =
      fmt::format("# {}\n# task: {}\n# seed: {}\n# params by: {}\n# they are in best.safetensors, for --load\n",
                  version_text(), search_.task_names(), config_.seed, command);
  folder_->write("best.mlz", head + print(search_.program()));
  TensorFile file = params_file(search_.evaluator().program(), search_.evaluator().split(search_.params()));
  file.metadata = {{"format", "mlz"},
                   {"version", version_text()},
                   {"program", config_.init},
                   {"program_hash", hash},
                   {"task", search_.task_names()},
                   {"protocol", search_.protocols()},
                   {"seed", fmt::format("{}", config_.seed)},
                   {"dtype", vm::dtype_name(search_.dtype())},
                   {"generation", fmt::format("{}", search_.generation())},
                   {"command", command}};
  if (worth) {
    file.metadata["score"] = fmt::format("{}", worth->score);
    if (worth->loss) file.metadata["loss"] = fmt::format("{}", *worth->loss);
    file.metadata["score_of"] = fmt::format("{} problems", problems);
  }
  folder_->write("best.safetensors", to_safetensors(file, vm::DType::f64));
}

/// Score and loss under two names; null where they were not taken.
void add_worth(Json& json, const std::string& name, const std::optional<evolve::Worth>& worth) {
  json[name] = worth ? Json(worth->score) : Json();
  if (worth && worth->loss) json[name + "_loss"] = *worth->loss;
}

ParamOutcome TuneRun::run() {
  const ParamOutcome outcome = search_.run();
  display_.clear();
  if (!folder_) return outcome;
  if (outcome.final) write_result(outcome.final, "final");
  Json json{{"event", "end"}, {"stop", stop_reason_text(outcome.stop)}, {"evaluations", outcome.total.evaluations}};
  add_worth(json, "held_out", outcome.held_out);
  add_worth(json, "final", outcome.final);
  folder_->log(json.dump());
  folder_->write("report.html", report_.html(title(), config_, outcome, print(search_.program())));
  return outcome;
}

void report(const ParamOutcome& o) {
  const auto score = [](const std::optional<evolve::Worth>& worth) -> std::string {
    if (!worth) return "not taken";
    return fmt::format("{:.6f}{}", worth->score, worth->loss ? fmt::format(", loss {:.6f}", *worth->loss) : "");
  };
  fmt::print("stop        {}\n", stop_reason_text(o.stop));
  fmt::print("generations {}, {} candidates, {} training steps, {:.1f} s\n", o.total.generations, o.total.evaluations,
             o.total.train_steps, o.seconds);
  fmt::print("params      {}\nheld-out    {}\nfinal       {}\n", o.params.size(), score(o.held_out), score(o.final));
}

Json json_of(const ParamOutcome& o) {
  Json json{{"generations", o.total.generations},
          {"evaluations", o.total.evaluations},
          {"seconds", o.seconds},
          {"evaluations_per_second", o.seconds > 0 ? static_cast<double>(o.total.evaluations) / o.seconds : 0},
          {"train_steps", o.total.train_steps},
          {"params", o.params.size()},
          {"stop", stop_reason_text(o.stop)}};
  add_worth(json, "held_out", o.held_out);
  add_worth(json, "final", o.final);
  return json;
}

}  // namespace

int tune_program(const EvolveOptions& options) {
  if (options.baseline) {
    throw InputError("--baseline compares programs; with --tune, compare with a run of --tune random");
  }
  TuneRun run(options);
  const ParamOutcome outcome = run.run();
  report(outcome);
  if (!options.plot.empty()) write_file(options.plot, run.progress_svg());
  if (options.json) fmt::print("{}\n", json_of(outcome).dump());
  return interrupted() ? kRunFailed : kSuccess;
}

}  // namespace mlz::tools
