// The learner of native_mlp.hpp for one level of the processor. The including file defines MLZ_LEVEL (a name) and is
// compiled with the options of that level.
#include <algorithm>
#include <cmath>

#include "bench/native_mlp.hpp"
#include "lang/core/draws.hpp"

namespace mlz::bench {
namespace {

using vm::Blas;
using Numbers = std::vector<float>;

/// A layer of `in` to `out` units and what it computes for a batch.
struct Layer {
  int in, out;
  Numbers w, b, y, d;

  Layer(int inputs, int outputs, int batch, std::uint32_t sampler) : in(inputs), out(outputs) {
    std::vector<double> drawn(static_cast<std::size_t>(in) * out);
    draw_normal({1, kLifetimeStream, 0, sampler, 0}, 0, std::sqrt(2.0 / in), drawn);
    w.assign(drawn.begin(), drawn.end());
    b.assign(static_cast<std::size_t>(out), 0.0f);
    y.resize(static_cast<std::size_t>(batch) * out);
    d.resize(y.size());
  }
};

class Mlp {
 public:
  Mlp(const Blas& blas, int pixels, int classes, int batch)
      : blas_(blas), batch_(batch), first_(pixels, 128, batch, 0), second_(128, classes, batch, 1),
        x_(static_cast<std::size_t>(batch) * pixels) {}

  /// Predicts and learns one batch; gives how many predictions were right.
  int step(const float* x, const int* label) {
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = x[k] - 0.2f;
    product(x_.data(), first_);
    for (float& v : first_.y) v = v > 0 ? v : 0;
    product(first_.y.data(), second_);
    const int right = errors(label);
    back();
    seen_ += static_cast<float>(batch_);
    const float rate = 0.2f * std::pow(0.5f, seen_ / 40000);
    descend(x_.data(), first_, rate);
    descend(first_.y.data(), second_, rate);
    return right;
  }

 private:
  const Blas& blas_;
  int batch_;
  float seen_ = 0;
  Layer first_, second_;
  Numbers x_;

  void product(const float* x, Layer& l) {
    for (int i = 0; i < batch_; ++i) std::copy(l.b.begin(), l.b.end(), l.y.begin() + i * l.out);
    if (batch_ == 1) {
      blas_.sgemv(Blas::kRowMajor, Blas::kTrans, l.in, l.out, 1, l.w.data(), l.out, x, 1, 1, l.y.data(), 1);
    } else {
      blas_.sgemm(Blas::kRowMajor, Blas::kNoTrans, Blas::kNoTrans, batch_, l.out, l.in, 1, x, l.in, l.w.data(), l.out, 1,
                  l.y.data(), l.out);
    }
  }

  /// d = (softmax(y) - target) / batch of the last layer.
  int errors(const int* label) {
    int right = 0;
    for (int i = 0; i < batch_; ++i) {
      const float* y = second_.y.data() + i * second_.out;
      float* d = second_.d.data() + i * second_.out;
      const float* best = std::max_element(y, y + second_.out);
      right += best - y == label[i];
      float total = 0;
      for (int k = 0; k < second_.out; ++k) total += d[k] = std::exp(y[k] - *best);
      for (int k = 0; k < second_.out; ++k) d[k] = (d[k] / total - (k == label[i] ? 1.0f : 0.0f)) / static_cast<float>(batch_);
    }
    return right;
  }

  void back() {
    Layer &l = first_, &m = second_;
    if (batch_ == 1) {
      blas_.sgemv(Blas::kRowMajor, Blas::kNoTrans, m.in, m.out, 1, m.w.data(), m.out, m.d.data(), 1, 0, l.d.data(), 1);
    } else {
      blas_.sgemm(Blas::kRowMajor, Blas::kNoTrans, Blas::kTrans, batch_, m.in, m.out, 1, m.d.data(), m.out, m.w.data(),
                  m.out, 0, l.d.data(), m.in);
    }
    for (std::size_t k = 0; k < l.d.size(); ++k) l.d[k] = l.y[k] > 0 ? l.d[k] : 0;
  }

  void descend(const float* x, Layer& l, float rate) {
    for (int i = 0; i < batch_; ++i) {
      for (int k = 0; k < l.out; ++k) l.b[static_cast<std::size_t>(k)] -= rate * l.d[static_cast<std::size_t>(i * l.out + k)];
    }
    if (batch_ == 1) {
      for (int i = 0; i < l.in; ++i) {
        const float step = rate * x[i];
        float* w = l.w.data() + static_cast<std::size_t>(i) * l.out;
        for (int k = 0; k < l.out; ++k) w[k] -= step * l.d[static_cast<std::size_t>(k)];
      }
    } else {
      blas_.sgemm(Blas::kRowMajor, Blas::kTrans, Blas::kNoTrans, l.in, l.out, batch_, -rate, x, l.in, l.d.data(), l.out, 1,
                  l.w.data(), l.out);
    }
  }
};

}  // namespace

#define MLZ_JOIN2(a, b) a##_##b
#define MLZ_JOIN(a, b) MLZ_JOIN2(a, b)
double MLZ_JOIN(native_mlp, MLZ_LEVEL)(const Blas& blas, const Images& images, int batch) {
  Mlp mlp(blas, images.pixels, images.classes, batch);
  const int steps = static_cast<int>(images.label.size()) / batch;
  int right = 0;
  for (int s = 0; s < steps; ++s) {
    right += mlp.step(images.x.data() + static_cast<std::size_t>(s) * batch * images.pixels, images.label.data() + s * batch);
  }
  return static_cast<double>(right) / (steps * batch);
}

}  // namespace mlz::bench
