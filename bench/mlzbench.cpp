#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "bench/report.hpp"
#include "bench/session.hpp"
#include "lang/core/diagnostics.hpp"
#include "tools/support/arguments.hpp"
#include "tools/support/files.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::bench {
namespace {

constexpr const char* kNotes = R"(
Each row is measured in one process: in every repetition all contenders have their turn. Times are medians; "x NAME" is
the median of how many times longer NAME takes than the fastest form of mlz.

  mlzbench                              everything
  mlzbench --only linear --json out.json
  mlzbench --only programs --peer ./other-evaluator     see docs/benchmarks.md

exit codes: 0 success, 1 a contender failed or computed something else, 2 bad usage)";

std::string known_names() {
  std::string names;
  for (const Bench& bench : benches()) names += fmt::format(" {}", bench.name);
  return names;
}

void list() {
  for (const Bench& bench : benches()) fmt::print("{:<10} {}\n", bench.name, bench.meaning);
}

bool known(const std::string& name) {
  return std::any_of(benches().begin(), benches().end(), [&](const Bench& bench) { return bench.name == name; });
}

/// Nothing when the command line was dealt with, `exit_code` says how.
std::optional<Settings> parse(int argc, char** argv, int& exit_code) {
  Settings s;
  bool only_list = false;
  CLI::App app("Measures mlz against other ways to do the same, and prints ratios.", "mlzbench");
  app.footer(kNotes);
  app.add_option("--only", s.only, "one group of rows")->type_name("NAME");
  app.add_option("--json", s.json, "write the figures to a file")->type_name("FILE");
  app.add_option("--seconds", s.effort.seconds, "time for each row")->check(CLI::Range(0.0, 3600.0))->capture_default_str();
  app.add_option("--repetitions", s.effort.repetitions, "of each row")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--data", s.data, "folder of data sets, as for mlzrun")->type_name("DIR");
  app.add_option("--peer", s.peer, "command of another evaluator")->type_name("COMMAND");
  app.add_flag("--quick", s.quick, "little work in each row: shows that all run, not how fast");
  app.add_flag("--list", only_list, "names and meanings of the groups");
  if (!tools::parse_arguments(app, argc, argv, exit_code)) return std::nullopt;
  if (!s.only.empty() && !known(s.only)) {
    throw InputError(fmt::format("there is no group `{}`; there are{}", s.only, known_names()));
  }
  if (only_list) return list(), std::nullopt;
  return s;
}

int run(const Settings& settings, const std::string& command) {
  Session session(settings);
  if (!settings.json.empty()) tools::write_file(settings.json, to_json({}, command));
  for (const Bench& bench : benches()) {
    if (!settings.only.empty() && settings.only != bench.name) continue;
    session.begin(bench.name);
    bench.run(session);
  }
  if (!settings.json.empty()) tools::write_file(settings.json, to_json(session.rows(), command));
  return tools::kSuccess;
}

}  // namespace
}  // namespace mlz::bench

int main(int argc, char** argv) {
  return mlz::tools::guarded([&] {
    int exit_code = mlz::tools::kSuccess;
    const auto settings = mlz::bench::parse(argc, argv, exit_code);
    std::string command = "mlzbench";
    for (int k = 1; k < argc; ++k) command += std::string(" ") + argv[k];
    return settings ? mlz::bench::run(*settings, command) : exit_code;
  });
}
