#include "evolve/numbered_genomes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

class NumberedJudge : public Judge {
 public:
  NumberedJudge(NumberedGenomes& genomes, const NumberedEvaluator& evaluator, int workers)
      : genomes_(genomes), evaluators_(static_cast<std::size_t>(workers), evaluator), programs_(evaluators_.size()) {}

  void score(std::span<const std::uint32_t> places, std::span<Score> out, int worker) override {
    auto& programs = programs_[static_cast<std::size_t>(worker)];
    for (std::size_t first = 0; first < places.size(); first += kMost) {
      const std::size_t count = std::min(kMost, places.size() - first);
      programs.clear();
      for (const std::uint32_t place : places.subspan(first, count)) programs.push_back(&genomes_.live(place, worker));
      evaluators_[static_cast<std::size_t>(worker)].evaluate(programs, out.subspan(first, count));
    }
  }

 private:
  static constexpr std::size_t kMost = NumberedGenomes::kLiveAtOnce;
  NumberedGenomes& genomes_;
  std::vector<NumberedEvaluator> evaluators_;           ///< one per worker
  std::vector<std::vector<const Genome*>> programs_;  ///< likewise
};

}  // namespace

NumberedGenomes::NumberedGenomes(Options options, int workers)
    : options_(std::move(options)),
      finders_(static_cast<std::size_t>(workers), Finder{LiveFinder(options_.space.banks), {}, {}}) {}

void NumberedGenomes::resize(std::size_t places) {
  const auto capacity = static_cast<std::size_t>(options_.space.most_instructions()) + 1;
  genomes_.resize(places);
  known_.resize(places);
  for (Genome& genome : genomes_) genome.code.reserve(capacity);
  for (Finder& finder : finders_) {
    for (Genome& genome : finder.lately) genome.code.reserve(capacity);
  }
}

/// Another worker may have made it, and then it lies in memory that takes long to read.
void NumberedGenomes::expect_copy(std::uint32_t from) const {
  const std::vector<Instruction>& code = genomes_[from].code;
  for (std::size_t i = 0; i < code.size(); i += 4) __builtin_prefetch(&code[i]);
  __builtin_prefetch(&known_[from]);
}

void NumberedGenomes::copy(std::uint32_t from, std::uint32_t to) {
  genomes_[to] = genomes_[from];
  known_[to].identified = false;
  known_[to].parent = from;
}

void NumberedGenomes::start(std::uint32_t place, std::uint64_t number, Draws& draws) {
  known_[place] = {};
  if (options_.first.empty()) {
    genomes_[place] = first_genome(options_.space, options_.random_start, draws);
  } else {
    const Genome& first = options_.first[number % options_.first.size()];
    genomes_[place] = options_.redraw ? redrawn(options_.space, first, draws) : first;
  }
}

void NumberedGenomes::random(std::uint32_t place, Draws& draws) {
  known_[place] = {};
  genomes_[place] = redrawn(options_.space, options_.first.empty() ? Genome{} : options_.first.front(), draws);
}

int NumberedGenomes::mutate(std::uint32_t place, Draws& draws) {
  const std::size_t number = options_.mix.pick(draws);
  const bool changed = numbered_mutations()[number].apply(options_.space, genomes_[place], draws);
  return changed ? static_cast<int>(number) : -1;
}

/// Whether a program is its parent but for one instruction at most that is dead, and was.
bool NumberedGenomes::does_as_parent(std::uint32_t place, std::uint64_t salt, const LiveFinder& finder) const {
  const std::uint32_t parent = known_[place].parent;
  if (parent == kNoPlace || !known_[parent].identified || known_[parent].salt != salt) return false;
  const Genome &a = genomes_[parent], &b = genomes_[place];
  if (a.length != b.length) return false;
  const auto first = std::mismatch(a.code.begin(), a.code.end(), b.code.begin());
  if (first.first == a.code.end()) return true;
  if (!std::equal(first.first + 1, a.code.end(), first.second + 1)) return false;
  return finder.dead_at(a, known_[parent].needs, static_cast<std::size_t>(first.first - a.code.begin()), *first.second);
}

/// One key for all programs that are sure to predict zero always; else of the program.
Key NumberedGenomes::key_for(const Genome& live, LiveFinder::Mask born, std::uint64_t salt, Finder& finder) const {
  if (!finder.setup->run(live)) return key_of(live, salt);
  if (finder.zero->predicts_zero(live, born, *finder.setup)) return KeyMaker(salt).key();
  return key_of(live, born, options_.space.banks, *finder.setup, salt);
}

Identity NumberedGenomes::identify(std::uint32_t place, std::uint64_t salt, int worker) {
  Finder& finder = finders_[static_cast<std::size_t>(worker)];
  Known& known = known_[place];
  if (does_as_parent(place, salt, finder.live)) {
    const Known& parent = known_[known.parent];
    known = {parent.identity, parent.needs, salt, kNoPlace, true};
  } else {
    const Genome& live = find_live(place, worker);
    known.needs = finder.live.needs();
    known.salt = salt;
    known.identified = true;
    known.identity.size = static_cast<std::uint32_t>(live.code.size());
    // Before the first experiment, as after a resume that has only the final test to do, there is no cache to ask.
    if (finder.setup) known.identity.key = key_for(live, known.needs.after_setup, salt, finder);
  }
  Identity identity = known.identity;
  if (options_.cost_limit > 0) {
    identity.over_limit = static_cost(genomes_[place]).of(examples_) > options_.cost_limit * options_.cost_unit.of(examples_);
  }
  return identity;
}

const Genome& NumberedGenomes::find_live(std::uint32_t place, int worker) {
  Finder& finder = finders_[static_cast<std::size_t>(worker)];
  known_[place].worker = worker;
  known_[place].found = ++finder.found;
  Genome& live = finder.lately[finder.found % finder.lately.size()];
  finder.live.find(genomes_[place], live);
  return live;
}

const Genome& NumberedGenomes::live(std::uint32_t place, int worker) {
  const Finder& finder = finders_[static_cast<std::size_t>(worker)];
  const Known& known = known_[place];
  const bool there = known.worker == worker && finder.found - known.found < kLiveAtOnce;
  return there ? finder.lately[known.found % finder.lately.size()] : find_live(place, worker);
}

void NumberedGenomes::prepare(const ProblemSet& search) {
  examples_ = static_cast<double>(search.problems.front().train->size());
  const auto features = static_cast<std::size_t>(search.info().sizes.at("features"));
  const DataBounds bounds = bounds_of(search);
  for (Finder& finder : finders_) {
    finder.setup.emplace(options_.space.banks, features);
    finder.zero.emplace(options_.space.banks, bounds, features);
  }
}

void NumberedGenomes::check(const tasks::Task& task) {
  const tasks::TaskInfo& info = task.info();
  if (info.metric == tasks::Metric::episode_return) {
    throw InputError(fmt::format("task {} is a world to act in; programs of numbered registers learn from examples: start "
                                 "from a program that acts, by --init",
                                 info.name));
  }
  if (info.metric != tasks::Metric::accuracy || info.classes <= 2) return;
  throw InputError(fmt::format("task {} has {} classes; programs of numbered registers tell two apart: choose two, as in "
                               "{}{}classes=3/5",
                               info.name, info.classes, info.name, info.name.find(':') == std::string::npos ? ":" : ","));
}

RunSetting NumberedGenomes::setting(const tasks::Task&) const {
  return {eval::Protocol::automl, vm::DType::f64, "lanes", options_.join, options_.max_error};
}

void NumberedGenomes::load_params(const tasks::Task&, const ParamReader&) {
  throw InputError("--load: programs of numbered registers have no params");
}

std::unique_ptr<Judge> NumberedGenomes::judge(const ProblemSet& set, int workers) {
  return std::make_unique<NumberedJudge>(*this, NumberedEvaluator(set, options_.join, options_.max_error), workers);
}

std::string NumberedGenomes::live_text(std::uint32_t place) const {
  Genome live;
  LiveFinder(options_.space.banks).find(genomes_[place], live);
  return print(live);
}

void NumberedGenomes::read(std::uint32_t place, const std::string& text, const std::string& name) {
  known_[place] = {};
  genomes_[place] = read_genome(text, name, options_.space.banks);
}

std::string NumberedGenomes::mutation_name(int number) const {
  return number < 0 ? "none" : numbered_mutations()[static_cast<std::size_t>(number)].name;
}

}  // namespace mlz::evolve
