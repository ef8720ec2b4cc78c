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
  pool_.insert(first_, 0);
  for (std::size_t k = 1; k < options_.founders; ++k) pool_.insert(drawn(options_.ahead + k), 0);
  choose();
}

void Fme::choose() {
  chosen_.clear();
  for (std::size_t k = 0; k < options_.ahead; ++k) {
    const Solution& parent = pool_.choose(outer_key(options_.seed, generation_, kChoice + k));
    chosen_.push_back({parent.number, parent.performance});
  }
}

/// Founders come after the candidates of generation 0.
Vector Fme::drawn(std::size_t k) const {
  const Vector fresh = draw_(draw_bits(outer_key(options_.seed, generation_, kFresh + k)));
  Vector numbers = first_;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (handed_on_[i]) numbers[i] = fresh.at(i);
  }
  return numbers;
}

std::vector<Vector> Fme::ask() const {
  std::vector<Vector> candidates;
  Vector noise(first_.size());
  for (std::size_t k = 0; k < chosen_.size(); ++k) {
    candidates.push_back(options_.child == Child::fresh ? drawn(k) : pool_.find(chosen_[k].number)->numbers);
    if (options_.child != Child::noise) continue;
    draw_normal(outer_key(options_.seed, generation_, k), 0, options_.sigma, noise);
    for (std::size_t i = 0; i < noise.size(); ++i) candidates[k][i] += handed_on_[i] ? noise[i] : 0;
  }
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

void Fme::take(const Chosen& parent, double score, const Vector& child) {
  const bool parent_ran = options_.child == Child::modified || options_.child == Child::parent;
  if (parent_ran && options_.parents == FmeOptions::Parents::rescore) pool_.add_score(parent.number, score);
  Vector numbers = child;
  if (numbers.empty() || !within_bound(numbers)) {
    ++dropped_;
    return;
  }
  if (options_.parents == FmeOptions::Parents::replace) pool_.remove(parent.number);
  pool_.insert(std::move(numbers), options_.own_share * score + (1 - options_.own_share) * parent.performance);
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
          {"top", pool_.best().performance},
          {"dropped", static_cast<double>(dropped_)}};
}

LoopState Fme::saved() const {
  LoopState state{generation_, {{"first", first_}, {"dropped", {static_cast<double>(dropped_)}}}};
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
  dropped_ = static_cast<std::int64_t>(state.part("dropped", 1)[0]);
  pool_.restore(state, first_.size());
  const Vector& chosen = state.part("chosen", 2 * options_.ahead);
  for (std::size_t k = 0; k < options_.ahead; ++k) {
    chosen_[k] = {static_cast<std::int64_t>(chosen[2 * k]), chosen[2 * k + 1]};
    if (!pool_.find(chosen_[k].number)) throw std::invalid_argument("a chosen solution is not in the pool");
  }
  generation_ = state.generation;
}

}  // namespace mlz::outer
