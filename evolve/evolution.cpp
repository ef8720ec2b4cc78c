#include "evolve/evolution.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace mlz::evolve {
namespace {

/// Candidates bred per turn of a worker.
constexpr std::size_t kBreedPart = 16;

/// A fingerprint of what a program did in the probe; never 0.
std::uint64_t likeness_of(const Score& score) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(score.fitness) ^ (score.steps * 0x9E3779B97F4A7C15ull);
  return (bits ^ bits >> 29) * 0xBF58476D1CE4E5B9ull | 1;
}

}  // namespace

Evolution::Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
                     const Tests& tests)
    : options_(options), genomes_(genomes), first_place_(first_place), work_place_(work_place),
      percentile_(tests.percentile), population_(options.population) {
  options_.window = std::min(options_.window, options_.population);
  if (tests.probe.judge) trials_.push_back({Trial::Kind::probe, tests.probe});
  if (tests.hurdle.judge) trials_.push_back({Trial::Kind::hurdle, tests.hurdle});
  trials_.push_back({Trial::Kind::all, tests.all});
}

bool Evolution::has(Trial::Kind kind) const {
  return std::any_of(trials_.begin(), trials_.end(), [&](const Trial& t) { return t.kind == kind; });
}

std::uint32_t Evolution::best_slot() const {
  const auto end = population_.begin() + static_cast<std::ptrdiff_t>(alive());
  const auto best = std::max_element(population_.begin(), end,
                                     [](const Individual& a, const Individual& b) { return a.fitness < b.fitness; });
  return static_cast<std::uint32_t>(best - population_.begin());
}

void Evolution::open_window() {
  first_slot_ = static_cast<std::uint32_t>(next_ % options_.population);
  count_ = std::min(options_.window, options_.population - first_slot_);
  born_.assign(count_, {});
  draws_.resize(count_);
  resolved_.assign(count_, 0);
  identities_.resize(count_);
  entrants_.resize(std::size_t{count_} * options_.tournament);
  meets_children_.assign(count_, 0);
  waiting_.clear();
  blocker_.resize(count_);
  std::iota(blocker_.begin(), blocker_.end(), 0u);
  const bool tournaments = next_ >= options_.population && !options_.random_search;
  for (std::uint32_t j = 0; j < count_; ++j) {
    draws_[j] = Draws(options_.seed, options_.experiment, options_.island, next_ + j);
    born_[j].id = next_ + j;
    born_[j].slot = first_slot_ + j;
    waiting_.push_back(j);
    if (!tournaments) continue;
    for (std::uint32_t t = 0; t < options_.tournament; ++t) {
      const std::uint32_t slot = draws_[j].below(options_.population);
      entrants_[std::size_t{j} * options_.tournament + t] = slot;
      meets_children_[j] |= static_cast<char>(slot - first_slot_ < j);
    }
  }
}

/// Whether everyone in a candidate's tournament is known. A slot before its own in this window holds a new child.
bool Evolution::may_go(std::uint32_t j) {
  if (!meets_children_[j]) return true;
  if (blocker_[j] != j && !resolved_[blocker_[j]]) return false;
  const std::uint32_t* entrants = &entrants_[std::size_t{j} * options_.tournament];
  for (std::uint32_t t = 0; t < options_.tournament; ++t) {
    const std::uint32_t child = entrants[t] - first_slot_;  // wraps to a large number for slots before the window
    if (child >= j || resolved_[child]) continue;
    blocker_[j] = child;
    return false;
  }
  return true;
}

double Evolution::fitness_of(std::uint32_t slot, std::uint32_t j) const {
  const std::uint32_t child = slot - first_slot_;
  return child < j ? born_[child].score.fitness : population_[slot].fitness;
}

/// The slot that wins a candidate's tournament; of equals the first drawn.
std::uint32_t Evolution::winner(std::uint32_t j) const {
  const std::uint32_t* entrants = &entrants_[std::size_t{j} * options_.tournament];
  std::uint32_t best = entrants[0];
  double fitness = fitness_of(best, j);
  for (std::uint32_t t = 1; t < options_.tournament; ++t) {
    const double other = fitness_of(entrants[t], j);
    if (other > fitness) {
      fitness = other;
      best = entrants[t];
    }
  }
  return best;
}

void Evolution::collect_ready() {
  ready_.clear();
  const bool tournaments = next_ >= options_.population && !options_.random_search;
  std::size_t kept = 0;
  for (const std::uint32_t j : waiting_) {
    if (!tournaments || may_go(j)) {
      ready_.push_back(j);
    } else {
      waiting_[kept++] = j;
    }
  }
  waiting_.resize(kept);
}

void Evolution::breed(std::uint32_t j, int worker) {
  const std::uint32_t place = work_place_ + j;
  Born& born = born_[j];
  if (options_.random_search) {
    genomes_.random(place, draws_[j]);
    born.parent = born.id;
  } else if (next_ < options_.population) {
    genomes_.start(place, born.id, draws_[j]);
    born.parent = born.id;
  } else {
    const std::uint32_t slot = winner(j), child = slot - first_slot_;
    born.parent = child < j ? born_[child].id : population_[slot].id;
    genomes_.copy(child < j ? work_place_ + child : first_place_ + slot, place);
    if (draws_[j].uniform() < options_.mutate_prob) born.mutation = genomes_.mutate(place, draws_[j]);
  }
  identities_[j] = genomes_.identify(place, options_.salt, worker);
  born.size = identities_[j].size;
  if (const ScoreCache* cache = trials_.front().test.cache) cache->prefetch(identities_[j].key);
}

void Evolution::resolve(std::uint32_t j, const Score& score, bool duplicate) {
  born_[j].score = score;
  born_[j].duplicate = duplicate;
  resolved_[j] = 1;
}

/// A candidate comes to a test: its score is known, or it waits.
void Evolution::enter(std::uint32_t j, std::size_t trial) {
  Trial& t = trials_[trial];
  if (t.test.cache) {
    if (const auto known = t.test.cache->find(identities_[j].key)) return leave(j, trial, *known, true);
    const auto twin = [&](std::uint32_t other) { return identities_[other].key == identities_[j].key; };
    if (std::any_of(t.misses.begin(), t.misses.end(), twin)) return t.twins.push_back(j);
  }
  t.misses.push_back(j);
}

/// A candidate has a score in a test: it goes on to the next one, or is done.
void Evolution::leave(std::uint32_t j, std::size_t trial, const Score& score, bool duplicate) {
  born_[j].score.steps += score.steps;
  if (passes(j, trials_[trial].kind, score, duplicate)) enter(j, trial + 1);
}

/// Whether a score leads to the next test; else it decides.
bool Evolution::passes(std::uint32_t j, Trial::Kind kind, const Score& score, bool duplicate) {
  Born& born = born_[j];
  const std::uint64_t steps = born.score.steps;
  if (kind == Trial::Kind::probe) {
    born.likeness = likeness_of(score);
    const auto found = known_scores_.find(born.likeness);
    if (found == known_scores_.end()) return true;
    resolve(j, {found->second, steps, Fate::alike}, duplicate);
  } else if (kind == Trial::Kind::hurdle) {
    born.hurdle = score.fitness;
    if (score.fitness >= bar_) return true;
    resolve(j, {0, steps, Fate::hurdle}, duplicate);
  } else {
    genomes_.keep_trial(work_place_ + j, score.trial);
    resolve(j, {score.fitness, steps, score.fate, score.trial}, duplicate);
  }
  return false;
}

void Evolution::run_misses(Trial& trial, Workers& workers) {
  miss_places_.clear();
  for (const std::uint32_t j : trial.misses) miss_places_.push_back(work_place_ + j);
  scores_.resize(trial.misses.size());
  workers.share(trial.misses.size(), trial.test.judge->part(), [&](std::size_t first, std::size_t last, int worker) {
    trial.test.judge->score(std::span(miss_places_).subspan(first, last - first),
                       std::span(scores_).subspan(first, last - first), worker);
  });
}

/// Runs whoever waits for the first test that someone waits for. False when nobody waits.
bool Evolution::run_trial(Workers& workers) {
  const auto waits = [](const Trial& t) { return !t.misses.empty(); };
  const auto found = std::find_if(trials_.begin(), trials_.end(), waits);
  if (found == trials_.end()) return false;
  const auto trial = static_cast<std::size_t>(found - trials_.begin());
  run_misses(*found, workers);
  const std::vector<std::uint32_t> misses = std::move(found->misses), twins = std::move(found->twins);
  found->misses.clear();
  found->twins.clear();
  const auto score_of = [&](std::uint32_t j) {
    const auto same = [&](std::uint32_t other) { return other == j || identities_[other].key == identities_[j].key; };
    return scores_[static_cast<std::size_t>(std::find_if(misses.begin(), misses.end(), same) - misses.begin())];
  };
  for (std::size_t i = 0; i < misses.size(); ++i) {
    if (found->test.cache) found->test.cache->put(identities_[misses[i]].key, scores_[i]);
  }
  for (std::size_t i = 0; i < misses.size(); ++i) leave(misses[i], trial, scores_[i], false);
  for (const std::uint32_t j : twins) leave(j, trial, score_of(j), true);
  return true;
}

/// The bar follows the population.
void Evolution::raise_bar() {
  std::vector<double> scores;
  for (const Individual& individual : population_) scores.push_back(individual.hurdle);
  std::sort(scores.begin(), scores.end());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  const double rank = percentile_ / 100 * static_cast<double>(scores.size() - 1);
  bar_ = scores[static_cast<std::size_t>(rank)];
}

void Evolution::begin_round() {
  if (next_ < options_.population) return;
  if (has(Trial::Kind::hurdle)) raise_bar();
  if (!has(Trial::Kind::probe)) return;
  Known known;
  for (const Individual& i : population_) {
    if (i.likeness != 0) known.push_back({i.likeness, i.fitness});
  }
  set_known(std::move(known));
}

void Evolution::set_known(Known known) {
  known_scores_.clear();
  known_.clear();
  for (const auto& one : known) {
    if (known_scores_.insert(one).second) known_.push_back(one);
  }
}

void Evolution::close_window() {
  for (std::uint32_t j = 0; j < count_; ++j) {
    genomes_.swap(first_place_ + first_slot_ + j, work_place_ + j);
    population_[first_slot_ + j] = {born_[j].id, born_[j].score.fitness, born_[j].size, born_[j].hurdle,
                                     born_[j].likeness};
  }
  next_ += count_;
}

/// Whose score is known lets others go on, so candidates are run when nobody else can be bred: then many run together.
const std::vector<Born>& Evolution::advance(Workers& workers) {
  open_window();
  if (first_slot_ == 0) begin_round();
  do {
    for (collect_ready(); !ready_.empty(); collect_ready()) {
      workers.share(ready_.size(), kBreedPart, [&](std::size_t first, std::size_t last, int worker) {
        for (std::size_t i = first; i < last; ++i) breed(ready_[i], worker);
      });
      for (const std::uint32_t j : ready_) {
        if (identities_[j].over_limit) {
          resolve(j, {0, 0, Fate::over_limit}, false);
        } else {
          enter(j, 0);
        }
      }
    }
  } while (run_trial(workers));
  close_window();
  return born_;
}

}  // namespace mlz::evolve
