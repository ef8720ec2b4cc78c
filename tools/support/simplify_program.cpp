#include "tools/support/simplify_program.hpp"

#include <fmt/format.h>

#include "evolve/simplify/simplify.hpp"
#include "tools/support/files.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

constexpr std::uintmax_t kMostModelBytes = std::uintmax_t{16} << 30;

std::string score_line(const evolve::Simplified& s) {
  const double before = s.before.front().fitness, after = s.after.front().fitness;
  return before == after ? fmt::format("# score: {}\n", after)
                         : fmt::format("# score: {} (before: {})\n", after, before);
}

}  // namespace

int simplify_program(const RunOptions& options, const Setup& setup, const CoreProgram& core) {
  evolve::RunSetting run;
  run.protocol = setup.protocol;
  run.dtype = setup.dtype;
  run.engine = options.engine;
  run.max_error = options.max_abs_error;
  run.max_bytes = options.max_memory_mib << 20;
  run.epochs = options.epochs;
  run.steps = options.steps;
  run.ignore_non_finite = options.ignore_non_finite;
  if (!options.load.empty()) {
    check_not_set(options.set, options.load, setup.program);
    const std::string bytes = read_file(options.load, kMostModelBytes);
    run.params = take_model(from_safetensors(bytes, options.load), options.load, setup.program).params;
  }
  const evolve::ProgramEvaluator evaluator(
      evolve::ProblemSet::make(setup.task, options.seed, static_cast<std::uint32_t>(options.runs)), run);
  catch_interrupts();
  const evolve::Simplified result =
      evolve::simplify(core, std::span(&evaluator, 1), {options.ablate, options.tune, options.seed, 0, 0, &interrupted()});
  std::string header = comment_header(setup.info().name, eval::protocol_name(setup.protocol), options.seed,
                                      vm::dtype_name(setup.dtype), evaluator.engine_of(setup.program));
  if (options.runs > 1) header += fmt::format("# problems: 0 to {}\n", options.runs - 1);
  fmt::print("{}{}{}", header, score_line(result), result.text);
  return kSuccess;
}

}  // namespace mlz::tools
