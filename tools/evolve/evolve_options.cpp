#include "tools/evolve/evolve_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include "evolve/run_folder.hpp"
#include "lang/core/diagnostics.hpp"
#include "tools/support/arguments.hpp"
#include "tools/support/files.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

constexpr std::uintmax_t kLargestConfig = 1 << 20;

constexpr const char* kExamples = R"(
examples:
  mlzevolve --preset automl-zero-demo                     rediscovers linear regression
  mlzevolve --preset automl-zero-demo --seed 7 --out runs/demo
  mlzevolve --resume runs/demo                            goes on where it stopped
  mlzevolve --preset automl-zero-demo --print-config > mine.conf
  mlzevolve --config mine.conf --population 500 --threads 2 --timelimit 60
  mlzevolve --preset automl-zero-linear --baseline random --evaluations 100000
  mlzevolve --preset program --init mine.mlz --task digits --set hidden=16 --evaluations 500
  mlzevolve --preset fme --out runs/fme && mlzevolve --compare FME=runs/fme --plot fme.svg
  mlzevolve --tune es --init stdlib/vsml.mlz --task digits --generations 100 --out runs/vsml

exit codes: 0 success, 1 the search failed or was interrupted, 2 bad usage or bad input)";

/// Where the command line puts what it reads, before it becomes a configuration.
struct Given {
  std::string preset, config_file, baseline;
  std::vector<std::string> set;
  std::deque<std::pair<std::string, std::string>> fields;
};

void add_fields(CLI::App& app, Given& given) {
  const evolve::Config defaults;
  for (const evolve::ConfigField& field : evolve::config_fields()) {
    if (field.name == "preset") continue;
    const auto take = [&given, name = field.name](const std::string& value) { given.fields.emplace_back(name, value); };
    const std::string value = evolve::field_text(defaults, field);
    const bool truth = std::holds_alternative<bool evolve::Config::*>(field.member);
    CLI::Option* option =
        truth ? app.add_flag_function(
                    "--" + field.name + ",!--no-" + field.name,
                    [take](std::int64_t count) { take(count > 0 ? "true" : "false"); }, field.meaning)
              : app.add_option_function<std::string>("--" + field.name, take, field.meaning)->type_name("");
    option->group(field.group);
    if (!truth && !value.empty()) option->default_str(value);
    if (!truth) option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

void add_own(CLI::App& app, EvolveOptions& o, Given& given) {
  app.add_option("--preset", given.preset, "a named configuration; see --list-presets")->type_name("NAME");
  app.add_option("--config", given.config_file, "file of settings: lines `name = value`, or a config.json")
      ->type_name("FILE");
  app.add_option("--set", given.set, "one setting, or a size, const or param of the program of --init; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--out", o.out, "new folder for logs, programs and checkpoints")->type_name("DIR");
  app.add_option("--resume", o.resume, "go on with the run in that folder")->type_name("DIR");
  app.add_option("--plot", o.plot, "draw the progress as SVG")->type_name("FILE");
  app.add_option("--baseline", given.baseline, "afterwards tries as many random programs and compares")
      ->check(CLI::IsMember({"random"}))
      ->type_name("random");
  app.add_option("--compare", o.compare,
                 "show runs of --tune side by side, with --plot as curves; the mean over folders; may be repeated")
      ->type_name("NAME=DIR,...")
      ->allow_extra_args(false)
      ->group("Lists");
  app.add_option("--compare-by", o.compare_by,
                 "what --plot draws: scores on the select problems, or of the runs of the search")
      ->check(CLI::IsMember({"held-out", "runs"}))
      ->capture_default_str()
      ->type_name("")
      ->group("Lists");
  app.add_flag("--quiet", o.quiet, "no progress");
  app.add_flag("--json", o.json, "the result as one JSON object on the last line");
  app.add_flag("--list-presets", o.list_presets, "the presets")->group("Lists");
  app.add_flag("--list-mutations", o.list_mutations, "the mutations")->group("Lists");
  app.add_flag("--list-ops", o.list_ops, "the operations by number")->group("Lists");
  app.add_flag("--list-tasks", o.list_tasks, "the tasks with their options")->group("Lists");
  app.add_flag("--print-config", o.print_config, "the settings a search would have, as a config file")->group("Lists");
}

bool is_field(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  const auto& fields = evolve::config_fields();
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.name == name; });
}

/// A setting of the search, or else one of the program it starts from.
void apply_set(evolve::Config& config, const std::string& text, bool has_program) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw InputError(fmt::format("--set {}: must be NAME=VALUE", text));
  const std::string name = text.substr(0, equals);
  if (is_field(name) || !has_program) return evolve::set_field(config, name, text.substr(equals + 1), "--set");
  config.program_set += (config.program_set.empty() ? "" : "; ") + text;
}

void make_config(const Given& given, EvolveOptions& o) {
  if (!o.resume.empty()) {
    if (!o.out.empty()) throw InputError("--resume goes on in its own folder; leave --out away");
    o.config = evolve::RunFolder::load(o.resume).config;
  }
  if (!given.preset.empty()) evolve::set_field(o.config, "preset", given.preset, "--preset");
  if (!given.config_file.empty()) {
    evolve::apply_config(o.config, read_file(given.config_file, kLargestConfig), given.config_file);
  }
  for (const auto& [name, value] : given.fields) o.given.insert(name);
  const bool has_program = !o.config.init.empty() || o.given.contains("init");
  for (const std::string& text : given.set) apply_set(o.config, text, has_program);
  for (const auto& [name, value] : given.fields) evolve::set_field(o.config, name, value, "--" + name);
  o.baseline = !given.baseline.empty();
}

}  // namespace

std::optional<EvolveOptions> parse_evolve_options(int argc, const char* const* argv, int& exit_code) {
  CLI::App app("Searches for learning programs", "mlzevolve");
  EvolveOptions options;
  Given given;
  app.footer(kExamples);
  app.set_version_flag("--version", version_text());
  add_own(app, options, given);
  add_fields(app, given);
  if (!parse_arguments(app, argc, argv, exit_code)) return {};
  const bool lists = options.list_presets || options.list_mutations || options.list_ops || options.list_tasks ||
                     !options.compare.empty();
  if (!lists && argc < 2) {
    fmt::print(stderr, "mlzevolve: nothing was asked for; try --preset automl-zero-demo, or --help\n");
    exit_code = kBadInput;
    return {};
  }
  if (!lists) make_config(given, options);
  return options;
}

}  // namespace mlz::tools
