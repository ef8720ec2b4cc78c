#include "evolve/outer/fme_pool.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace mlz::outer {
namespace {

using Kind = PoolOptions::Kind;

/// The place that a draw from 0 to 1 falls on when places are as wide as their weights.
std::size_t fallen_on(const std::vector<double>& weights, double draw) {
  double left = draw * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0)) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

std::int64_t whole(double number) {
  if (!(std::abs(number) < 9e15)) throw std::invalid_argument("a count is out of range");
  return static_cast<std::int64_t>(number);
}

}  // namespace

FmePool::FmePool(const PoolOptions& options) : options_(options) {
  if (options_.kind != Kind::buckets) options_.buckets = 1;
  if (options_.kind == Kind::best) options_.capacity = 1;
  if (options_.capacity == 0 || options_.buckets == 0) throw std::invalid_argument("a pool needs room and buckets");
}

std::size_t FmePool::bucket(const Solution& solution) const {
  const double last = static_cast<double>(options_.buckets - 1);
  const double place = std::floor(solution.performance * static_cast<double>(options_.buckets));
  return static_cast<std::size_t>(std::clamp(place, 0.0, last));
}

double FmePool::log_weight(std::size_t bucket) const {
  const auto b = static_cast<double>(bucket);
  return options_.weight == PoolOptions::Weight::power ? options_.kappa * std::log(b + 1) : b / options_.tau;
}

std::vector<double> FmePool::weights() const {
  std::vector<double> weights(solutions_.size(), 1);
  if (options_.kind == Kind::rewards) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] = std::max(solutions_[i].performance, 0.0) + options_.epsilon;
    }
  }
  if (options_.kind != Kind::buckets) return weights;
  std::vector<double> members(options_.buckets);
  std::size_t highest = 0;
  for (const Solution& solution : solutions_) {
    ++members[bucket(solution)];
    highest = std::max(highest, bucket(solution));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t b = bucket(solutions_[i]);
    weights[i] = std::exp(log_weight(b) - log_weight(highest)) / (options_.weigh_solutions ? 1 : members[b]);
  }
  return weights;
}

/// Of a bucket that is not empty.
std::size_t FmePool::oldest(std::size_t of) const {
  std::size_t found = solutions_.size();
  for (std::size_t i = 0; i < solutions_.size(); ++i) {
    if (bucket(solutions_[i]) != of) continue;
    if (found == solutions_.size() || solutions_[i].used < solutions_[found].used) found = i;
  }
  return found;
}

const Solution& FmePool::choose(const DrawKey& key) {
  std::size_t chosen = fallen_on(weights(), uniform01(key, 0));
  if (options_.kind == Kind::buckets && options_.oldest_of_bucket) chosen = oldest(bucket(solutions_.at(chosen)));
  Solution& solution = solutions_.at(chosen);
  if (options_.selected_is_used) solution.used = clock_++;
  return solution;
}

void FmePool::make_room(std::size_t of) {
  const std::size_t room = std::max<std::size_t>(1, options_.capacity / options_.buckets);
  const auto members = std::count_if(solutions_.begin(), solutions_.end(),
                                     [&](const Solution& solution) { return bucket(solution) == of; });
  if (static_cast<std::size_t>(members) <= room) return;
  const auto worse = [](const Solution& a, const Solution& b) {
    return a.performance != b.performance ? a.performance < b.performance : a.number < b.number;
  };
  const auto gone = options_.kind == Kind::best ? std::min_element(solutions_.begin(), solutions_.end(), worse)
                                                : solutions_.begin() + static_cast<std::ptrdiff_t>(oldest(of));
  solutions_.erase(gone);
}

void FmePool::insert(Vector numbers, double performance) {
  solutions_.push_back({std::move(numbers), performance, 1, clock_++, born_++});
  make_room(bucket(solutions_.back()));
}

const Solution* FmePool::find(std::int64_t number) const {
  const auto found = std::find_if(solutions_.begin(), solutions_.end(),
                                  [&](const Solution& solution) { return solution.number == number; });
  return found == solutions_.end() ? nullptr : &*found;
}

void FmePool::remove(std::int64_t number) {
  std::erase_if(solutions_, [&](const Solution& solution) { return solution.number == number; });
}

void FmePool::add_score(std::int64_t number, double score) {
  for (Solution& solution : solutions_) {
    if (solution.number != number) continue;
    ++solution.scores;
    solution.performance += (score - solution.performance) / static_cast<double>(solution.scores);
    return make_room(bucket(solution));
  }
}

const Solution& FmePool::best() const {
  return *std::max_element(solutions_.begin(), solutions_.end(), [](const Solution& a, const Solution& b) {
    if ((a.scores > 1) != (b.scores > 1)) return b.scores > 1;
    return a.performance != b.performance ? a.performance < b.performance : a.number < b.number;
  });
}

void FmePool::save(LoopState& state) const {
  const auto count = static_cast<double>(solutions_.size());
  state.parts["pool"] = {count, static_cast<double>(clock_), static_cast<double>(born_)};
  Vector& numbers = state.parts["solutions"];
  Vector& marks = state.parts["marks"];
  for (const Solution& s : solutions_) {
    numbers.insert(numbers.end(), s.numbers.begin(), s.numbers.end());
    for (const auto mark : {s.scores, s.used, s.number}) marks.push_back(static_cast<double>(mark));
    marks.push_back(s.performance);
  }
}

void FmePool::restore(const LoopState& state, std::size_t size) {
  const Vector& pool = state.part("pool", 3);
  if (!(pool[0] >= 0) || pool[0] > static_cast<double>(std::max(options_.capacity, options_.buckets))) {
    throw std::invalid_argument("the pool has another size");
  }
  const auto count = static_cast<std::size_t>(pool[0]);
  const Vector& numbers = state.part("solutions", count * size);
  const Vector& marks = state.part("marks", count * 4);
  solutions_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(i * size);
    const double* mark = &marks[4 * i];
    Vector own(first, first + static_cast<std::ptrdiff_t>(size));
    solutions_.push_back({std::move(own), mark[3], whole(mark[0]), whole(mark[1]), whole(mark[2])});
  }
  clock_ = whole(pool[1]);
  born_ = whole(pool[2]);
}

}  // namespace mlz::outer
