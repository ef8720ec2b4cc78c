#include "evolve/evolution.hpp"

#include <algorithm>

namespace mlz::evolve {
namespace {

/// Candidates bred per turn of a worker.
constexpr std::size_t kBreedPart = 16;

}  // namespace

Evolution::Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
                     Judge& judge, ScoreCache* cache, Workers& workers, Hurdle hurdle)
    : options_(options), genomes_(genomes), first_place_(first_place), work_place_(work_place), judge_(judge),
      cache_(cache), workers_(workers), hurdle_(hurdle), population_(options.population) {
  options_.window = std::min(options_.window, options_.population);
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
  if (cache_) cache_->prefetch(identities_[j].key);
}

void Evolution::resolve(std::uint32_t j, const Score& score, bool duplicate) {
  born_[j].score = score;
  born_[j].duplicate = duplicate;
  resolved_[j] = 1;
}

/// The ready programs that may run are pending.
void Evolution::refuse() {
  pending_.clear();
  for (const std::uint32_t j : ready_) {
    if (identities_[j].over_limit) {
      resolve(j, {0, 0, Fate::over_limit}, false);
    } else {
      pending_.push_back(j);
    }
  }
}

void Evolution::run_misses(Judge& judge) {
  miss_places_.clear();
  for (const std::uint32_t j : misses_) miss_places_.push_back(work_place_ + j);
  scores_.resize(misses_.size());
  workers_.share(misses_.size(), judge.part(), [&](std::size_t first, std::size_t last, int worker) {
    judge.score(std::span(miss_places_).subspan(first, last - first), std::span(scores_).subspan(first, last - first),
                worker);
  });
}

/// Scores what is pending, each fingerprint once where there is a cache; the scores are in found_.
void Evolution::find_scores(Judge& judge, ScoreCache* cache) {
  misses_.clear();
  found_.clear();
  twins_.clear();
  const auto miss_of = [&](std::uint32_t j) {
    return std::find_if(misses_.begin(), misses_.end(),
                        [&](std::uint32_t other) { return identities_[other].key == identities_[j].key; });
  };
  for (const std::uint32_t j : pending_) {
    if (const auto known = cache ? cache->find(identities_[j].key) : std::nullopt) {
      found_.push_back({j, *known, true});
    } else if (cache && miss_of(j) != misses_.end()) {
      twins_.push_back(j);
    } else {
      misses_.push_back(j);
    }
  }
  run_misses(judge);
  for (std::size_t i = 0; i < misses_.size(); ++i) {
    found_.push_back({misses_[i], scores_[i], false});
    if (cache) cache->put(identities_[misses_[i]].key, scores_[i]);
  }
  for (const std::uint32_t j : twins_) {
    found_.push_back({j, scores_[static_cast<std::size_t>(miss_of(j) - misses_.begin())], true});
  }
}

/// Leaves pending who clears the hurdle.
void Evolution::clear_hurdle() {
  find_scores(*hurdle_.judge, hurdle_.cache);
  pending_.clear();
  for (const Found& f : found_) {
    born_[f.j].hurdle = f.score.fitness;
    born_[f.j].score.steps = f.score.steps;
    if (f.score.fitness >= bar_) {
      pending_.push_back(f.j);
    } else {
      resolve(f.j, {0, f.score.steps, Fate::hurdle}, f.known);
    }
  }
}

void Evolution::score_pending() {
  find_scores(judge_, cache_);
  for (const Found& f : found_) {
    Score score = f.score;
    score.steps += born_[f.j].score.steps;  // those of the hurdle
    resolve(f.j, score, f.known);
  }
}

/// A round begins: the bar follows the population.
void Evolution::raise_bar() {
  if (!hurdle_.judge || next_ < options_.population) return;
  std::vector<double> scores;
  for (const Individual& individual : population_) scores.push_back(individual.hurdle);
  std::sort(scores.begin(), scores.end());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  const double rank = hurdle_.percentile / 100 * static_cast<double>(scores.size() - 1);
  bar_ = scores[static_cast<std::size_t>(rank)];
}

void Evolution::close_window() {
  for (std::uint32_t j = 0; j < count_; ++j) {
    genomes_.swap(first_place_ + first_slot_ + j, work_place_ + j);
    population_[first_slot_ + j] = {born_[j].id, born_[j].score.fitness, born_[j].size, born_[j].hurdle};
  }
  next_ += count_;
}

const std::vector<Born>& Evolution::advance() {
  open_window();
  if (first_slot_ == 0) raise_bar();
  while (!waiting_.empty()) {
    collect_ready();
    workers_.share(ready_.size(), kBreedPart, [&](std::size_t first, std::size_t last, int worker) {
      for (std::size_t i = first; i < last; ++i) breed(ready_[i], worker);
    });
    refuse();
    if (hurdle_.judge) clear_hurdle();
    score_pending();
  }
  close_window();
  return born_;
}

}  // namespace mlz::evolve
