// The programs of native.hpp for one level of the processor. The including file defines MLZ_LEVEL (a name) and is compiled
// with the options of that level.
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "bench/native.hpp"
#include "lang/core/draws.hpp"

namespace mlz::bench {
namespace {

template <class T, std::size_t F>
struct Linear {
  std::array<T, F> w{};

  explicit Linear(const vm::TaskBatch&, const vm::BatchTask&) {}
  T predict(const T* x) const {
    T y = 0;
    for (std::size_t k = 0; k < F; ++k) y += w[k] * x[k];
    return y;
  }
  void learn(const T* x, T error) {
    const T step = T(0.001) * error;
    for (std::size_t k = 0; k < F; ++k) w[k] += step * x[k];
  }
};

template <class T, std::size_t F>
struct Network {
  std::array<T, F * F> w1{};
  std::array<T, F> b1{}, w2{}, z{}, h{};
  T b2 = 0;

  Network(const vm::TaskBatch& batch, const vm::BatchTask& task) {
    draw(batch, task, 0, w2);
    draw(batch, task, 1, w1);
  }
  T predict(const T* x) {
    T y = 0;
    for (std::size_t i = 0; i < F; ++i) {
      T total = 0;
      for (std::size_t k = 0; k < F; ++k) total += w1[i * F + k] * x[k];
      z[i] = total + b1[i];
      h[i] = z[i] > 0 ? z[i] : 0;
      y += h[i] * w2[i];
    }
    return y + b2;
  }
  void learn(const T* x, T error) {
    const T step = T(0.01) * error;
    b2 += step;
    for (std::size_t i = 0; i < F; ++i) {
      w2[i] += step * h[i];
      const T gradient = z[i] > 0 ? step * w2[i] : 0;
      b1[i] += gradient;
      for (std::size_t k = 0; k < F; ++k) w1[i * F + k] += gradient * x[k];
    }
  }

 private:
  template <std::size_t N>
  static void draw(const vm::TaskBatch& batch, const vm::BatchTask& task, std::uint32_t sampler, std::array<T, N>& out) {
    std::array<double, N> drawn;
    draw_normal({batch.seed, kLifetimeStream, task.lifetime, sampler, 0}, 0, static_cast<double>(0.1f), drawn);
    for (std::size_t k = 0; k < N; ++k) out[k] = static_cast<T>(drawn[k]);
  }
};

template <class T, template <class, std::size_t> class Model, std::size_t F>
double task_fitness(const vm::TaskBatch& batch, const vm::BatchTask& task) {
  Model<T, F> model(batch, task);
  std::array<T, F> x;
  const auto error_of = [&](const std::vector<double>& features, const std::vector<double>& labels, std::size_t i) {
    for (std::size_t k = 0; k < F; ++k) x[k] = static_cast<T>(features[i * F + k]);
    return static_cast<T>(labels[i]) - model.predict(x.data());
  };
  const T limit = static_cast<T>(batch.max_abs_error);
  for (std::size_t i = 0; i < task.train_labels.size(); ++i) {
    const T error = error_of(task.train_features, task.train_labels, i);
    if (!(std::abs(error) <= limit)) return 0;
    model.learn(x.data(), error);
  }
  T squares = 0;
  for (std::size_t i = 0; i < task.valid_labels.size(); ++i) {
    const T error = error_of(task.valid_features, task.valid_labels, i);
    if (!(std::abs(error) <= limit)) return 0;
    squares += error * error;
  }
  const double rms = std::sqrt(static_cast<double>(squares) / static_cast<double>(task.valid_labels.size()));
  return 1 - 2 / std::numbers::pi * std::atan(rms);
}

template <class T, template <class, std::size_t> class Model>
double mean_fitness(const vm::TaskBatch& batch) {
  double total = 0;
  for (const vm::BatchTask& task : batch.tasks) {
    switch (batch.features) {
      case 4: total += task_fitness<T, Model, 4>(batch, task); break;
      case 8: total += task_fitness<T, Model, 8>(batch, task); break;
      case 16: total += task_fitness<T, Model, 16>(batch, task); break;
      case 32: total += task_fitness<T, Model, 32>(batch, task); break;
      default: throw std::logic_error("the native programs take 4, 8, 16 or 32 features");
    }
  }
  return total / static_cast<double>(batch.tasks.size());
}

}  // namespace

#define MLZ_JOIN2(a, b) a##_##b
#define MLZ_JOIN(a, b) MLZ_JOIN2(a, b)
double MLZ_JOIN(native_f64, MLZ_LEVEL)(Design design, const vm::TaskBatch& batch) {
  return design == Design::linear ? mean_fitness<double, Linear>(batch) : mean_fitness<double, Network>(batch);
}
double MLZ_JOIN(native_f32, MLZ_LEVEL)(Design design, const vm::TaskBatch& batch) {
  return design == Design::linear ? mean_fitness<float, Linear>(batch) : mean_fitness<float, Network>(batch);
}

}  // namespace mlz::bench
