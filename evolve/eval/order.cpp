#include "evolve/eval/order.hpp"

#include <numeric>

namespace mlz::eval {

std::vector<std::uint32_t> stored_order(std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

int epochs_of(const tasks::Problem& problem, const Settings& settings) {
  return settings.epochs < 0 ? problem.epochs : settings.epochs;
}

EpochOrders::EpochOrders(const tasks::Problem& problem, std::uint64_t seed, std::uint32_t lifetime)
    : problem_(problem),
      seed_(seed),
      lifetime_(lifetime),
      order_(stored_order(problem.train->size())) {}

const std::vector<std::uint32_t>& EpochOrders::of(int epoch) {
  const auto e = static_cast<std::size_t>(epoch);
  if (e < problem_.order.size()) {
    order_ = problem_.order[e];
  } else if (epoch >= problem_.epochs) {
    order_ =
        tasks::training_order(seed_, lifetime_, static_cast<std::uint32_t>(epoch), order_.size());
  }
  return order_;
}

}  // namespace mlz::eval
