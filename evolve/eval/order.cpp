#include "evolve/eval/order.hpp"

#include <numeric>

#include "lang/core/draws.hpp"

namespace mlz::eval {
namespace {
constexpr std::uint32_t kOrderSampler = 0x6f726472;  // apart from the samplers tasks use
}

std::vector<std::uint32_t> stored_order(std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

int epochs_of(const tasks::Problem& problem, const Settings& settings) {
  return settings.epochs < 0 ? problem.epochs : settings.epochs;
}

EpochOrders::EpochOrders(const tasks::Problem& problem, std::uint64_t seed, std::uint32_t lifetime)
    : problem_(problem), seed_(seed), lifetime_(lifetime), order_(stored_order(problem.train->size())) {}

const std::vector<std::uint32_t>& EpochOrders::of(int epoch) {
  const auto e = static_cast<std::size_t>(epoch);
  if (e < problem_.order.size()) {
    order_ = problem_.order[e];
  } else if (!problem_.order.empty()) {
    DrawSequence draws({seed_, kTaskStream, lifetime_, kOrderSampler, e});
    shuffle(draws, order_);
  }
  return order_;
}

}  // namespace mlz::eval
