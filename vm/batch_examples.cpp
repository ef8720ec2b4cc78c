#include "vm/batch_examples.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlz::vm {
namespace {

void check(const TaskBatch& batch) {
  if (batch.tasks.empty()) throw InputError("an evaluation needs at least one task");
  if (batch.features < 1 || batch.features > stream::kMostFeatures) {
    throw InputError(fmt::format("compact programs take 1 to {} features, not {}", stream::kMostFeatures, batch.features));
  }
  const auto features = static_cast<std::size_t>(batch.features);
  const BatchTask& first = batch.tasks.front();
  for (const BatchTask& task : batch.tasks) {
    const std::size_t train = task.train_labels.size(), valid = task.valid_labels.size();
    if (train != first.train_labels.size() || valid != first.valid_labels.size() ||
        task.orders.size() != first.orders.size()) {
      throw InputError("tasks evaluated together need equal numbers of examples and epochs");
    }
    bool fits = task.train_features.size() == train * features && task.valid_features.size() == valid * features;
    for (const auto& order : task.orders) {
      fits = fits && order.size() == train && std::all_of(order.begin(), order.end(), [&](auto i) { return i < train; });
    }
    if (!fits) throw InputError("the features, labels and orders of a task have sizes that do not fit each other");
  }
}

template <class T>
class BlockBuilder {
 public:
  BlockBuilder(const TaskBatch& batch, int first, int tasks, int lanes) : batch_(batch) {
    block_.first_task = first;
    block_.tasks = tasks;
    block_.lanes = lanes;
    entry_ = static_cast<std::size_t>(block_.tasks);
    block_.stride = entry_ * (1 + features()) * sizeof(T);
  }

  ExampleBlock build() {
    const BatchTask& task = batch_.tasks.front();
    const std::size_t epochs = std::max<std::size_t>(task.orders.size(), 1), train = task.train_labels.size();
    constexpr std::size_t line = 64;
    const std::size_t padding = static_cast<std::size_t>(block_.lanes) * sizeof(T);
    block_.memory.resize(block_.stride * (epochs * train + task.valid_labels.size()) + padding + line);
    const auto address = reinterpret_cast<std::uintptr_t>(block_.memory.data());
    std::byte* at = block_.memory.data() + (line - address % line) % line;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      block_.train.push_back(at);
      each_lane([&](const BatchTask& t, T* lane) {
        for (std::size_t i = 0; i < train; ++i) {
          put(t.train_features, t.train_labels, t.orders.empty() ? i : t.orders[epoch][i], lane + i * width());
        }
      }, at);
      at += block_.stride * train;
    }
    block_.valid = at;
    each_lane([&](const BatchTask& t, T* lane) {
      for (std::size_t i = 0; i < t.valid_labels.size(); ++i) {
        put(t.valid_features, t.valid_labels, i, lane + i * width());
      }
    }, at);
    return std::move(block_);
  }

 private:
  const TaskBatch& batch_;
  ExampleBlock block_;
  std::size_t entry_ = 0;  // numbers per entry

  std::size_t features() const { return static_cast<std::size_t>(batch_.features); }
  std::size_t width() const { return block_.stride / sizeof(T); }

  template <class F>
  void each_lane(F f, std::byte* at) {
    for (int lane = 0; lane < block_.tasks; ++lane) {
      f(batch_.tasks[static_cast<std::size_t>(block_.first_task + lane)], reinterpret_cast<T*>(at) + lane);
    }
  }

  void put(const std::vector<double>& values, const std::vector<double>& labels, std::size_t i, T* to) {
    *to = static_cast<T>(labels[i]);
    for (std::size_t k = 0; k < features(); ++k) to[(k + 1) * entry_] = static_cast<T>(values[i * features() + k]);
  }
};

}  // namespace

template <class T>
PreparedBatch prepare(const TaskBatch& batch) {
  check(batch);
  const BatchTask& task = batch.tasks.front();
  PreparedBatch out;
  out.features = batch.features;
  out.epochs = static_cast<int>(std::max<std::size_t>(task.orders.size(), 1));
  out.train_count = task.train_labels.size();
  out.valid_count = task.valid_labels.size();
  out.metric = batch.metric;
  out.max_abs_error = batch.max_abs_error;
  out.seed = batch.seed;
  for (const BatchTask& t : batch.tasks) out.lifetimes.push_back(t.lifetime);
  const int tasks = static_cast<int>(batch.tasks.size());
  const int lanes = tasks <= stream::kNarrow ? stream::kNarrow : stream::kWide;
  for (int first = 0; first < tasks; first += lanes) {
    out.blocks.push_back(BlockBuilder<T>(batch, first, std::min(lanes, tasks - first), lanes).build());
  }
  return out;
}

template PreparedBatch prepare<double>(const TaskBatch&);
template PreparedBatch prepare<float>(const TaskBatch&);

}  // namespace mlz::vm
