#include "tasks/orders.hpp"

#include <numeric>
#include <utility>

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

std::vector<std::vector<std::uint32_t>> stored_orders(int epochs, std::size_t count) {
  if (epochs <= 1) return {};
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  return std::vector(static_cast<std::size_t>(epochs), order);
}

std::vector<std::uint32_t> drawn_sample(DrawSequence& draws, std::size_t count, std::size_t chosen) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0u);
  for (std::size_t i = 0; i < chosen; ++i) std::swap(all[i], all[i + draws.below(count - i)]);
  all.resize(chosen);
  return all;
}

}  // namespace mlz::tasks
