#include "evolve/outer/cma.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "evolve/outer/outer_draws.hpp"
#include "vm/blas.hpp"

namespace mlz::outer {
namespace {

double square(double v) { return v * v; }

double norm(std::span<const double> v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

/// (sum of weights)^2 / sum of squares.
double effective(std::span<const double> w) {
  const double sum = std::accumulate(w.begin(), w.end(), 0.0);
  return sum * sum / std::inner_product(w.begin(), w.end(), w.begin(), 0.0);
}

/// Hansen's defaults (table 1 and equations 49 to 58 there).
CmaConstants constants_for(std::size_t params, std::size_t candidates, bool diagonal) {
  const auto n = static_cast<double>(params);
  CmaConstants c;
  c.mu = candidates / 2;
  for (std::size_t k = 1; k <= candidates; ++k)
    c.w.push_back(std::log(0.5 * static_cast<double>(candidates + 1)) -
                  std::log(static_cast<double>(k)));
  const auto better = std::span(c.w).first(c.mu), worse = std::span(c.w).subspan(c.mu);
  c.mu_eff = effective(better);
  const double mu_eff_worse = effective(worse);
  c.c1 = 2 / (square(n + 1.3) + c.mu_eff);
  c.cmu = std::min(1 - c.c1, 2 * (c.mu_eff - 2 + 1 / c.mu_eff) / (square(n + 2) + c.mu_eff));
  if (diagonal) {
    c.c1 = std::min(0.5, c.c1 * (n + 2) / 3);
    c.cmu = std::min(1 - c.c1, c.cmu * (n + 2) / 3);
  }
  c.cs = (c.mu_eff + 2) / (n + c.mu_eff + 5);
  c.ds = 1 + 2 * std::max(0.0, std::sqrt((c.mu_eff - 1) / (n + 1)) - 1) + c.cs;
  c.cc = (4 + c.mu_eff / n) / (n + 4 + 2 * c.mu_eff / n);
  c.chi = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  const double most = std::min(
      {1 + c.c1 / c.cmu, 1 + 2 * mu_eff_worse / (c.mu_eff + 2), (1 - c.c1 - c.cmu) / (n * c.cmu)});
  double positive = 0, negative = 0;
  for (const double w : c.w) (w > 0 ? positive : negative) += std::abs(w);
  for (double& w : c.w) w *= w > 0 ? 1 / positive : most / negative;
  return c;
}

CmaState first_state(Vector mean, double sigma, bool diagonal) {
  const std::size_t n = mean.size();
  CmaState state{std::move(mean), sigma, Vector(diagonal ? n : n * n, diagonal ? 1 : 0), Vector(n, 0), Vector(n, 0), 0};
  if (diagonal) return state;
  for (std::size_t i = 0; i < n; ++i) state.C[i * n + i] = 1;
  return state;
}

}  // namespace

Cma::Cma(Vector mean, const CmaOptions& options)
    : Cma(first_state(std::move(mean), options.sigma, options.diagonal), options) {}

Cma::Cma(CmaState state, const CmaOptions& options) : options_(options), state_(std::move(state)) {
  if (n() == 0 || state_.C.size() != (options.diagonal ? n() : n() * n()) || state_.p_sigma.size() != n() ||
      state_.p_c.size() != n())
    throw std::invalid_argument("the parts of a CMA-ES state differ in size");
  if (options.candidates < 4) throw std::invalid_argument("CMA-ES needs four candidates or more");
  constants_ = constants_for(n(), options.candidates, options.diagonal);
  decompose();
}

void Cma::decompose() {
  if (options_.diagonal) {
    lengths_.resize(n());
    for (std::size_t i = 0; i < n(); ++i) lengths_[i] = std::sqrt(std::max(state_.C[i], 1e-20));
    return;
  }
  const vm::Blas* blas = vm::blas();
  if (blas == nullptr || blas->dsyev == nullptr)
    throw std::runtime_error("CMA-ES needs OpenBLAS or LAPACK: apt install libopenblas0");
  const int size = static_cast<int>(n()), all = std::max(1, size * 35);
  int error = 0;
  axes_ = state_.C;
  lengths_.resize(n());
  Vector work(static_cast<std::size_t>(all));
  blas->dsyev("V", "U", &size, axes_.data(), &size, lengths_.data(), work.data(), &all, &error);
  if (error != 0)
    throw std::runtime_error(
        "the covariance matrix of CMA-ES has no eigenvalues; losses may be too large");
  for (double& length : lengths_) length = std::sqrt(std::max(length, 1e-20));
}

/// C^(power / 2) v.
Vector Cma::scaled(std::span<const double> v, double power) const {
  Vector result(n(), 0);
  if (options_.diagonal) {
    for (std::size_t i = 0; i < n(); ++i) result[i] = power < 0 ? v[i] / lengths_[i] : v[i] * lengths_[i];
    return result;
  }
  for (std::size_t k = 0; k < n(); ++k) {
    const auto axis = std::span(axes_).subspan(k * n(), n());
    const double along = std::inner_product(axis.begin(), axis.end(), v.begin(), 0.0);
    const double factor = power < 0 ? along / lengths_[k] : along * lengths_[k];
    for (std::size_t i = 0; i < n(); ++i) result[i] += factor * axis[i];
  }
  return result;
}

std::vector<Vector> Cma::ask() const {
  std::vector<Vector> candidates;
  Vector z(n());
  for (std::size_t k = 0; k < options_.candidates; ++k) {
    draw_normal(outer_key(options_.seed, state_.generation, k), 0, 1, z);
    candidates.push_back(scaled(z, 1));
    for (std::size_t i = 0; i < n(); ++i)
      candidates.back()[i] = state_.mean[i] + state_.sigma * candidates.back()[i];
  }
  return candidates;
}

/// (x - mean) / sigma for each candidate.
std::vector<Vector> Cma::steps_best_first(const std::vector<Vector>& candidates,
                                          std::span<const double> losses) const {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::isnan(losses[b]) ? !std::isnan(losses[a]) : losses[a] < losses[b];
  });
  std::vector<Vector> steps;
  for (const std::size_t k : order) {
    if (candidates[k].size() != n())
      throw std::invalid_argument("a candidate has the wrong number of entries");
    steps.emplace_back(n());
    for (std::size_t i = 0; i < n(); ++i)
      steps.back()[i] = (candidates[k][i] - state_.mean[i]) / state_.sigma;
  }
  return steps;
}

/// Moves the mean and both paths; whether the path of sigma is no longer than usual.
bool Cma::move(const Vector& step) {
  const CmaConstants& c = constants_;
  const Vector straight = scaled(step, -1);
  const double gain = std::sqrt(c.cs * (2 - c.cs) * c.mu_eff);
  for (std::size_t i = 0; i < n(); ++i) {
    state_.mean[i] += state_.sigma * step[i];
    state_.p_sigma[i] = (1 - c.cs) * state_.p_sigma[i] + gain * straight[i];
  }
  const double length = norm(state_.p_sigma);
  state_.sigma *= std::exp(c.cs / c.ds * (length / c.chi - 1));
  const double settled =
      std::sqrt(1 - std::pow(1 - c.cs, 2 * static_cast<double>(state_.generation + 1)));
  const bool steady = length / settled < (1.4 + 2 / (static_cast<double>(n()) + 1)) * c.chi;
  const double push = steady ? std::sqrt(c.cc * (2 - c.cc) * c.mu_eff) : 0;
  for (std::size_t i = 0; i < n(); ++i) state_.p_c[i] = (1 - c.cc) * state_.p_c[i] + push * step[i];
  return steady;
}

/// C += weight v v'.
void Cma::add(const Vector& v, double weight) {
  for (std::size_t i = 0; i < n(); ++i) {
    const double vi = weight * v[i];
    if (options_.diagonal) {
      state_.C[i] += vi * v[i];
      continue;
    }
    for (std::size_t j = 0; j < n(); ++j) state_.C[i * n() + j] += vi * v[j];
  }
}

/// Adapts the covariance to the path and to all steps.
void Cma::adapt(const std::vector<Vector>& steps, bool steady) {
  const CmaConstants& c = constants_;
  const double missing = steady ? 0 : c.cc * (2 - c.cc);
  const double all = std::accumulate(c.w.begin(), c.w.end(), 0.0);
  const double keep = 1 + c.c1 * missing - c.c1 - c.cmu * all;
  for (double& entry : state_.C) entry *= keep;
  add(state_.p_c, c.c1);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    // A negative weight is divided by the length of the step, so that C stays positive.
    const double length =
        c.w[k] < 0 ? square(norm(scaled(steps[k], -1))) + 1e-20 : static_cast<double>(n());
    add(steps[k], c.cmu * c.w[k] * static_cast<double>(n()) / length);
  }
}

void Cma::tell(const std::vector<Vector>& candidates, std::span<const double> losses) {
  if (candidates.size() != options_.candidates || losses.size() != candidates.size())
    throw std::invalid_argument("a loss is needed for every candidate");
  const auto steps = steps_best_first(candidates, losses);
  Vector step(n(), 0);
  for (std::size_t k = 0; k < constants_.mu; ++k)
    for (std::size_t i = 0; i < n(); ++i) step[i] += constants_.w[k] * steps[k][i];
  const bool steady = move(step);
  adapt(steps, steady);
  ++state_.generation;
  decompose();
}

LoopState Cma::saved() const {
  return {state_.generation,
          {{"mean", state_.mean},
           {"sigma", {state_.sigma}},
           {"covariance", state_.C},
           {"sigma path", state_.p_sigma},
           {"covariance path", state_.p_c}}};
}

void Cma::restore(const LoopState& state) {
  const std::size_t size = n();
  state_ = {state.part("mean", size),
            state.part("sigma", 1)[0],
            state.part("covariance", state_.C.size()),
            state.part("sigma path", size),
            state.part("covariance path", size),
            state.generation};
  decompose();
}

}  // namespace mlz::outer
