#include "bench/naive.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "lang/core/draws.hpp"

namespace mlz::bench {
namespace {

class Interpreter {
 public:
  Interpreter(const vm::CompactProgram& program, const vm::TaskBatch& batch, const vm::BatchTask& task)
      : program_(program), batch_(batch), task_(task), n_(static_cast<std::size_t>(batch.features)),
        s_(16), v_(16, std::vector<double>(n_)), m_(4, std::vector<double>(n_ * n_)) {}

  double fitness() {
    run(Function::setup);
    for (std::size_t i = 0; i < task_.train_labels.size(); ++i) {
      show(task_.train_features, i, 0);
      run(Function::predict);
      if (!(std::abs(task_.train_labels[i] - s_[1]) <= batch_.max_abs_error)) return 0;
      show(task_.train_features, i, task_.train_labels[i]);
      run(Function::learn);
    }
    double squares = 0;
    for (std::size_t i = 0; i < task_.valid_labels.size(); ++i) {
      show(task_.valid_features, i, 0);
      run(Function::predict);
      const double error = task_.valid_labels[i] - s_[1];
      if (!(std::abs(error) <= batch_.max_abs_error)) return 0;
      squares += error * error;
    }
    const double rms = std::sqrt(squares / static_cast<double>(task_.valid_labels.size()));
    return 1 - 2 / std::numbers::pi * std::atan(rms);
  }

 private:
  const vm::CompactProgram& program_;
  const vm::TaskBatch& batch_;
  const vm::BatchTask& task_;
  std::size_t n_;
  std::vector<double> s_;
  std::vector<std::vector<double>> v_, m_;
  std::uint32_t samplers_ = 0;

  void show(const std::vector<double>& features, std::size_t i, double target) {
    for (std::size_t k = 0; k < n_; ++k) v_[0][k] = features[i * n_ + k];
    s_[0] = target;
  }

  void run(Function f) {
    for (const vm::CompactInstruction& i : program_.code[static_cast<std::size_t>(f)]) step(i);
  }

  template <class F>
  static void each(std::vector<double>& out, F f) {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = f(k);
  }

  double dot(const std::vector<double>& a, std::size_t first, const std::vector<double>& b) const {
    double total = 0;
    for (std::size_t k = 0; k < n_; ++k) total += a[first + k] * b[k];
    return total;
  }

  void step(const vm::CompactInstruction& i) {
    switch (i.op) {
      case 1: s_[i.out] = s_[i.a] + s_[i.b]; break;
      case 2: s_[i.out] = s_[i.a] - s_[i.b]; break;
      case 3: s_[i.out] = s_[i.a] * s_[i.b]; break;
      case 16: each(v_[i.out], [&](std::size_t k) { return v_[i.a][k] > 0 ? 1.0 : 0.0; }); break;
      case 18: each(v_[i.out], [&](std::size_t k) { return s_[i.a] * v_[i.b][k]; }); break;
      case 23: each(v_[i.out], [&](std::size_t k) { return v_[i.a][k] + v_[i.b][k]; }); break;
      case 25: each(v_[i.out], [&](std::size_t k) { return v_[i.a][k] * v_[i.b][k]; }); break;
      case 27: s_[i.out] = dot(v_[i.a], 0, v_[i.b]); break;
      case 28: each(m_[i.out], [&](std::size_t k) { return v_[i.a][k / n_] * v_[i.b][k % n_]; }); break;
      case 31: each(v_[i.out], [&](std::size_t k) { return dot(m_[i.a], k * n_, v_[i.b]); }); break;
      case 39: each(m_[i.out], [&](std::size_t k) { return m_[i.a][k] + m_[i.b][k]; }); break;
      case 48: each(v_[i.out], [&](std::size_t k) { return std::max(v_[i.a][k], v_[i.b][k]); }); break;
      case 56: s_[i.out] = i.number(); break;
      case 63: draw(i, v_[i.out]); break;
      case 64: draw(i, m_[i.out]); break;
      default: throw std::logic_error(fmt::format("the naive interpreter does not know op {}", i.op));
    }
  }

  void draw(const vm::CompactInstruction& i, std::vector<double>& out) {
    const auto [mean, deviation] = i.pair();
    draw_normal({batch_.seed, kLifetimeStream, task_.lifetime, samplers_++, 0}, static_cast<double>(mean),
                static_cast<double>(deviation), out);
  }
};

}  // namespace

double naive_fitness(const vm::CompactProgram& program, const vm::TaskBatch& batch) {
  double total = 0;
  for (const vm::BatchTask& task : batch.tasks) total += Interpreter(program, batch, task).fitness();
  return total / static_cast<double>(batch.tasks.size());
}

}  // namespace mlz::bench
