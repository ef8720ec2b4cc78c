// The learners of native_learners.hpp for one level of the processor. The including file defines MLZ_LEVEL (a name) and
// MLZ_VECTOR_BYTES, and is compiled with the options of that level.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "bench/native_learners.hpp"
#include "vm/maths.hpp"

#define MLZ_JOIN2(a, b) a##_##b
#define MLZ_JOIN(a, b) MLZ_JOIN2(a, b)

namespace mlz::bench {
namespace {

using vm::Blas;
typedef float Vector __attribute__((vector_size(MLZ_VECTOR_BYTES)));
constexpr int kWidth = MLZ_VECTOR_BYTES / 4;

MLZ_INLINE Vector load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
MLZ_INLINE void store(float* to, Vector v) { std::memcpy(to, &v, sizeof v); }
MLZ_INLINE Vector sigmoid(Vector v) { return vm::apply<OpId::sigmoid, Vector>(v, v, v); }
MLZ_INLINE Vector tanh(Vector v) { return vm::apply<OpId::tanh, Vector>(v, v, v); }

std::size_t count(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

void softmax(float* z, int n) {
  const float highest = *std::max_element(z, z + n);
  float total = 0;
  for (int i = 0; i < n; ++i) total += z[i] = std::exp(z[i] - highest);
  for (int i = 0; i < n; ++i) z[i] /= total;
}

/// Edges (from, to) as rows, gates in blocks input, candidate, forget, output.
class Vsml {
 public:
  Vsml(const Blas& blas, const VsmlStart& p)
      : blas_(blas), p_(p), edges_(p.inputs * p.outputs), gates_(4 * p.state), c_(p.c), h_(c_.size()),
        z_(count(edges_, gates_)), forward_(count(p.inputs, p.message)), back_(count(p.outputs, p.message)),
        from_(count(p.inputs, gates_)), to_(count(p.outputs, gates_)), mean_(count(p.outputs, p.state)),
        sent_(back_.size()), y_(static_cast<std::size_t>(p.outputs)) {}

  void step(const Numbers& x, int label) {
    for (int a = 0; a < p_.inputs; ++a) forward_[count(a, p_.message)] = x[static_cast<std::size_t>(a)];
    product(forward_, p_.inputs, p_.message, p_.W.data(), from_);
    product(back_, p_.outputs, p_.message, p_.W.data() + p_.message, to_);
    for (std::size_t k = 0; k < to_.size(); ++k) to_[k] += p_.b[k % static_cast<std::size_t>(gates_)];
    for (int tick = 0; tick < p_.ticks; ++tick) {
      product(h_, edges_, p_.state, p_.W.data() + 2 * p_.message, z_);
      for (int a = 0; a < p_.inputs; ++a) live(a);
    }
    answer();
    errors(label);
  }
  double sum() const {
    double total = 0;
    for (const float y : y_) total += y;
    return total;
  }

 private:
  const Blas& blas_;
  const VsmlStart& p_;
  int edges_, gates_;
  Numbers c_, h_, z_, forward_, back_, from_, to_, mean_, sent_, y_;

  /// out = rows @ W', for some columns of W.
  void product(const Numbers& rows, int n, int inner, const float* w, Numbers& out) {
    blas_.sgemm(Blas::kRowMajor, Blas::kNoTrans, Blas::kTrans, n, gates_, inner, 1, rows.data(), inner, w,
                2 * p_.message + p_.state, 0, out.data(), gates_);
  }

  void live(int a) {
    const float* from = from_.data() + count(a, gates_);
    const int s = p_.state;
    for (int b = 0; b < p_.outputs; ++b) {
      const std::size_t edge = count(a, p_.outputs) + static_cast<std::size_t>(b);
      const float* z = z_.data() + edge * static_cast<std::size_t>(gates_);
      const float* to = to_.data() + count(b, gates_);
      float *c = c_.data() + edge * static_cast<std::size_t>(s), *h = h_.data() + edge * static_cast<std::size_t>(s);
      const auto gate = [&](int block, int j) {
        const int k = block * s + j;
        return load(z + k) + load(from + k) + load(to + k);
      };
      for (int j = 0; j < s; j += kWidth) {
        const Vector cell = sigmoid(gate(2, j) + 5.0f) * load(c + j) + sigmoid(gate(0, j) - 5.0f) * tanh(gate(1, j));
        store(c + j, cell);
        store(h + j, sigmoid(gate(3, j)) * tanh(cell));
      }
    }
  }

  void answer() {
    std::fill(mean_.begin(), mean_.end(), 0.0f);
    for (int a = 0; a < p_.inputs; ++a) {
      const float* h = h_.data() + count(a, p_.outputs) * static_cast<std::size_t>(p_.state);
      for (std::size_t k = 0; k < mean_.size(); ++k) mean_[k] += h[k];
    }
    for (float& m : mean_) m /= static_cast<float>(p_.inputs);
    blas_.sgemm(Blas::kRowMajor, Blas::kNoTrans, Blas::kTrans, p_.outputs, p_.message, p_.state, 1, mean_.data(), p_.state,
                p_.Wf.data(), p_.state, 0, sent_.data(), p_.message);
    for (int b = 0; b < p_.outputs; ++b) {
      y_[static_cast<std::size_t>(b)] = 100 * std::tanh((sent_[count(b, p_.message) + 1] + p_.bf[1]) / 100);
    }
  }

  void errors(int label) {
    Numbers e = y_;
    softmax(e.data(), p_.outputs);
    e[static_cast<std::size_t>(label)] -= 1;
    for (int b = 0; b < p_.outputs; ++b) back_[count(b, p_.message)] = e[static_cast<std::size_t>(b)];
  }
};

/// Matrices of heads are kept transposed, so that sums and updates go along vectors.
class Srwm {
 public:
  Srwm(const Blas& blas, const SrwmStart& p)
      : blas_(blas), p_(p), rows_(3 * p.head + 4), W_(p.W0.size()), h_(static_cast<std::size_t>(p.width())), o_(h_.size()),
        n_(h_.size()), wide_(static_cast<std::size_t>(p.ff)), answers_(count(p.layers * p.heads, rows_)),
        y_(static_cast<std::size_t>(p.outputs)) {
    for (int head = 0; head < p.layers * p.heads; ++head) {
      const float* from = p.W0.data() + count(head, rows_ * p.head);
      float* to = W_.data() + count(head, rows_ * p.head);
      for (int r = 0; r < rows_; ++r) {
        for (int i = 0; i < p.head; ++i) to[i * rows_ + r] = from[r * p.head + i];
      }
    }
  }

  void step(const Numbers& x) {
    add(p_.Wi.data(), p_.width(), p_.inputs, x, p_.bi.data(), h_, true);
    for (int l = 0; l < p_.layers; ++l) layer(l);
    add(p_.Wy.data(), p_.outputs, p_.width(), h_, p_.by.data(), y_, true);
    for (int head = 0; head < p_.layers * p_.heads; ++head) rewrite(head);
  }
  double sum() const {
    double total = 0;
    for (const float y : y_) total += y;
    return total;
  }

 private:
  const Blas& blas_;
  const SrwmStart& p_;
  int rows_;
  Numbers W_, h_, o_, n_, wide_, answers_, y_;

  /// out = w x + b, or out += w x + b.
  void add(const float* w, int n, int inner, const Numbers& x, const float* b, Numbers& out, bool fresh) {
    for (int i = 0; b != nullptr && i < n; ++i) {
      float& o = out[static_cast<std::size_t>(i)];
      o = (fresh ? 0 : o) + b[i];
    }
    blas_.sgemv(Blas::kRowMajor, Blas::kNoTrans, n, inner, 1, w, inner, x.data(), 1, 1, out.data(), 1);
  }

  void times(const float* W, const float* z, float* out) {
    std::fill_n(out, rows_, 0.0f);
    for (int i = 0; i < p_.head; ++i) {
      for (int r = 0; r < rows_; ++r) out[r] += z[i] * W[i * rows_ + r];
    }
  }

  void layer(int l) {
    const int d = p_.head, D = p_.width();
    for (int j = 0; j < p_.heads; ++j) {
      float* a = answers_.data() + count(l * p_.heads + j, rows_);
      Numbers z(h_.begin() + j * d, h_.begin() + (j + 1) * d);
      softmax(z.data(), d);
      times(W_.data() + count(l * p_.heads + j, rows_ * d), z.data(), a);
      std::copy_n(a, d, o_.begin() + j * d);
      softmax(a + d, d);
      softmax(a + 2 * d, d);
      for (int k = 3 * d; k < rows_; ++k) a[k] = 1 / (1 + std::exp(-a[k]));
    }
    add(p_.Wo.data() + count(l, D * D), D, D, o_, nullptr, h_, false);
    normalise(p_.sf.data() + count(l, D), p_.bf.data() + count(l, D));
    add(p_.W1.data() + count(l, p_.ff * D), p_.ff, D, n_, p_.b1.data() + count(l, p_.ff), wide_, true);
    for (float& v : wide_) v = v > 0 ? v : 0;
    add(p_.W2.data() + count(l, D * p_.ff), D, p_.ff, wide_, p_.b2.data() + count(l, D), h_, false);
  }

  void normalise(const float* scale, const float* offset) {
    float mean = 0, spread = 0;
    const auto size = static_cast<float>(h_.size());
    for (const float v : h_) mean += v;
    mean /= size;
    for (const float v : h_) spread += (v - mean) * (v - mean);
    const float root = std::sqrt(spread / size + 1e-5f);
    for (std::size_t i = 0; i < h_.size(); ++i) n_[i] = scale[i] * ((h_[i] - mean) / root) + offset[i];
  }

  void rewrite(int head) {
    const int d = p_.head;
    const float* a = answers_.data() + count(head, rows_);
    float* W = W_.data() + count(head, rows_ * d);
    float apart[64], change[256];
    for (int i = 0; i < d; ++i) apart[i] = a[d + i] - a[2 * d + i];
    times(W, apart, change);
    for (int r = 0; r < rows_; ++r) change[r] *= a[3 * d + std::min(r / d, 3)];
    for (int i = 0; i < d; ++i) {
      for (int r = 0; r < rows_; ++r) W[i * rows_ + r] += a[2 * d + i] * change[r];
    }
  }
};

}  // namespace

double MLZ_JOIN(native_vsml, MLZ_LEVEL)(const Blas& blas, const VsmlStart& start, const Numbers& x, int label, int steps) {
  Vsml learner(blas, start);
  for (int s = 0; s < steps; ++s) learner.step(x, label);
  return learner.sum();
}

double MLZ_JOIN(native_srwm, MLZ_LEVEL)(const Blas& blas, const SrwmStart& start, const Numbers& x, int steps) {
  Srwm learner(blas, start);
  for (int s = 0; s < steps; ++s) learner.step(x);
  return learner.sum();
}

}  // namespace mlz::bench
