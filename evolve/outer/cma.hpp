#pragma once
#include "evolve/outer/outer_loop.hpp"

namespace mlz::outer {

struct CmaOptions {
  std::size_t candidates = 128;
  double sigma = 1;  ///< first step size
  std::uint64_t seed = 0;
  bool diagonal = false;  ///< adapt a scale for each number alone; memory and time then grow with n, not n^2
};

/// What a search has learnt.
struct CmaState {
  Vector mean;
  double sigma = 1;
  Vector C;  ///< covariance of steps, n x n row by row; diagonal: its n diagonal entries
  Vector p_sigma, p_c;
  std::int64_t generation = 0;
};

/// Constants that follow from the number of params and of candidates.
struct CmaConstants {
  Vector w;  ///< weights of the candidates, best first; those of the worse half are negative
  std::size_t mu = 0;
  double mu_eff = 0, c1 = 0, cmu = 0, cs = 0, ds = 0, cc = 0;
  double chi = 0;  ///< length to be expected of a standard normal vector
};

/// Evolution strategy with covariance matrix adaptation (Hansen 2016, arXiv 1604.00772), full
/// matrix with negative weights, as SFNN was trained by it. Candidates are mean + sigma C^1/2 z.
/// With `diagonal`, C keeps to its diagonal and learns faster (Ros and Hansen 2008, section 3).
/// The full matrix needs LAPACK: throws std::runtime_error where there is none.
class Cma : public OuterLoop {
 public:
  Cma(Vector mean, const CmaOptions& options);
  Cma(CmaState state, const CmaOptions& options);

  std::vector<Vector> ask() const override;
  void tell(std::span<const double> losses) override { tell(ask(), losses); }
  /// The same with candidates from elsewhere. A loss that is NaN counts as the worst. Throws
  /// std::invalid_argument where numbers do not match.
  void tell(const std::vector<Vector>& candidates, std::span<const double> losses);

  const Vector& mean() const override { return state_.mean; }
  std::int64_t generation() const override { return state_.generation; }
  const CmaState& state() const { return state_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;
  const CmaConstants& constants() const { return constants_; }

 private:
  std::size_t n() const { return state_.mean.size(); }
  void decompose();
  Vector scaled(std::span<const double> v, double power) const;
  std::vector<Vector> steps_best_first(const std::vector<Vector>& candidates,
                                       std::span<const double> losses) const;
  bool move(const Vector& step);
  void add(const Vector& v, double weight);
  void adapt(const std::vector<Vector>& steps, bool steady);

  CmaOptions options_;
  CmaState state_;
  CmaConstants constants_;
  Vector axes_,
      lengths_;  ///< eigenvectors of C row by row, and the square roots of its eigenvalues
};

}  // namespace mlz::outer
