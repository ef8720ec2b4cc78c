#include "tasks/orders.hpp"

#include <numeric>

#include "tasks/draw_keys.hpp"

namespace mlz::tasks {

std::vector<std::uint32_t> training_order(std::uint64_t seed, std::uint32_t index,
                                          std::uint32_t epoch, std::size_t count) {
  std::vector<std::uint32_t> order(count);
  DrawSequence draws(task_key(seed, index, Purpose::order, epoch));
  shuffle(draws, order);
  return order;
}

std::vector<std::vector<std::uint32_t>> epoch_orders(std::uint64_t seed, std::uint32_t index,
                                                     int epochs, std::size_t count,
                                                     FirstEpoch first) {
  std::vector<std::vector<std::uint32_t>> orders;
  if (epochs <= 1 && first == FirstEpoch::stored) return orders;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    orders.push_back(training_order(seed, index, static_cast<std::uint32_t>(epoch), count));
  }
  if (first == FirstEpoch::stored) std::iota(orders[0].begin(), orders[0].end(), 0u);
  return orders;
}

}  // namespace mlz::tasks
