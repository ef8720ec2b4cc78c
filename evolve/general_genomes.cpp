#include "evolve/general_genomes.hpp"

#include <fmt/format.h>

#include "evolve/general/program_key.hpp"
#include "evolve/simplify/simplify.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/text/compile.hpp"
#include "vm/cost.hpp"

namespace mlz::evolve {
namespace {

/// Ways to fill the holes of a program that are tried before it is given up.
constexpr int kFillings = 100;

class GeneralJudge : public Judge {
 public:
  GeneralJudge(const GeneralGenomes& genomes, ProgramEvaluator evaluator, int trials)
      : genomes_(genomes), evaluator_(std::move(evaluator)), trials_(trials) {}

  void score(std::span<const std::uint32_t> places, std::span<Score> out, int) override {
    for (std::size_t i = 0; i < places.size(); ++i) out[i] = best_of_trials(places[i]);
  }
  std::size_t part() const override { return 1; }

 private:
  const GeneralGenomes& genomes_;
  ProgramEvaluator evaluator_;
  int trials_;

  /// The params of the program decide where no trial scores above them. Steps are those of all trials.
  Score best_of_trials(std::uint32_t place) const {
    const auto bound = evaluator_.bind(genomes_.program(place));
    if (!bound) return {0, 0, Fate::over_limit};
    Score best = evaluator_.score(*bound, genomes_.params(place));
    for (int trial = 1; trial <= trials_; ++trial) {
      const Score found = evaluator_.score(*bound, genomes_.params_of_trial(place, trial));
      best.steps += found.steps;
      if (!(found.fitness > best.fitness)) continue;
      best = {found.fitness, best.steps, found.fate, static_cast<std::uint16_t>(trial)};
    }
    return best;
  }
};

std::vector<std::string> shapes_of_params(const vm::BoundProgram& program) {
  std::vector<std::string> out;
  for (const vm::BoundProgram::Param& param : program.params) {
    const vm::BoundRegister& r = program.registers[param.id];
    out.push_back(fmt::format("{} ({} x {})", r.name, r.rows, r.cols));
  }
  return out;
}

double cost_of(const vm::BoundProgram& program, double examples) {
  const double step = operations(program, Function::predict) + operations(program, Function::learn);
  return operations(program, Function::setup) + examples * step;
}

}  // namespace

GeneralGenomes::GeneralGenomes(Options options) : options_(std::move(options)) {
  for (const CoreProgram& program : options_.first) first_.push_back(std::make_shared<const CoreProgram>(program));
}

void GeneralGenomes::resize(std::size_t places) { genomes_.resize(places, {first_.front()}); }

GeneralGenomes::Program GeneralGenomes::first_program(std::uint64_t number, Draws& draws) const {
  const Program& sketch = first_[number % first_.size()];
  if (!sketch->has_holes()) return sketch;
  for (int n = 0; n < kFillings; ++n) {
    CoreProgram filled = *sketch;
    if (fill_holes(options_.space, filled, draws)) return std::make_shared<const CoreProgram>(std::move(filled));
  }
  throw InputError(
      "the holes of the program cannot be filled: no operation that may be used fits the registers in scope");
}

void GeneralGenomes::start(std::uint32_t place, std::uint64_t number, Draws& draws) {
  genomes_[place] = {first_program(number, draws)};
}

void GeneralGenomes::random(std::uint32_t place, Draws& draws) {
  CoreProgram program = *first_program(draws.bits(), draws);
  for (const GeneralMutation& m : general_mutations()) {
    if (m.name == std::string_view("randomize_program")) evolve::mutate(m, options_.space, program, draws);
  }
  genomes_[place] = {std::make_shared<const CoreProgram>(std::move(program))};
}

int GeneralGenomes::mutate(std::uint32_t place, Draws& draws) {
  const std::size_t number = options_.mix.pick(draws);
  CoreProgram changed = program(place);
  if (!evolve::mutate(general_mutations()[number], options_.space, changed, draws)) return -1;
  genomes_[place].program = std::make_shared<const CoreProgram>(std::move(changed));
  return static_cast<int>(number);
}

Identity GeneralGenomes::identify(std::uint32_t place, std::uint64_t salt, int) {
  Identity identity;
  // Before the first experiment, as after a resume that has only the final test to do, there is no cache to ask.
  if (!search_) return identity;
  const auto bound = search_->bind(program(place));
  if (!bound) {
    identity.over_limit = true;
    return identity;
  }
  identity.key = key_of(*bound, salt, !params_.empty());
  KeyMaker maker(identity.key.a);
  for (const ParamStep step : genomes_[place].steps) maker.add(identity.key.b, step);
  if (!genomes_[place].steps.empty()) identity.key = maker.key();
  genomes_[place].key = identity.key;
  identity.size = live_size(*bound);
  const auto examples = static_cast<double>(search_->set().problems.front().train->size());
  identity.over_limit = most_cost_ > 0 && cost_of(*bound, examples) > most_cost_;
  return identity;
}

RunSetting GeneralGenomes::setting(const tasks::Task& task) const {
  RunSetting setting;
  setting.protocol = eval::protocol_of(options_.protocol.empty() ? task.info().protocol : options_.protocol);
  setting.dtype = setting.protocol == eval::Protocol::automl ? vm::DType::f64 : vm::DType::f32;
  setting.engine = engine_;
  setting.params = params_;
  setting.join = options_.join;
  setting.max_error = options_.max_error;
  setting.max_bytes = options_.max_bytes;
  return setting;
}

/// Binds the programs of the start, holes filled in one way, to the task.
void GeneralGenomes::check(const tasks::Task& task) {
  const std::shared_ptr<const tasks::Task> shared(&task, [](const tasks::Task*) {});
  const RunSetting run = setting(task);
  for (std::size_t n = 0; n < first_.size(); ++n) {
    Draws draws(0, 0, 0, n);
    std::string why;
    const ProgramEvaluator evaluator({shared, 0, {}}, run);
    const auto bound = evaluator.bind(*first_program(n, draws), &why);
    if (!bound) throw InputError(why);
    if (options_.on_registers) options_.on_registers(bound->bytes_f64);
    eval::check_fit(*bound, task.info(), run.protocol);
    if (options_.inside.trials > 0) prepare_params(*bound, task);
    engine_ = evaluator.engine_of(*bound);
  }
}

/// Mutations keep params as they are declared, so one set of values serves all programs.
void GeneralGenomes::load_params(const tasks::Task& task, const ParamReader& read) {
  const std::shared_ptr<const tasks::Task> shared(&task, [](const tasks::Task*) {});
  const ProgramEvaluator evaluator({shared, 0, {}}, setting(task));
  for (std::size_t n = 0; n < first_.size(); ++n) {
    Draws draws(0, 0, 0, n);
    const auto bound = evaluator.bind(*first_program(n, draws));
    ParamValues found = read(bound.value());
    if (found.empty()) throw InputError("--load: the program of --init declares no param");
    if (n > 0 && found != params_) throw InputError("--load: the programs of --init declare different params");
    params_ = std::move(found);
  }
}

void GeneralGenomes::prepare(const ProblemSet& search) {
  search_ = std::make_unique<ProgramEvaluator>(search, setting(*search.task));
  if (options_.cost_limit <= 0) return;
  Draws draws(0, 0, 0, 0);
  const auto bound = search_->bind(*first_program(0, draws));
  most_cost_ = options_.cost_limit * cost_of(bound.value(), static_cast<double>(search.problems.front().train->size()));
}

std::unique_ptr<Judge> GeneralGenomes::judge(const ProblemSet& set, int) {
  return std::make_unique<GeneralJudge>(*this, ProgramEvaluator(set, setting(*set.task)), 0);
}

std::unique_ptr<Judge> GeneralGenomes::tuning_judge(const ProblemSet& set, int) {
  return std::make_unique<GeneralJudge>(*this, ProgramEvaluator(set, setting(*set.task)), options_.inside.trials);
}

/// Trials need values to start from that do not depend on the problems, the same for all programs on all tasks.
void GeneralGenomes::prepare_params(const vm::BoundProgram& program, const tasks::Task& task) {
  const auto shapes = shapes_of_params(program);
  if (shapes.empty()) {
    throw InputError("tune-inside: the program of --init declares no param; write `param NAME : TYPE` for what is to be "
                     "tuned, or set tune-inside = 0");
  }
  if (param_shapes_.empty()) {
    param_shapes_ = shapes;
    params_ = vm::initial_params(program, options_.inside.seed);
  }
  if (shapes == param_shapes_) return;
  throw InputError(fmt::format("tune-inside: programs and tasks must share one set of params; they are {} in the first "
                               "program on the search task, and {} in another one or on {}",
                               fmt::join(param_shapes_, ", "), fmt::join(shapes, ", "), task.info().name));
}

ParamStep GeneralGenomes::step(std::uint32_t place, int trial) const {
  return step_of(genomes_[place].key, options_.inside.seed, trial);
}

ParamValues GeneralGenomes::params_of_trial(std::uint32_t place, int trial) const {
  return stepped(params(place), step(place, trial), options_.inside.sigma);
}

void GeneralGenomes::keep_trial(std::uint32_t place, std::uint16_t trial) {
  if (options_.inside.trials == 0) return;
  Genome& genome = genomes_[place];
  genome.steps.push_back(step(place, trial));
  if (trial == 0) return;
  genome.params = std::make_shared<const ParamValues>(stepped(params(place), genome.steps.back(), options_.inside.sigma));
}

ParamValues GeneralGenomes::params_of(const std::string& text) const {
  ParamValues values = params_;
  for (const ParamStep step : steps_of(text)) values = stepped(values, step, options_.inside.sigma);
  return values;
}

std::string GeneralGenomes::text(std::uint32_t place) const {
  return steps_text(genomes_[place].steps) + print(program(place));
}

std::string GeneralGenomes::live_text(std::uint32_t place) const {
  return search_ ? steps_text(genomes_[place].steps) + print(without_dead(program(place), *search_)) : text(place);
}

void GeneralGenomes::read(std::uint32_t place, const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  const auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{name, text}), {}, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  genomes_[place] = {std::make_shared<const CoreProgram>(compiled->core)};
  genomes_[place].steps = steps_of(text);
  if (!genomes_[place].steps.empty()) genomes_[place].params = std::make_shared<const ParamValues>(params_of(text));
}

std::string GeneralGenomes::mutation_name(int number) const {
  return number < 0 ? "none" : general_mutations()[static_cast<std::size_t>(number)].name;
}

}  // namespace mlz::evolve
