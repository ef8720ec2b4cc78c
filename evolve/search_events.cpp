#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evolve/search.hpp"

namespace mlz::evolve {
namespace {

using Json = nlohmann::ordered_json;

/// About ninety of every tenfold, so that a log grows with the logarithm of the run.
bool logged(std::uint64_t generation) {
  std::uint64_t step = 1;
  for (std::uint64_t g = generation; g >= 100; g /= 10) step *= 10;
  return generation % step == 0;
}

}  // namespace

Totals& Totals::operator+=(const Totals& more) {
  evaluations += more.evaluations;
  generations += more.generations;
  train_steps += more.train_steps;
  duplicates += more.duplicates;
  for (std::size_t k = 0; k < fates.size(); ++k) fates[k] += more.fates[k];
  return *this;
}

/// Takes stock of a candidate. Islands do so side by side, so records are those from before their turns.
void Search::count(const Born& b, Turn& turn) const {
  const bool known_size = b.size < best_by_size_.size();
  if (b.score.fitness > state_.peak.search || b.score.fitness > (known_size ? best_by_size_[b.size] : 0)) {
    turn.notable.emplace_back(turn.total.evaluations, b);
  }
  ++turn.total.evaluations;
  turn.total.train_steps += b.score.steps;
  ++turn.total.fates[static_cast<std::size_t>(b.score.fate)];
  turn.total.duplicates += b.duplicate ? 1 : 0;
}

/// Looks whether a candidate sets a record; its genome is in its slot.
void Search::take_note(const Born& b, const Evolution& island) {
  if (b.score.fitness > state_.peak.search) new_peak(b, island);
  if (b.size >= best_by_size_.size()) best_by_size_.resize(b.size + 1, 0);
  if (b.score.fitness > best_by_size_[b.size]) new_front(b, island);
}

void Search::new_peak(const Born& b, const Evolution& island) {
  state_.peak = {b.score.fitness, -1, state_.experiment, b.id, b.size, genomes_->text(island.place(b.slot))};
  Json json;
  json["experiment"] = state_.experiment;
  json["candidate"] = b.id;
  json["parent"] = b.parent;
  json["mutation"] = genomes_->mutation_name(b.mutation);
  json["search"] = b.score.fitness;
  json["size"] = b.size;
  json["program"] = state_.peak.text;
  listener_.lineage(json.dump());
}

/// Keeps for each size the best program, as long as no smaller one is as good. The table is rebuilt from the hall of
/// fame after a restart.
void Search::new_front(const Born& b, const Evolution& island) {
  for (const Champion& c : state_.front) {
    for (std::size_t size = c.size; size < best_by_size_.size(); ++size) {
      best_by_size_[size] = std::max(best_by_size_[size], c.search);
    }
  }
  if (!(b.score.fitness > best_by_size_[b.size])) return;
  std::erase_if(state_.front, [&](const Champion& c) { return c.size >= b.size && c.search <= b.score.fitness; });
  state_.front.push_back({b.score.fitness, -1, state_.experiment, b.id, b.size, genomes_->live_text(island.place(b.slot))});
  std::sort(state_.front.begin(), state_.front.end(), [](const auto& a, const auto& c) { return a.size < c.size; });
  for (std::size_t size = b.size; size < best_by_size_.size(); ++size) {
    best_by_size_[size] = std::max(best_by_size_[size], b.score.fitness);
  }
}

double Search::best_fitness() const {
  if (config_.search == "random") return state_.peak.search;
  double best = -1;
  for (const Evolution& island : islands_) {
    if (island.alive() > 0) best = std::max(best, island.population()[island.best_slot()].fitness);
  }
  return best;
}

/// The best of the final population on the search problems; of random search the best ever seen.
Champion Search::experiment_best() const {
  if (config_.search == "random") return state_.peak;
  Champion best;
  best.search = -1;
  for (const Evolution& island : islands_) {
    if (island.alive() == 0) continue;
    const std::uint32_t slot = island.best_slot();
    const Individual& individual = island.population()[slot];
    if (!(individual.fitness > best.search)) continue;
    best = {individual.fitness, -1, state_.experiment, individual.id, individual.size,
            genomes_->text(island.place(slot))};
  }
  return best;
}

void Search::log_generation() {
  const std::uint64_t done = state_.total.generations - state_.before.generations;
  if (!logged(done)) return;
  double best = 0, sum = 0;
  for (const Evolution& island : islands_) {
    best = std::max(best, island.population()[island.best_slot()].fitness);
    for (const Individual& individual : island.population()) sum += individual.fitness;
  }
  Json json;
  json["event"] = "generation";
  json["experiment"] = state_.experiment;
  json["generation"] = done;
  json["evaluations"] = state_.total.evaluations;
  json["train_steps"] = state_.total.train_steps;
  json["best"] = best;
  json["mean"] = sum / static_cast<double>(islands_.size() * population());
  json["best_ever"] = state_.peak.search;
  for (std::size_t f = 0; f < kFates; ++f) json[fate_name(static_cast<Fate>(f))] = state_.total.fates[f];
  listener_.log(json.dump());
}

void Search::log_experiment(const Champion& champion) {
  Json json;
  json["event"] = "experiment";
  json["experiment"] = champion.experiment;
  json["generations"] = state_.total.generations - state_.before.generations;
  json["evaluations"] = state_.total.evaluations;
  json["train_steps"] = state_.total.train_steps;
  json["search"] = champion.search;
  json["select"] = champion.select;
  json["candidate"] = champion.id;
  json["size"] = champion.size;
  json["program"] = champion.text;
  listener_.log(json.dump());
}

/// Every island hands a share of its population, drawn at random, to a pool, and then replaces as many of its programs
/// by draws from the pool (Real et al. 2020, section 3.2). The places replaced are drawn as well.
void Search::migrate() {
  const std::uint32_t share = migrants();
  std::vector<Individual> pool;
  const std::uint64_t round = state_.total.generations - state_.before.generations;
  const auto draws_of = [&](std::uint32_t island, std::uint32_t side) {
    return Draws(static_cast<std::uint64_t>(config_.seed) ^ 0x6D69677261746500ull, state_.experiment, 2 * island + side, round);
  };
  for (std::uint32_t i = 0; i < islands_.size(); ++i) {
    Draws draws = draws_of(i, 0);
    for (std::uint32_t k = 0; k < share; ++k) {
      const std::uint32_t slot = draws.below(population());
      genomes_->copy(islands_[i].place(slot), pool_place() + static_cast<std::uint32_t>(pool.size()));
      pool.push_back(islands_[i].population()[slot]);
    }
  }
  for (std::uint32_t i = 0; i < islands_.size() && !pool.empty(); ++i) {
    Draws draws = draws_of(i, 1);
    for (std::uint32_t k = 0; k < share; ++k) {
      const std::uint32_t chosen = draws.below(static_cast<std::uint32_t>(pool.size()));
      const std::uint32_t slot = draws.below(population());
      genomes_->copy(pool_place() + chosen, islands_[i].place(slot));
      islands_[i].adopt(slot, pool[chosen]);
    }
  }
}

}  // namespace mlz::evolve
