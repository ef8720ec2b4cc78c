#include "evolve/outer/fme.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "evolve/outer/outer_draws.hpp"

namespace mlz::outer {
namespace {

using Child = FmeOptions::Child;

// Samplers of a generation: candidate k has k for its noise, and these plus k for what else is drawn.
constexpr std::size_t kChoice = 1U << 28, kFresh = 1U << 29;

}  // namespace

Fme::Fme(Vector first, const FmeOptions& options, std::vector<char> handed_on, Draw draw)
    : options_(options), handed_on_(std::move(handed_on)), draw_(std::move(draw)), first_(std::move(first)),
      pool_(options.pool) {
  if (options_.founders == 0 || options_.ahead == 0 || handed_on_.size() != first_.size()) {
    throw std::invalid_argument("fitness monotonic execution needs a founder, a run, and to know what is handed on");
  }
  choose();
}

/// Founders come first. While no run has left a solution, the first one goes on.
void Fme::choose() {
  chosen_.clear();
  for (std::size_t k = 0; k < options_.ahead; ++k) {
    if (founders_begun_ < static_cast<std::int64_t>(options_.founders)) {
      chosen_.push_back({-1 - founders_begun_++, 0});
    } else if (pool_.solutions().empty()) {
      chosen_.push_back({-1, 0});
    } else {
      const Solution& parent = pool_.choose(outer_key(options_.seed, generation_, kChoice + k));
      chosen_.push_back({parent.number, parent.performance});
    }
  }
}

Vector Fme::drawn(std::int64_t generation, std::size_t k) const {
  const Vector fresh = draw_(draw_bits(outer_key(options_.seed, generation, kFresh + k)));
  Vector numbers = first_;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (handed_on_[i]) numbers[i] = fresh.at(i);
  }
  return numbers;
}

/// Draws of a generation before the first.
Vector Fme::founder(std::int64_t k) const { return k == 0 ? first_ : drawn(-1, static_cast<std::size_t>(k)); }

Vector Fme::candidate(std::size_t k) const {
  const Chosen& parent = chosen_[k];
  if (parent.founder()) return founder(-1 - parent.number);
  if (options_.child == Child::fresh) return drawn(generation_, k);
  Vector numbers = pool_.find(parent.number)->numbers;
  if (options_.child != Child::noise) return numbers;
  Vector noise(numbers.size());
  draw_normal(outer_key(options_.seed, generation_, k), 0, options_.sigma, noise);
  for (std::size_t i = 0; i < noise.size(); ++i) numbers[i] += handed_on_[i] ? noise[i] : 0;
  return numbers;
}

std::vector<Vector> Fme::ask() const {
  std::vector<Vector> candidates;
  for (std::size_t k = 0; k < chosen_.size(); ++k) candidates.push_back(candidate(k));
  return candidates;
}

/// Clips what is beyond the bound; false when the numbers must be dropped.
bool Fme::within_bound(Vector& numbers) const {
  if (options_.bound <= 0) return true;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!handed_on_[i] || std::abs(numbers[i]) <= options_.bound) continue;
    if (options_.drop_beyond) return false;
    numbers[i] = std::clamp(numbers[i], -options_.bound, options_.bound);
  }
  return true;
}

/// `child` is empty where the run failed.
void Fme::take(const Chosen& parent, double score, Vector child) {
  const bool parent_ran = options_.child == Child::modified || options_.child == Child::parent;
  const bool replaces = options_.parents == FmeOptions::Parents::replace;
  if (!parent.founder() && parent_ran && options_.parents == FmeOptions::Parents::rescore) {
    pool_.add_score(parent.number, score);
  }
  if (parent.founder() && !child.empty() && !replaces) pool_.insert(founder(-1 - parent.number), score);
  if (child.empty() || !within_bound(child)) {
    ++dropped_;
    return;
  }
  if (replaces) pool_.remove(parent.number);
  const double own = parent.founder() ? 1 : options_.own_share;
  pool_.insert(std::move(child), own * score + (1 - own) * parent.performance);
}

void Fme::tell_lived(std::span<const double> losses, std::span<const Vector> finals) {
  if (losses.size() != chosen_.size() || finals.size() != chosen_.size()) {
    throw std::invalid_argument("a loss and a final vector are needed for every candidate");
  }
  const std::vector<Vector> candidates = ask();
  for (std::size_t k = 0; k < losses.size(); ++k) {
    if (!finals[k].empty() && finals[k].size() != first_.size()) {
      throw std::invalid_argument("a final vector has the wrong size");
    }
    const bool keeps_final = options_.child == Child::modified || finals[k].empty();
    take(chosen_[k], -losses[k], keeps_final ? finals[k] : candidates[k]);
  }
  ++generation_;
  choose();
}

std::map<std::string, double> Fme::notes() const {
  return {{"solutions", static_cast<double>(pool_.solutions().size())},
          {"top", pool_.solutions().empty() ? 0 : pool_.best().performance},
          {"dropped", static_cast<double>(dropped_)}};
}

LoopState Fme::saved() const {
  LoopState state{generation_, {{"first", first_}}};
  state.parts["counts"] = {static_cast<double>(dropped_), static_cast<double>(founders_begun_)};
  Vector& chosen = state.parts["chosen"];
  for (const Chosen& one : chosen_) {
    chosen.push_back(static_cast<double>(one.number));
    chosen.push_back(one.performance);
  }
  pool_.save(state);
  return state;
}

void Fme::restore(const LoopState& state) {
  first_ = state.part("first", first_.size());
  dropped_ = static_cast<std::int64_t>(state.part("counts", 2)[0]);
  founders_begun_ = static_cast<std::int64_t>(state.part("counts", 2)[1]);
  pool_.restore(state, first_.size());
  const Vector& chosen = state.part("chosen", 2 * options_.ahead);
  for (std::size_t k = 0; k < options_.ahead; ++k) {
    chosen_[k] = {static_cast<std::int64_t>(chosen[2 * k]), chosen[2 * k + 1]};
    const std::int64_t number = chosen_[k].number;
    const bool known = chosen_[k].founder() ? -number <= founders_begun_ : pool_.find(number) != nullptr;
    if (!known) throw std::invalid_argument("a chosen solution is not in the pool");
  }
  generation_ = state.generation;
}

}  // namespace mlz::outer
