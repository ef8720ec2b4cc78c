#include "tools/support/run_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>

#include "lang/core/diagnostics.hpp"
#include "tools/support/arguments.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

constexpr const char* kExamples = R"(
examples:
  mlzrun stdlib/mlp.mlz                                   the built-in digits, no data needed
  mlzrun stdlib/mlp.mlz --task fashion_mnist --plot curve.svg
  mlzrun mine.mlz --task linear:features=8 --runs 10      mean and deviation over ten seeds
  mlzrun mine.mlz --set hidden=64 --set rate=0.01 --epochs 2
  mlzrun stdlib/mlp.mlz --save net.safetensors
  mlzrun stdlib/mlp.mlz --load net.safetensors --epochs 0  scores a trained network
  mlzrun mine.mlz --dump=core                             shows how a program is understood
  mlzrun --matrix examples/learners.matrix                some learners on some tasks

exit codes: 0 success, 1 the run failed or was interrupted, 2 bad usage or bad input)";

/// What belongs to one learner.
void add_learner(CLI::App& app, RunOptions& o, std::vector<std::string>& settings) {
  app.add_option("program", o.program,
                 "program file; stdlib/NAME.mlz may also be one that is built in")
      ->type_name("PROGRAM");
  app.add_option("--epochs", o.epochs,
                 "passes over the training examples; 0 only scores (default: the task's)")
      ->type_name("N")
      ->check(CLI::Range(0, 1000000));
  app.add_option("--set", settings,
                 "new value of a size, const or scalar param of the program; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--path", o.path, "further folder to look for imports; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--protocol", o.protocol,
                 "how examples are shown and scored (default: the task's)")
      ->check(CLI::IsMember({"automl", "stream", "control"}))
      ->type_name("automl|stream|control");
  app.add_option("--engine", o.engine, "what executes the program")
      ->type_name("auto|NAME")
      ->capture_default_str();
  app.add_option("--dtype", o.dtype, "number type (default: f64 under automl, else f32)")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->type_name("f32|f64");
  app.add_option("--steps", o.steps, "end each run after so many training steps")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 60))
      ->group("Limits");
  app.add_option("--max-memory", o.max_memory_mib, "for the registers of a program, in MiB")
      ->type_name("MIB")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24))
      ->capture_default_str()
      ->group("Limits");
  app.add_option("--max-error", o.max_abs_error, "automl: training stops above this absolute error")
      ->type_name("E")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group("Limits");
  app.add_flag("--ignore-nonfinite", o.ignore_non_finite,
               "stream: count NaN and infinite predictions as wrong and go on")
      ->group("Limits");
  app.add_option("--load", o.load, "start from params, and state after Setup, of such a file")
      ->type_name("FILE.safetensors")
      ->group("Output");
}

void add_run_options(CLI::App& app, RunOptions& o) {
  app.add_option("--task", o.task, "what to learn, as NAME or NAME:key=value,...; see --list-tasks")
      ->type_name("NAME[:OPTIONS]")
      ->capture_default_str();
  app.add_option("--data", o.data, "folder with the data of tasks that need files")
      ->type_name("DIR");
  app.add_option("--seed", o.seed, "of everything random")
      ->type_name("N")
      ->check([](const std::string& text) {
        return std::string(text.starts_with('-') ? "must be a whole number from 0 up, not " + text : "");
      })
      ->capture_default_str();
  app.add_option("--runs", o.runs, "runs with seeds SEED, SEED+1, ...; shows mean and deviation")
      ->type_name("N")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
}

void add_matrix(CLI::App& app, RunOptions& o) {
  app.add_option("--matrix", o.matrix,
                 "run every learner of this file on every task of it; the file has a line for each")
      ->type_name("FILE")
      ->group("Comparison");
}

void add_limits(CLI::App& app, RunOptions& o) {
  app.add_option("--timelimit", o.time_limit, "end training after so many seconds in all")
      ->type_name("SECONDS")
      ->check(CLI::Range(1e-3, 1e9))
      ->group("Limits");
}

void add_output(CLI::App& app, RunOptions& o) {
  app.add_option("--curve", o.curve, "write the learning curve as a table")
      ->type_name("FILE.csv")
      ->group("Output");
  app.add_option("--at", o.at,
                 "stream: also show the score at these numbers of training examples (default: the task's)")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 60))
      ->group("Output");
  app.add_option("--window", o.window, "of --at: over so many of the last predictions")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24))
      ->capture_default_str()
      ->group("Output");
  app.add_option("--plot", o.plot, "draw the learning curve")
      ->type_name("FILE.svg")
      ->group("Output");
  app.add_option("--save", o.save, "write params and final state of the last run")
      ->type_name("FILE.safetensors")
      ->group("Output");
  app.add_option("--results", o.results, "matrix: write all scores as JSON")
      ->type_name("FILE.json")
      ->group("Output");
  app.add_flag("--json", o.json, "the last line of output is one JSON object")->group("Output");
  app.add_flag("--quiet,-q", o.quiet, "no progress")->group("Output");
  app.add_flag("--trace", o.trace, "find the first NaN or infinity (reference engine, f64, slow)")
      ->group("Output");
  app.add_option("--probe", o.probe,
                 "show these registers as the run goes: the value of a scalar; else mean, deviation and norm of the entries")
      ->type_name("REGISTER,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Output");
  app.add_option("--probe-every", o.probe_every, "of --probe: after every so many steps")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 60))
      ->capture_default_str()
      ->group("Output");
  app.add_option("--probe-file", o.probe_file, "of --probe: write them as a table in the place of printing them")
      ->type_name("FILE.csv")
      ->group("Output");
  app.add_option("--dump", o.dump, "print a stage of the program instead of running it")
      ->check(CLI::IsMember({"ast", "typed", "core", "bound", "code", "adjoint"}))
      ->type_name("ast|typed|core|bound|code|adjoint")
      ->group("Output");
  app.add_flag("--check", o.check, "only check that program, task and data fit together")
      ->group("Output");
  app.add_flag("--list-ops", o.list_ops, "the operations of the language")->group("Information");
  app.add_flag("--list-tasks", o.list_tasks, "the tasks and their options")->group("Information");
}

void add_simplify(CLI::App& app, RunOptions& o) {
  app.add_flag("--simplify", o.simplify,
               "print the program in readable form: dead lines gone, infix, the same scores")
      ->group("Simplification");
  app.add_flag("--ablate", o.ablate,
               "with --simplify: leave out every line, and digits, that the score does not need")
      ->group("Simplification");
  app.add_option("--tune", o.tune, "with --simplify: so many trials of other constants")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->group("Simplification");
}

void take_settings(const std::vector<std::string>& settings, RunOptions& options) {
  for (const std::string& text : settings) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError(fmt::format("--set {}: expected name=value, as in --set hidden=64", text));
    }
    options.set[text.substr(0, equals)] = text.substr(equals + 1);
  }
}

/// A matrix takes few options; the others stand in its lines.
void check_matrix(const RunOptions& o) {
  const std::set<std::string> allowed{"--matrix", "--data", "--runs",    "--seed", "--at",
                                      "--window", "--plot", "--results", "--json", "--quiet"};
  for (const std::string& name : o.given) {
    if (allowed.contains(name)) continue;
    throw InputError(
        fmt::format("{} has no place beside --matrix; programs and their options stand in the learner lines "
                    "of {}, tasks in its task lines",
                    name, o.matrix));
  }
  if (!o.plot.empty() && o.plot == o.results)
    throw InputError(fmt::format("{}: two outputs would go to this file", o.plot));
}

void check_probe(const RunOptions& o) {
  if (o.probe.empty() && (o.given.contains("--probe-every") || o.given.contains("--probe-file"))) {
    throw InputError("--probe-every and --probe-file belong to --probe, which names the registers; add it");
  }
  if (o.probe.empty()) return;
  if (o.trace) throw InputError("--probe and --trace each watch a run of their own; leave one of them out");
  if (o.simplify) throw InputError("--probe looks at a run, and --simplify prints a program; leave one of them out");
}

/// A command that needs no program, or has one, and options that go together.
void check_combination(const RunOptions& o) {
  if (o.list_ops || o.list_tasks) return;
  if (!o.matrix.empty()) return check_matrix(o);
  if (!o.results.empty()) throw InputError("--results belongs to --matrix; --json prints the scores of a run");
  if (o.program.empty()) {
    throw InputError(
        "mlzrun: which program? As in: mlzrun stdlib/mlp.mlz --task digits (mlzrun --help shows "
        "more)");
  }
  if ((o.ablate || o.tune > 0) && !o.simplify) {
    throw InputError("--ablate and --tune belong to --simplify; add it");
  }
  if (o.trace && o.dtype == "f32")
    throw InputError("--trace computes in f64; leave out --dtype f32");
  if (o.trace && o.engine != "auto" && o.engine != "reference") {
    throw InputError(
        fmt::format("--trace runs on the reference engine; leave out --engine {}", o.engine));
  }
  if (o.seed > std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(o.runs)) {
    throw InputError(fmt::format("--seed {}: too large for {} runs", o.seed, o.runs));
  }
  check_probe(o);
  const std::array<const std::string*, 4> outputs{&o.curve, &o.plot, &o.save, &o.probe_file};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!outputs[i]->empty() && *outputs[i] == *outputs[j]) {
        throw InputError(fmt::format("{}: two outputs would go to this file", *outputs[i]));
      }
    }
  }
}

}  // namespace

std::optional<RunOptions> parse_run_options(int argc, const char* const* argv, int& exit_code) {
  RunOptions options;
  std::vector<std::string> settings;
  CLI::App app{"Runs a learning program on a task and shows how well it learns.", "mlzrun"};
  app.set_version_flag("--version", version_text());
  app.footer(kExamples);
  add_run_options(app, options);
  add_learner(app, options, settings);
  add_limits(app, options);
  add_output(app, options);
  add_simplify(app, options);
  add_matrix(app, options);
  if (!parse_arguments(app, argc, argv, exit_code)) return std::nullopt;
  take_settings(settings, options);
  for (const CLI::Option* option : app.get_options())
    if (option->count() > 0) options.given.insert(option->get_name());
  check_combination(options);
  return options;
}

RunOptions learner_options(const std::vector<std::string>& words) {
  RunOptions options;
  std::vector<std::string> settings, last_first(words.rbegin(), words.rend());
  CLI::App app{"", "learner"};
  app.set_help_flag();
  add_learner(app, options, settings);
  try {
    app.parse(last_first);
  } catch (const CLI::ParseError& error) {
    throw InputError(error.what());
  }
  take_settings(settings, options);
  if (options.program.empty()) throw InputError("which program? Write NAME = PROGRAM and its options");
  return options;
}

std::string shell_word(const std::string& word) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string command_line(const RunOptions& o) {
  std::string line = fmt::format("mlzrun {} --task {}", shell_word(o.program), shell_word(o.task));
  const auto add = [&](bool present, const std::string& text) {
    if (present) line += " " + text;
  };
  add(!o.data.empty(), "--data " + shell_word(o.data));
  add(!o.protocol.empty(), "--protocol " + o.protocol);
  add(true, "--engine " + shell_word(o.engine));
  add(!o.dtype.empty(), "--dtype " + o.dtype);
  for (const auto& [name, value] : o.set) add(true, "--set " + shell_word(name + "=" + value));
  for (const auto& folder : o.path) add(true, "--path " + shell_word(folder));
  add(o.epochs >= 0, fmt::format("--epochs {}", o.epochs));
  add(o.steps > 0, fmt::format("--steps {}", o.steps));
  add(o.time_limit > 0, fmt::format("--timelimit {}", o.time_limit));
  add(o.max_abs_error != 100, fmt::format("--max-error {}", o.max_abs_error));
  add(o.ignore_non_finite, "--ignore-nonfinite");
  add(!o.at.empty(), fmt::format("--at {}", fmt::join(o.at, ",")));
  add(o.window != 100, fmt::format("--window {}", o.window));
  add(!o.load.empty(), "--load " + shell_word(o.load));
  add(o.runs > 1, fmt::format("--runs {}", o.runs));
  add(true, fmt::format("--seed {}", o.seed));
  return line;
}

}  // namespace mlz::tools
