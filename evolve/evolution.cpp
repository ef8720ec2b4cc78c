#include "evolve/evolution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace mlz::evolve {
namespace {

/// Candidates a worker takes at a time where running one takes microseconds.
constexpr std::size_t kManyAtATime = 16;
/// Candidates a worker puts off before it runs what it has.
constexpr std::size_t kMostDelayed = 64;
/// Candidates for each worker that a turn has even when it is past its deadline, so that they seldom wait for each other.
constexpr std::size_t kFew = 8;
/// A worker takes this part of its share of what is left: less towards the end, where they wait for each other.
constexpr std::size_t kPortions = 4;
/// Looks at the others before the processor is given away.
constexpr int kPatience = 200;
constexpr double kNoScore = std::numeric_limits<double>::quiet_NaN();

/// Nobody waits for ever for a score that is not a number.
double sound(double fitness) { return std::isnan(fitness) ? 0 : fitness; }

/// A fingerprint of what a program did in the probe; never 0.
std::uint64_t likeness_of(const Score& score) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(score.fitness) ^ (score.steps * 0x9E3779B97F4A7C15ull);
  return (bits ^ bits >> 29) * 0xBF58476D1CE4E5B9ull | 1;
}

}  // namespace

Evolution::Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
                     const Tests& tests)
    : options_(options), genomes_(genomes), percentile_(tests.percentile),
      part_(tests.all.judge->part() > 1 ? kManyAtATime : 1), population_(options.population),
      places_(options.population), fitness_(std::size_t{options.population} + std::min(options.window, options.population)),
      child_places_(fitness_.size() - options.population) {
  options_.window = static_cast<std::uint32_t>(child_places_.size());
  std::iota(places_.begin(), places_.end(), first_place);
  std::iota(child_places_.begin(), child_places_.end(), work_place);
  if (tests.probe.judge) trials_.push_back({Kind::probe, tests.probe});
  if (tests.hurdle.judge) trials_.push_back({Kind::hurdle, tests.hurdle});
  trials_.push_back({Kind::all, tests.all});
}

bool Evolution::has(Kind kind) const {
  return std::any_of(trials_.begin(), trials_.end(), [&](const Trial& t) { return t.kind == kind; });
}

std::uint32_t Evolution::best_slot() const {
  const auto end = population_.begin() + static_cast<std::ptrdiff_t>(alive());
  const auto best = std::max_element(population_.begin(), end,
                                     [](const Individual& a, const Individual& b) { return a.fitness < b.fitness; });
  return static_cast<std::uint32_t>(best - population_.begin());
}

void Evolution::adopt(std::uint32_t slot, const Individual& individual) {
  population_[slot] = individual;
  fitness_[slot].store(sound(individual.fitness), std::memory_order_relaxed);
}

void Evolution::open_window(std::size_t workers) {
  first_slot_ = static_cast<std::uint32_t>(next_ % options_.population);
  count_ = std::min(options_.window, options_.population - first_slot_);
  tournaments_ = next_ >= options_.population && !options_.random_search;
  born_.resize(count_);
  identities_.resize(count_);
  for (std::uint32_t j = 0; j < count_; ++j) child_fitness(j).store(kNoScore, std::memory_order_relaxed);
  hands_.resize(workers);
  for (Hand& hand : hands_) {
    hand.queues.resize(trials_.size());
    hand.waited = {};
  }
  taken_ = 0;
}

/// Draws a candidate's tournament. The highest fitness wins, of equals the first drawn. A slot before its own in this
/// window holds a new child.
void Evolution::prepare(Hand& hand, std::uint32_t j) {
  Draws draws(options_.seed, options_.experiment, options_.island, next_ + j);
  std::uint32_t best = 0;
  double fitness = -std::numeric_limits<double>::infinity();
  for (std::uint32_t t = 0; tournaments_ && t < options_.tournament; ++t) {
    const std::uint32_t slot = draws.below(options_.population);
    const std::uint32_t child = slot - first_slot_;  // wraps to a large number for slots before the window
    const double other = fitness_[child < j ? options_.population + child : slot].load(std::memory_order_acquire);
    if (std::isnan(other)) return hand.delayed.push_back({j, child});
    best = other > fitness ? slot : best;
    fitness = other > fitness ? other : fitness;
  }
  const std::uint32_t child = best - first_slot_;
  hand.ready.push_back({j, best, child < j ? child_places_[child] : places_[best], draws});
}

/// Whether any candidate that was put off can go on.
bool Evolution::take_up_delayed(Hand& hand) {
  const std::size_t before = hand.delayed.size();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < before; ++i) {
    const Delayed one = hand.delayed[i];
    if (std::isnan(child_fitness(one.blocker).load(std::memory_order_relaxed))) {
      hand.delayed[kept++] = one;
    } else {
      prepare(hand, one.candidate);
    }
  }
  hand.delayed.erase(hand.delayed.begin() + static_cast<std::ptrdiff_t>(kept),
                     hand.delayed.begin() + static_cast<std::ptrdiff_t>(before));
  return !hand.ready.empty();
}

/// Whether there were new candidates to take.
bool Evolution::take_up_new(Hand& hand) {
  if (hand.delayed.size() >= kMostDelayed) return false;
  const std::uint32_t before = taken_.load(std::memory_order_relaxed);
  if (before >= count_ || (before >= kFew * hands_.size() && Clock::now() > deadline_)) return false;
  const std::size_t fair = (count_ - before) / (kPortions * hands_.size());
  const auto part = static_cast<std::uint32_t>(std::clamp<std::size_t>(fair, 1, part_));
  const std::uint32_t first = taken_.fetch_add(part);
  for (std::uint32_t j = first; j < std::min(first + part, count_); ++j) prepare(hand, j);
  return first < count_;
}

void Evolution::breed(const Ready& ready, int worker) {
  const std::uint32_t j = ready.candidate, place = child_places_[j];
  Draws draws = ready.draws;
  Born& born = born_[j];
  born = {};
  born.id = born.parent = next_ + j;
  born.slot = first_slot_ + j;
  if (tournaments_) {
    const std::uint32_t child = ready.slot - first_slot_;
    born.parent = child < j ? next_ + child : population_[ready.slot].id;
    genomes_.copy(ready.parent, place);
    if (draws.uniform() < options_.mutate_prob) born.mutation = genomes_.mutate(place, draws);
  } else if (options_.random_search) {
    genomes_.random(place, draws);
  } else {
    genomes_.start(place, born.id, draws);
  }
  identities_[j] = genomes_.identify(place, options_.salt, worker);
  born.size = identities_[j].size;
  if (const ScoreCache* cache = trials_.front().test.cache) cache->prefetch(identities_[j].key);
}

/// Breeds all before the first is looked up, so that what is known of it has time to come from memory.
void Evolution::breed_ready(Hand& hand) {
  for (std::size_t i = 0; i < hand.ready.size(); ++i) {
    if (tournaments_ && i + 2 < hand.ready.size()) genomes_.expect_copy(hand.ready[i + 2].parent);
    breed(hand.ready[i], hand.worker);
  }
  for (const Ready& ready : hand.ready) {
    const std::uint32_t j = ready.candidate;
    if (identities_[j].over_limit) {
      resolve(j, {0, 0, Fate::over_limit}, false);
    } else {
      enter(hand, j, 0);
    }
  }
  hand.ready.clear();
}

/// From now on others may have the candidate for a parent.
void Evolution::resolve(std::uint32_t j, const Score& score, bool duplicate) {
  born_[j].score = score;
  born_[j].duplicate = duplicate;
  child_fitness(j).store(sound(score.fitness), std::memory_order_release);
}

/// A candidate comes to a test: its score is known, or it waits.
void Evolution::enter(Hand& hand, std::uint32_t j, std::size_t trial) {
  const Tests::Test& test = trials_[trial].test;
  Hand::Queue& queue = hand.queues[trial];
  if (test.cache) {
    if (const auto known = test.cache->find(identities_[j].key)) return leave(hand, j, trial, *known, true);
    const auto twin = [&](std::uint32_t other) { return identities_[other].key == identities_[j].key; };
    if (std::any_of(queue.misses.begin(), queue.misses.end(), twin)) return queue.twins.push_back(j);
  }
  queue.misses.push_back(j);
}

/// A candidate has a score in a test: it goes on to the next one, or is done.
void Evolution::leave(Hand& hand, std::uint32_t j, std::size_t trial, const Score& score, bool duplicate) {
  born_[j].score.steps += score.steps;
  if (passes(j, trials_[trial].kind, score, duplicate)) enter(hand, j, trial + 1);
}

/// Whether a score leads to the next test; else it decides.
bool Evolution::passes(std::uint32_t j, Kind kind, const Score& score, bool duplicate) {
  Born& born = born_[j];
  const std::uint64_t steps = born.score.steps;
  if (kind == Kind::probe) {
    born.likeness = likeness_of(score);
    const auto found = known_scores_.find(born.likeness);
    if (found == known_scores_.end()) return true;
    resolve(j, {found->second, steps, Fate::alike}, duplicate);
  } else if (kind == Kind::hurdle) {
    born.hurdle = score.fitness;
    if (score.fitness >= bar_) return true;
    resolve(j, {0, steps, Fate::hurdle}, duplicate);
  } else {
    genomes_.keep_trial(child_places_[j], score.trial);
    resolve(j, {score.fitness, steps, score.fate, score.trial}, duplicate);
  }
  return false;
}

/// Runs who waits for a test that at least so many wait for. False when there is none.
bool Evolution::run_trial(Hand& hand, std::size_t least) {
  const auto enough = [&](const Hand::Queue& q) { return !q.misses.empty() && q.misses.size() >= least; };
  const auto found = std::find_if(hand.queues.begin(), hand.queues.end(), enough);
  if (found == hand.queues.end()) return false;
  run_misses(hand, static_cast<std::size_t>(found - hand.queues.begin()));
  return true;
}

void Evolution::run_misses(Hand& hand, std::size_t trial) {
  std::swap(hand.running, hand.queues[trial].misses);
  std::swap(hand.matched, hand.queues[trial].twins);
  hand.places.clear();
  for (const std::uint32_t j : hand.running) hand.places.push_back(child_places_[j]);
  hand.scores.resize(hand.places.size());
  const Tests::Test& test = trials_[trial].test;
  test.judge->score(hand.places, hand.scores, hand.worker);
  for (std::size_t i = 0; i < hand.running.size(); ++i) {
    if (test.cache) test.cache->put(identities_[hand.running[i]].key, hand.scores[i]);
    leave(hand, hand.running[i], trial, hand.scores[i], false);
  }
  for (const std::uint32_t j : hand.matched) {
    const auto same = [&](std::uint32_t other) { return identities_[other].key == identities_[j].key; };
    const auto twin = std::find_if(hand.running.begin(), hand.running.end(), same);
    leave(hand, j, trial, hand.scores[static_cast<std::size_t>(twin - hand.running.begin())], true);
  }
  hand.running.clear();
  hand.matched.clear();
}

/// One worker's share of a window. Candidates are run when many wait for it, or when a worker has nothing else to do: then
/// the others do so too, as they may have what it waits for.
void Evolution::work(Hand& hand) {
  const std::size_t full = trials_.back().test.judge->part();
  while (!failed_.load(std::memory_order_relaxed)) {
    const bool went_on = take_up_delayed(hand) | take_up_new(hand);
    breed_ready(hand);
    const bool hurry = !went_on || idle_.load(std::memory_order_relaxed) > 0;
    if (run_trial(hand, hurry ? 1 : full) || went_on) continue;
    if (hand.delayed.empty()) return;
    await_others(hand);
  }
}

/// Waits until a candidate that was put off can go on.
void Evolution::await_others(Hand& hand) {
  const auto began = Clock::now();
  ++idle_;
  const auto has_score = [&](const Delayed& d) {
    return !std::isnan(child_fitness(d.blocker).load(std::memory_order_relaxed));
  };
  for (int looks = 0; !failed_.load(std::memory_order_relaxed); ++looks) {
    if (std::any_of(hand.delayed.begin(), hand.delayed.end(), has_score)) break;
    if (looks > kPatience) std::this_thread::yield();
  }
  --idle_;
  hand.waited += Clock::now() - began;
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
  if (has(Kind::hurdle)) raise_bar();
  if (!has(Kind::probe)) return;
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

/// The children take the places of those they replace.
void Evolution::close_window() {
  count_ = std::min(count_, taken_.load());
  born_.resize(count_);
  for (std::uint32_t j = 0; j < count_; ++j) {
    const std::uint32_t slot = first_slot_ + j;
    const Born& born = born_[j];
    std::swap(places_[slot], child_places_[j]);
    adopt(slot, {born.id, born.score.fitness, born.size, born.hurdle, born.likeness});
  }
  next_ += count_;
}

/// Leads all workers through a window, or the caller alone.
void Evolution::share(Workers& workers) {
  const auto began = Clock::now();
  auto first_done = began;
  workers.share(hands_.size(), 1, [&](std::size_t, std::size_t, int worker) {
    Hand& hand = hands_[hands_.size() == 1 ? 0 : static_cast<std::size_t>(worker)];
    hand.worker = worker;
    try {
      work(hand);
    } catch (...) {
      failed_ = true;  // nobody waits for what this worker has
      throw;
    }
    if (worker == 0) first_done = Clock::now();
  });
  const auto ended = Clock::now();
  const std::chrono::duration<double> all = ended - began, waited = ended - first_done + hands_[0].waited;
  if (workers.count() > 1) teamwork_.learn(began, ended, count_, waited / all);
}

const std::vector<Born>& Evolution::advance(Workers& workers, Clock::time_point deadline) {
  deadline_ = deadline;
  open_window(teamwork_.together() ? static_cast<std::size_t>(workers.count()) : 1);
  if (first_slot_ == 0) begin_round();
  share(workers);
  close_window();
  return born_;
}

}  // namespace mlz::evolve
