#include "evolve/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "lang/core/diagnostics.hpp"
#include "lang/core/draws.hpp"

namespace mlz::evolve {
namespace {

constexpr std::uint32_t kPurposes = 0xFFFFFF00;  // islands beyond any number of real ones
constexpr std::uint32_t kSearchProblems = 0, kSelectProblems = 1, kFinalProblems = 2;
constexpr double kTickSeconds = 0.2;
constexpr double kTurnSeconds = 0.5;

std::shared_ptr<const tasks::Task> task_of(const Config& config, const std::string& text, Genomes& genomes) {
  auto task = tasks::make_task(text.empty() ? config.task : text, tasks::DataPaths::standard(config.data));
  genomes.check(*task);
  return task;
}

void check_islands(const Config& c) {
  if (c.islands > 1 && c.population * c.islands > 10'000'000) {
    throw InputError("islands times population is above ten million programs");
  }
  if (c.hurdle_tasks > 0 && c.hurdle_tasks >= c.tasks) {
    throw InputError(fmt::format("hurdle-tasks = {}: a hurdle takes fewer problems than the search, which has {}",
                                 c.hurdle_tasks, c.tasks));
  }
  if (c.probe_examples > 0 && !has_numbered_form(c)) {
    throw InputError("probe-examples: the probe is for programs of numbered registers; set probe-examples = 0");
  }
  if (c.tune_inside > 0 && has_numbered_form(c)) {
    throw InputError("tune-inside: programs of numbered registers have no params; set tune-inside = 0");
  }
  if (c.search == "random" && c.islands > 1) throw InputError("search = random has one population: set islands = 1");
}

}  // namespace

const char* stop_reason_text(StopReason reason) {
  switch (reason) {
    case StopReason::target: return "target score";
    case StopReason::experiments: return "experiments";
    case StopReason::generations: return "generations";
    case StopReason::evaluations: return "evaluations";
    case StopReason::train_steps: return "train steps";
    case StopReason::time: return "time limit";
    case StopReason::interrupted: return "interrupted";
  }
  return "";
}

Search::Search(const Config& config, Listener& listener)
    : config_(config), listener_(listener), genomes_(make_genomes(config)), workers_(static_cast<int>(config.threads)) {
  check_islands(config);
  task_ = task_of(config, "", *genomes_);
  select_task_ = task_of(config, config.select_task, *genomes_);
  final_task_ = task_of(config, config.final_task, *genomes_);
  genomes_->resize(pool_place() + (config.islands > 1 ? static_cast<std::size_t>(config.islands) * migrants() : 0));
}

std::uint32_t Search::migrants() const {
  return static_cast<std::uint32_t>(config_.migrate_share * static_cast<double>(population()));
}

std::uint32_t Search::window() const { return static_cast<std::uint32_t>(std::min(config_.window, config_.population)); }

/// Behind the islands and their windows.
std::uint32_t Search::spare_place() const {
  return static_cast<std::uint32_t>(config_.islands) * (population() + window());
}

/// A number of 32 bits, to be short in command lines.
std::uint64_t Search::problem_seed(std::uint32_t experiment, std::uint32_t purpose) const {
  const std::uint32_t e = config_.fresh_tasks && purpose != kFinalProblems ? experiment : 0;
  return draw_bits({static_cast<std::uint64_t>(config_.seed), kSearchStream, e, kPurposes + purpose, 0}) >> 32;
}

double Search::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Clock::now() - began_).count();
}

void Search::restore(const SearchState& state) {
  state_ = state;
  seconds_before_ = state.seconds;
}

void Search::begin_experiment(bool fresh) {
  const ProblemSet set =
      ProblemSet::make(task_, problem_seed(state_.experiment, kSearchProblems), static_cast<std::uint32_t>(config_.tasks));
  genomes_->prepare(set);
  judge_ = genomes_->tuning_judge(set, workers_.count());
  make_first_tests();
  make_caches();
  Evolution::Options o;
  o.population = population();
  o.tournament = static_cast<std::uint32_t>(config_.tournament);
  o.window = window();
  o.mutate_prob = config_.mutate_prob;
  o.random_search = config_.search == "random";
  o.seed = static_cast<std::uint64_t>(config_.seed);
  o.experiment = state_.experiment;
  o.salt = state_.experiment;
  islands_.clear();
  const auto work = static_cast<std::uint32_t>(config_.islands) * population();
  for (std::uint32_t i = 0; i < config_.islands; ++i) {
    o.island = i;
    ScoreCache* const caches = config_.cache ? caches_[i].data() : nullptr;
    const auto test = [&](const std::unique_ptr<Judge>& judge, int k) {
      return Tests::Test{judge.get(), caches ? caches + k : nullptr};
    };
    const Tests tests{test(probe_judge_, 0), test(hurdle_judge_, 1), test(judge_, 2), config_.hurdle_percentile};
    islands_.emplace_back(o, *genomes_, i * population(), work + i * window(), tests);
  }
  if (!fresh) return fill_islands();
  state_.running = true;
  state_.before = state_.total;
  state_.peak = {};
  state_.peak.search = -1;
}

/// The tests before the one for all: a few examples of every problem of the search, and the first problems.
void Search::make_first_tests() {
  const std::uint64_t seed = problem_seed(state_.experiment, kSearchProblems);
  if (config_.probe_examples > 0) {
    ProblemSet set = ProblemSet::make(task_, seed, static_cast<std::uint32_t>(config_.tasks));
    set.probe_examples = static_cast<std::size_t>(config_.probe_examples);
    probe_judge_ = genomes_->judge(set, workers_.count());
  }
  if (config_.hurdle_tasks > 0) {
    const auto count = static_cast<std::uint32_t>(config_.hurdle_tasks);
    hurdle_judge_ = genomes_->judge(ProblemSet::make(task_, seed, count), workers_.count());
  }
}

/// Fingerprints tell experiments apart, so caches serve all of them. Islands have their own, as they run side by side.
void Search::make_caches() {
  if (!config_.cache || !caches_.empty()) return;
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(config_.cache_size / config_.islands, 2));
  const auto cache = [&](bool used) { return ScoreCache(used ? most : 2); };
  for (std::int64_t i = 0; i < config_.islands; ++i) {
    caches_.push_back({cache(config_.probe_examples > 0), cache(config_.hurdle_tasks > 0), cache(true)});
  }
}

/// Puts the saved populations in place.
void Search::fill_islands() {
  for (std::size_t i = 0; i < islands_.size(); ++i) {
    Evolution& island = islands_[i];
    island.set_candidates(state_.candidates[i]);
    island.set_bar(state_.bars[i]);
    island.set_known(state_.known[i]);
    for (std::uint32_t slot = 0; slot < state_.islands[i].size(); ++slot) {
      const SearchState::Member& member = state_.islands[i][slot];
      genomes_->read(island.place(slot), member.text, "checkpoint");
      island.adopt(slot, member.individual);
    }
  }
  state_.islands.clear();
}

bool Search::experiment_over() const {
  const Totals& t = state_.total;
  const Totals& b = state_.before;
  const auto spent = [](std::int64_t limit, std::uint64_t done) {
    return limit > 0 && done >= static_cast<std::uint64_t>(limit);
  };
  if (spent(config_.experiment_generations, t.generations - b.generations)) return true;
  if (spent(config_.experiment_evaluations, t.evaluations - b.evaluations)) return true;
  if (spent(config_.experiment_train_steps, t.train_steps - b.train_steps)) return true;
  return config_.experiment_target > 0 && best_fitness() > config_.experiment_target;
}

std::optional<StopReason> Search::budget_spent() const {
  const auto spent = [](std::int64_t limit, std::uint64_t done) {
    return limit > 0 && done >= static_cast<std::uint64_t>(limit);
  };
  if (spent(config_.generations, state_.total.generations)) return StopReason::generations;
  if (spent(config_.evaluations, state_.total.evaluations)) return StopReason::evaluations;
  if (spent(config_.train_steps, state_.total.train_steps)) return StopReason::train_steps;
  return {};
}

/// Looks at the clock and at the outside world; between windows.
std::optional<StopReason> Search::watch(const std::atomic<bool>& interrupted) {
  if (interrupted.load(std::memory_order_relaxed)) return StopReason::interrupted;
  const auto now = Clock::now();
  if (config_.timelimit > 0 && seconds() >= config_.timelimit) return StopReason::time;
  if (std::chrono::duration<double>(now - last_tick_).count() < kTickSeconds) return {};
  last_tick_ = now;
  state_.seconds = seconds();
  if (listener_.tick(state_, best_fitness())) save();
  return {};
}

/// When a turn that begins now should end.
Evolution::Clock::time_point Search::deadline() const {
  if (islands_.size() > 1) return Evolution::Clock::time_point::max();  // all must be equally far after a turn
  const double left = config_.timelimit > 0 ? std::max(config_.timelimit - seconds(), 0.0) : kTurnSeconds;
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::min(left, kTurnSeconds)));
}

void Search::take_turn(Evolution& island, Turn& turn, Workers& workers) const {
  turn.total = {};
  turn.notable.clear();
  for (const Born& born : island.advance(workers, deadline())) count(born, turn);
}

/// A turn of each island. Where there are as many islands as threads, each is one thread's; else threads share the work
/// of one island after the other. Which it is changes nothing.
void Search::advance(std::span<Evolution* const> islands) {
  turns_.resize(islands.size());
  if (islands.size() < 2 || islands.size() < static_cast<std::size_t>(workers_.count())) {
    for (std::size_t i = 0; i < islands.size(); ++i) take_turn(*islands[i], turns_[i], workers_);
  } else {
    workers_.share(islands.size(), 1, [&](std::size_t first, std::size_t last, int worker) {
      Workers alone = Workers::alone(worker);
      for (std::size_t i = first; i < last; ++i) take_turn(*islands[i], turns_[i], alone);
    });
  }
  // All islands are equally far, so that this order is the same for every width of windows.
  std::vector<std::tuple<std::uint64_t, std::size_t, const Born*>> notable;
  for (std::size_t i = 0; i < islands.size(); ++i) {
    state_.total += turns_[i].total;
    for (const auto& [place, born] : turns_[i].notable) notable.emplace_back(place, i, &born);
  }
  std::sort(notable.begin(), notable.end());
  for (const auto& [place, i, born] : notable) take_note(*born, *islands[i]);
}

/// One round over all slots of all islands.
std::optional<StopReason> Search::generation(const std::atomic<bool>& interrupted) {
  const std::uint64_t round = state_.total.generations - state_.before.generations + 1;
  std::vector<Evolution*> behind;
  const auto find_behind = [&] {
    behind.clear();
    for (Evolution& island : islands_) {
      if (island.candidates() < round * population()) behind.push_back(&island);
    }
  };
  for (find_behind(); !behind.empty(); find_behind()) {
    if (const auto stop = watch(interrupted)) return stop;
    advance(behind);
  }
  end_generation();
  return {};
}

void Search::end_generation() {
  ++state_.total.generations;
  log_generation();
  const std::uint64_t done = state_.total.generations - state_.before.generations;
  if (islands_.size() > 1 && done % static_cast<std::uint64_t>(config_.migrate_every) == 0) migrate();
}

/// Whether every island has made as many rounds, and at least one.
bool Search::between_generations() const {
  const std::uint64_t rounds = state_.total.generations - state_.before.generations;
  return rounds > 0 && std::all_of(islands_.begin(), islands_.end(), [&](const Evolution& island) {
           return island.candidates() == rounds * population();
         });
}

std::optional<StopReason> Search::run_experiment(const std::atomic<bool>& interrupted) {
  begin_experiment(!state_.running);
  for (;;) {
    if (between_generations()) {
      if (experiment_over()) return {};
      if (const auto stop = budget_spent()) return stop;
    }
    if (const auto stop = generation(interrupted)) return stop;
  }
}

double Search::score_on(const tasks::Task& task, std::uint64_t seed, std::int64_t count, const std::string& text) {
  const std::shared_ptr<const tasks::Task> shared(&task, [](const tasks::Task*) {});
  const auto judge = genomes_->judge(ProblemSet::make(shared, seed, static_cast<std::uint32_t>(count)), 1);
  const std::uint32_t place = spare_place();
  genomes_->read(place, text, "result");
  genomes_->identify(place, 0, 0);
  Score score;
  judge->score(std::span(&place, 1), std::span(&score, 1), 0);
  return score.fitness;
}

Champion Search::end_experiment() {
  Champion champion = experiment_best();
  champion.select =
      score_on(*select_task_, problem_seed(state_.experiment, kSelectProblems), config_.select_tasks, champion.text);
  return champion;
}

Outcome Search::run(const std::atomic<bool>& interrupted) {
  Outcome outcome;
  std::optional<StopReason> stop;
  Champion best = state_.best;
  const auto enough = [&] { return config_.target_score > 0 && best.select > config_.target_score; };
  const auto no_more = [&] {
    return config_.experiments > 0 && state_.experiment >= static_cast<std::uint64_t>(config_.experiments);
  };
  while (!stop) {
    if (!state_.running) {
      stop = enough() ? StopReason::target : no_more() ? StopReason::experiments : budget_spent();
      if (stop) {
        save();
        break;
      }
    }
    stop = run_experiment(interrupted);
    if (stop) save();  // before the end of the experiment, so that it can go on
    if (islands_.front().alive() == 0) break;
    const Champion champion = end_experiment();
    log_experiment(champion);
    listener_.experiment_ended(champion);
    if (champion.select >= best.select) best = champion;
    if (stop) break;
    state_.best = best;
    state_.running = false;
    ++state_.experiment;
  }
  outcome.stop = stop.value_or(StopReason::experiments);
  outcome.experiments = state_.experiment + (state_.running ? 1 : 0);
  outcome.best = best;
  outcome.total = state_.total;
  outcome.front = state_.front;
  outcome.search_seed = problem_seed(best.experiment, kSearchProblems);
  outcome.select_seed = problem_seed(best.experiment, kSelectProblems);
  outcome.final_seed = problem_seed(0, kFinalProblems);
  if (!best.text.empty()) outcome.final = score_on(*final_task_, outcome.final_seed, config_.final_tasks, best.text);
  outcome.seconds = seconds();
  return outcome;
}

void Search::save() {
  state_.seconds = seconds();
  if (islands_.empty()) return listener_.save(state_);  // nothing ran since the checkpoint was read
  state_.candidates.clear();
  state_.islands.clear();
  state_.bars.clear();
  state_.known.clear();
  for (const Evolution& island : islands_) {
    state_.candidates.push_back(island.candidates());
    state_.bars.push_back(island.bar());
    state_.known.push_back(island.known());
    std::vector<SearchState::Member> members;
    for (std::uint32_t slot = 0; slot < island.alive() && state_.running; ++slot) {
      members.push_back({island.population()[slot], genomes_->text(island.place(slot))});
    }
    state_.islands.push_back(std::move(members));
  }
  listener_.save(state_);
  state_.islands.clear();
}

}  // namespace mlz::evolve
