#include "bench/native.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "lang/core/draws.hpp"

namespace mlz::bench {
namespace {

template <std::size_t F>
struct Linear {
  std::array<double, F> w{};

  explicit Linear(const vm::TaskBatch&, const vm::BatchTask&) {}
  double predict(const double* x) const {
    double y = 0;
    for (std::size_t k = 0; k < F; ++k) y += w[k] * x[k];
    return y;
  }
  void learn(const double* x, double error) {
    const double step = 0.01 * error;
    for (std::size_t k = 0; k < F; ++k) w[k] += step * x[k];
  }
};

template <std::size_t F>
struct Network {
  std::array<double, F * F> w1{};
  std::array<double, F> b1{}, w2{}, z{}, h{};
  double b2 = 0;

  Network(const vm::TaskBatch& batch, const vm::BatchTask& task) {
    const auto deviation = static_cast<double>(0.1f);
    draw_normal({batch.seed, kLifetimeStream, task.lifetime, 0, 0}, 0, deviation, w2);
    draw_normal({batch.seed, kLifetimeStream, task.lifetime, 1, 0}, 0, deviation, w1);
  }
  double predict(const double* x) {
    double y = 0;
    for (std::size_t i = 0; i < F; ++i) {
      double total = 0;
      for (std::size_t k = 0; k < F; ++k) total += w1[i * F + k] * x[k];
      z[i] = total + b1[i];
      h[i] = z[i] > 0 ? z[i] : 0;
      y += h[i] * w2[i];
    }
    return y + b2;
  }
  void learn(const double* x, double error) {
    const double step = 0.01 * error;
    b2 += step;
    for (std::size_t i = 0; i < F; ++i) {
      w2[i] += step * h[i];
      const double gradient = z[i] > 0 ? step * w2[i] : 0;
      b1[i] += gradient;
      for (std::size_t k = 0; k < F; ++k) w1[i * F + k] += gradient * x[k];
    }
  }
};

template <template <std::size_t> class Model, std::size_t F>
double fitness(const vm::TaskBatch& batch, const vm::BatchTask& task) {
  Model<F> model(batch, task);
  for (std::size_t i = 0; i < task.train_labels.size(); ++i) {
    const double* x = task.train_features.data() + i * F;
    const double error = task.train_labels[i] - model.predict(x);
    if (!(std::abs(error) <= batch.max_abs_error)) return 0;
    model.learn(x, error);
  }
  double squares = 0;
  for (std::size_t i = 0; i < task.valid_labels.size(); ++i) {
    const double error = task.valid_labels[i] - model.predict(task.valid_features.data() + i * F);
    if (!(std::abs(error) <= batch.max_abs_error)) return 0;
    squares += error * error;
  }
  const double rms = std::sqrt(squares / static_cast<double>(task.valid_labels.size()));
  return 1 - 2 / std::numbers::pi * std::atan(rms);
}

template <template <std::size_t> class Model>
double mean_fitness(const vm::TaskBatch& batch) {
  double total = 0;
  for (const vm::BatchTask& task : batch.tasks) {
    switch (batch.features) {
      case 4: total += fitness<Model, 4>(batch, task); break;
      case 8: total += fitness<Model, 8>(batch, task); break;
      case 16: total += fitness<Model, 16>(batch, task); break;
      case 32: total += fitness<Model, 32>(batch, task); break;
      default: throw std::logic_error("the native programs take 4, 8, 16 or 32 features");
    }
  }
  return total / static_cast<double>(batch.tasks.size());
}

}  // namespace

double native_linear(const vm::TaskBatch& batch) { return mean_fitness<Linear>(batch); }
double native_network(const vm::TaskBatch& batch) { return mean_fitness<Network>(batch); }

}  // namespace mlz::bench
