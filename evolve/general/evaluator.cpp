#include "evolve/general/evaluator.hpp"

#include <algorithm>

namespace mlz::evolve {
namespace {

constexpr std::int64_t kMostInstructions = 200'000;

vm::MachineOptions machine_options(const vm::BoundProgram& program, const ParamValues& params, vm::DType dtype,
                                   std::uint64_t seed, std::uint32_t lifetime) {
  vm::MachineOptions options;
  options.dtype = dtype;
  options.seed = seed;
  options.lifetimes = {lifetime};
  options.params = params.empty() ? vm::initial_params(program, seed) : params;
  return options;
}

double join(std::vector<double> each, Join how) {
  if (how == Join::median) {
    const auto middle = each.begin() + static_cast<std::ptrdiff_t>(each.size() / 2);
    std::nth_element(each.begin(), middle, each.end());
    return *middle;
  }
  double sum = 0;
  for (const double fitness : each) sum += fitness;
  return sum / static_cast<double>(each.size());
}

}  // namespace

std::optional<vm::BoundProgram> ProgramEvaluator::bind(const CoreProgram& program, std::string* why) const {
  Diagnostics diagnostics(1);
  vm::BindOptions options;
  options.sizes = set_.info().sizes;
  options.max_bytes = setting_.max_bytes;
  options.max_instructions = kMostInstructions;
  vm::BoundProgram bound = vm::bind(program, options, diagnostics);
  if (diagnostics.ok()) return bound;
  if (why != nullptr) *why = diagnostics.text();
  return {};
}

Score ProgramEvaluator::score(const CoreProgram& program) const {
  const auto bound = bind(program);
  return bound ? score(*bound) : Score{0, 0, Fate::over_limit};
}

Score ProgramEvaluator::score(const vm::BoundProgram& program, const ParamValues& params) const {
  Score score;
  std::vector<double> each;
  eval::Settings settings;
  settings.protocol = setting_.protocol;
  settings.seed = set_.seed;
  settings.max_abs_error = setting_.max_error;
  settings.curve_points = settings.valid_points = 0;
  settings.score_test = false;
  settings.epochs = setting_.epochs;
  settings.limits.steps = setting_.steps;
  settings.ignore_non_finite = setting_.ignore_non_finite;
  for (std::uint32_t i = 0; i < set_.problems.size(); ++i) {
    settings.lifetime = i;
    const auto machine =
        vm::make_machine(setting_.engine, program, machine_options(program, params, setting_.dtype, set_.seed, i));
    const eval::Outcome outcome = eval::run_lifetime(*machine, set_.info(), set_.problems[i], settings);
    each.push_back(outcome.score > 0 ? outcome.score : 0);  // worlds may give less
    score.steps += static_cast<std::uint64_t>(outcome.steps);
    if (outcome.why != eval::Stop::finished && score.fate != Fate::non_finite)
      score.fate = outcome.non_finite > 0 ? Fate::non_finite : Fate::early_stop;
  }
  score.fitness = join(std::move(each), setting_.join);
  return score;
}

std::string ProgramEvaluator::engine_of(const vm::BoundProgram& program) const {
  const auto options = machine_options(program, setting_.params, setting_.dtype, set_.seed, 0);
  return std::string(vm::make_machine(setting_.engine, program, options)->engine());
}

}  // namespace mlz::evolve
