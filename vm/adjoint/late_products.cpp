#include "vm/adjoint/late_products.hpp"

#include <algorithm>
#include <map>

#include "vm/blas.hpp"

namespace mlz::vm {
namespace {

/// Steps whose factors wait.
constexpr std::size_t kMostWaiting = 32;

void gemm(const Blas& blas, int m, int n, int k, const double* a, const double* b, double* c) {
  blas.dgemm(Blas::kRowMajor, Blas::kTrans, Blas::kNoTrans, m, n, k, 1, a, m, b, n, 1, c, n);
}
void gemm(const Blas& blas, int m, int n, int k, const float* a, const float* b, float* c) {
  blas.sgemm(Blas::kRowMajor, Blas::kTrans, Blas::kNoTrans, m, n, k, 1, a, m, b, n, 1, c, n);
}

/// c[i, j] += sum over k of a[k, i] b[k, j].
template <class T>
void add_product(const Blas* blas, std::size_t m, std::size_t n, std::size_t count, const T* a, const T* b, T* c) {
  if (blas != nullptr) return gemm(*blas, static_cast<int>(m), static_cast<int>(n), static_cast<int>(count), a, b, c);
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[k * m + i] * b[k * n + j];
    }
  }
}

}  // namespace

class LateProducts::Sums {
 public:
  virtual ~Sums() = default;
  virtual void clear() = 0;
  virtual void take() = 0;
  virtual void settle() = 0;
  virtual void add_to(RegisterId sum, int lane, std::vector<double>& out) const = 0;
};

namespace {

template <class T>
class SumsOf final : public LateProducts::Sums {
 public:
  SumsOf(const Adjoint& adjoint, const Machine& backward, bool use_blas)
      : adjoint_(adjoint), backward_(backward), blas_(use_blas ? blas() : nullptr) {
    const auto lanes = static_cast<std::size_t>(backward.lanes());
    for (const Adjoint::Late& late : adjoint.late) {
      Pair pair{size_of(late.column), size_of(late.row), {}};
      pair.lanes.resize(lanes);
      for (Waiting& w : pair.lanes) {
        w.columns.resize(kMostWaiting * pair.rows);
        w.rows.resize(kMostWaiting * pair.cols);
      }
      pairs_.push_back(std::move(pair));
      sums_[late.sum].assign(lanes, std::vector<T>(size_of(late.sum)));
    }
  }

  void clear() override {
    count_ = 0;
    for (auto& [id, lanes] : sums_) {
      for (std::vector<T>& sum : lanes) std::ranges::fill(sum, T(0));
    }
  }

  void take() override {
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      for (std::size_t lane = 0; lane < pairs_[p].lanes.size(); ++lane) {
        Waiting& w = pairs_[p].lanes[lane];
        read(adjoint_.late[p].column, lane, std::span(w.columns).subspan(count_ * pairs_[p].rows, pairs_[p].rows));
        read(adjoint_.late[p].row, lane, std::span(w.rows).subspan(count_ * pairs_[p].cols, pairs_[p].cols));
      }
    }
    if (++count_ == kMostWaiting) settle();
  }

  void settle() override {
    if (count_ == 0) return;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      std::vector<std::vector<T>>& sum = sums_.at(adjoint_.late[p].sum);
      for (std::size_t lane = 0; lane < sum.size(); ++lane) {
        const Waiting& w = pairs_[p].lanes[lane];
        add_product(blas_, pairs_[p].rows, pairs_[p].cols, count_, w.columns.data(), w.rows.data(), sum[lane].data());
      }
    }
    count_ = 0;
  }

  void add_to(RegisterId sum, int lane, std::vector<double>& out) const override {
    const auto found = sums_.find(sum);
    if (found == sums_.end()) return;
    const std::vector<T>& part = found->second[static_cast<std::size_t>(lane)];
    std::ranges::transform(out, part, out.begin(), [](double a, T b) { return a + static_cast<double>(b); });
  }

 private:
  struct Waiting {
    std::vector<T> columns, rows;  ///< step by step
  };
  struct Pair {
    std::size_t rows, cols;
    std::vector<Waiting> lanes;
  };
  const Adjoint& adjoint_;
  const Machine& backward_;
  const Blas* blas_;
  std::vector<Pair> pairs_;  // as Adjoint::late
  std::map<RegisterId, std::vector<std::vector<T>>> sums_;  // by lane
  std::size_t count_ = 0;

  std::size_t size_of(RegisterId id) const { return static_cast<std::size_t>(adjoint_.program.registers[id].size()); }
  void read(RegisterId id, std::size_t lane, std::span<T> out) const { backward_.read(id, static_cast<int>(lane), out); }
};

}  // namespace

LateProducts::LateProducts(const Adjoint& adjoint, const Machine& backward, bool use_blas) {
  if (adjoint.late.empty()) return;
  if (backward.dtype() == DType::f64) sums_ = std::make_unique<SumsOf<double>>(adjoint, backward, use_blas);
  else sums_ = std::make_unique<SumsOf<float>>(adjoint, backward, use_blas);
}
LateProducts::~LateProducts() = default;

void LateProducts::clear() {
  if (sums_) sums_->clear();
}
void LateProducts::take() {
  if (sums_) sums_->take();
}
void LateProducts::settle() {
  if (sums_) sums_->settle();
}
void LateProducts::add_to(RegisterId sum, int lane, std::vector<double>& out) const {
  if (sums_) sums_->add_to(sum, lane, out);
}

}  // namespace mlz::vm
