#include <CLI/CLI.hpp>

#include "tools/golden/golden.hpp"
#include "tools/support/arguments.hpp"
#include "tools/support/program_main.hpp"

namespace {

int run(int argc, char** argv) {
  mlz::golden::Options options;
  std::string dtype = "f64";
  CLI::App app{
      "Runs recorded cases and compares every number: of AutoML-Zero (tasks.jsonl, programs.jsonl, "
      "ops.jsonl), of learners, and of the worlds of control tasks (*.json, by their \"kind\").",
      "mlzgolden"};
  app.set_version_flag("--version", mlz::tools::version_text());
  app.footer(
      "\nexample:\n  mlzgolden tests/golden --engine dense\n\n"
      "exit codes: 0 no case failed, 1 some failed, 2 bad usage or an unreadable folder");
  app.add_option("folders", options.folders, "folders with cases, searched with all below them")
      ->required();
  app.add_option("--engine", options.engine, "what executes the programs")->capture_default_str();
  app.add_option("--dtype", dtype, "number type")
      ->check(CLI::IsMember({"f64", "f32"}))
      ->capture_default_str();
  app.add_flag("--all", options.all, "also run cases marked as sensitive to rounding");
  int exit_code = mlz::tools::kSuccess;
  if (!mlz::tools::parse_arguments(app, argc, argv, exit_code)) return exit_code;
  options.dtype = dtype == "f32" ? mlz::vm::DType::f32 : mlz::vm::DType::f64;
  return mlz::golden::run(options).failed == 0 ? mlz::tools::kSuccess : mlz::tools::kRunFailed;
}

}  // namespace

int main(int argc, char** argv) {
  return mlz::tools::guarded([&] { return run(argc, argv); });
}
