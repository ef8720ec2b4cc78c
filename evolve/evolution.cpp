#include "evolve/evolution.hpp"

#include <algorithm>

namespace mlz::evolve {
namespace {

/// Candidates bred per turn of a worker.
constexpr std::size_t kBreedPart = 16;

}  // namespace

Evolution::Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
                     Judge& judge, ScoreCache* cache, Hurdle hurdle)
    : options_(options), genomes_(genomes), first_place_(first_place), work_place_(work_place),
      hurdle_percentile_(hurdle.percentile), population_(options.population) {
  options_.window = std::min(options_.window, options_.population);
  if (hurdle.judge) trials_.push_back({hurdle.judge, hurdle.cache, {}, {}});
  trials_.push_back({&judge, cache, {}, {}});
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
bool Evolution::may_go(std::uint32_t j) const {
  if (!meets_children_[j]) return true;
  const std::uint32_t* entrants = &entrants_[std::size_t{j} * options_.tournament];
  for (std::uint32_t t = 0; t < options_.tournament; ++t) {
    const std::uint32_t child = entrants[t] - first_slot_;  // wraps to a large number for slots before the window
    if (child < j && !resolved_[child]) return false;
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
  if (const ScoreCache* cache = trials_.front().cache) cache->prefetch(identities_[j].key);
}

void Evolution::resolve(std::uint32_t j, const Score& score, bool duplicate) {
  born_[j].score = score;
  born_[j].duplicate = duplicate;
  resolved_[j] = 1;
}

/// A candidate comes to a test: its score is known, or it waits.
void Evolution::enter(std::uint32_t j, std::size_t trial) {
  Trial& t = trials_[trial];
  if (t.cache) {
    if (const auto known = t.cache->find(identities_[j].key)) return leave(j, trial, *known, true);
    const auto twin = [&](std::uint32_t other) { return identities_[other].key == identities_[j].key; };
    if (std::any_of(t.misses.begin(), t.misses.end(), twin)) return t.twins.push_back(j);
  }
  t.misses.push_back(j);
}

/// A candidate has a score in a test. The hurdle leads to the test for all.
void Evolution::leave(std::uint32_t j, std::size_t trial, const Score& score, bool duplicate) {
  if (trial + 1 == trials_.size()) {
    const std::uint64_t before = born_[j].score.steps;  // those of the hurdle
    return resolve(j, {score.fitness, score.steps + before, score.fate}, duplicate);
  }
  born_[j].hurdle = score.fitness;
  born_[j].score.steps = score.steps;
  if (score.fitness >= bar_) return enter(j, trial + 1);
  resolve(j, {0, score.steps, Fate::hurdle}, duplicate);
}

void Evolution::run_misses(Trial& trial, Workers& workers) {
  miss_places_.clear();
  for (const std::uint32_t j : trial.misses) miss_places_.push_back(work_place_ + j);
  scores_.resize(trial.misses.size());
  workers.share(trial.misses.size(), trial.judge->part(), [&](std::size_t first, std::size_t last, int worker) {
    trial.judge->score(std::span(miss_places_).subspan(first, last - first),
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
    if (found->cache) found->cache->put(identities_[misses[i]].key, scores_[i]);
  }
  for (std::size_t i = 0; i < misses.size(); ++i) leave(misses[i], trial, scores_[i], false);
  for (const std::uint32_t j : twins) leave(j, trial, score_of(j), true);
  return true;
}

/// A round begins: the bar follows the population.
void Evolution::raise_bar() {
  if (!has_hurdle() || next_ < options_.population) return;
  std::vector<double> scores;
  for (const Individual& individual : population_) scores.push_back(individual.hurdle);
  std::sort(scores.begin(), scores.end());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  const double rank = hurdle_percentile_ / 100 * static_cast<double>(scores.size() - 1);
  bar_ = scores[static_cast<std::size_t>(rank)];
}

void Evolution::close_window() {
  for (std::uint32_t j = 0; j < count_; ++j) {
    genomes_.swap(first_place_ + first_slot_ + j, work_place_ + j);
    population_[first_slot_ + j] = {born_[j].id, born_[j].score.fitness, born_[j].size, born_[j].hurdle};
  }
  next_ += count_;
}

/// Whose score is known lets others go on, so candidates are run when nobody else can be bred: then many run together.
const std::vector<Born>& Evolution::advance(Workers& workers) {
  open_window();
  if (first_slot_ == 0) raise_bar();
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
