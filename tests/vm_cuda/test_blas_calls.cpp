#include <doctest/doctest.h>

#include <random>

#include "vm/cuda/device.hpp"
#include "vm/cuda/gpu/blas_calls.hpp"

using namespace mlz::vm::cuda;

namespace {

// What cuBLAS computes by its manual, with columns in succession.

double entry(const double* m, int ld, bool transposed, int row, int col) {
  return transposed ? m[col + static_cast<std::ptrdiff_t>(row) * ld] : m[row + static_cast<std::ptrdiff_t>(col) * ld];
}

int gemm(void*, int op_a, int op_b, int m, int n, int k, const double* alpha, const double* a, int lda, const double* b,
         int ldb, const double* beta, double* c, int ldc) {
  if (lda < (op_a != 0 ? k : m) || ldb < (op_b != 0 ? n : k) || ldc < m) return 7;
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < m; ++i) {
      double sum = 0;
      for (int t = 0; t < k; ++t) sum += entry(a, lda, op_a != 0, i, t) * entry(b, ldb, op_b != 0, t, j);
      double& out = c[i + static_cast<std::ptrdiff_t>(j) * ldc];
      out = *alpha * sum + (*beta == 0 ? 0 : *beta * out);
    }
  }
  return 0;
}
int gemm_batched(void* h, int op_a, int op_b, int m, int n, int k, const double* alpha, const double* a, int lda,
                 long long step_a, const double* b, int ldb, long long step_b, const double* beta, double* c, int ldc,
                 long long step_c, int count) {
  for (int i = 0; i < count; ++i) {
    const int status =
        gemm(h, op_a, op_b, m, n, k, alpha, a + i * step_a, lda, b + i * step_b, ldb, beta, c + i * step_c, ldc);
    if (status != 0) return status;
  }
  return 0;
}
int gemv(void*, int op, int m, int n, const double* alpha, const double* a, int lda, const double* x, int step_x,
         const double* beta, double* y, int step_y) {
  if (lda < m) return 7;
  for (int i = 0; i < (op != 0 ? n : m); ++i) {
    double sum = 0;
    for (int t = 0; t < (op != 0 ? m : n); ++t) sum += entry(a, lda, op != 0, i, t) * x[t * step_x];
    y[i * step_y] = *alpha * sum + (*beta == 0 ? 0 : *beta * y[i * step_y]);
  }
  return 0;
}
int gemv_batched(void* h, int op, int m, int n, const double* alpha, const double* a, int lda, long long step_a,
                 const double* x, int step_x, long long step_xs, const double* beta, double* y, int step_y,
                 long long step_ys, int count) {
  for (int i = 0; i < count; ++i) {
    const int status =
        gemv(h, op, m, n, alpha, a + i * step_a, lda, x + i * step_xs, step_x, beta, y + i * step_ys, step_y);
    if (status != 0) return status;
  }
  return 0;
}

/// Memory for three matrices in some lanes, with numbers in it.
struct Room {
  explicit Room(std::mt19937& random) : memory(20'000) {
    for (double& v : memory) v = static_cast<double>(random() % 2001) / 1000 - 1;
  }
  std::vector<double> memory;
};

std::vector<double> by_loops(const Launch& launch, std::vector<double> memory) {
  const auto device = open_host_device();
  device->begin({.wide = true, .memory = memory.data()});
  device->run(launch);
  return memory;
}

double apart(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("cuBLAS is given the arguments of the product that a launch means") {
  std::mt19937 random(9);
  const auto below = [&](int n) { return 1 + static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int n = 0; n < 2000; ++n) {
    Room room(random);
    GemmLaunch l;
    l.m = below(12);
    l.n = below(12);
    l.k = below(12);
    l.a_transposed = random() % 2 == 0;
    l.b_transposed = random() % 2 == 0;
    l.lda = (l.a_transposed ? l.m : l.k) + (n % 3 == 0 ? below(5) : 0);
    l.ldb = (l.b_transposed ? l.k : l.n) + (n % 5 == 0 ? below(5) : 0);
    l.ldc = l.n + (n % 7 == 0 ? below(5) : 0);
    l.batch = n % 2 == 0 ? 1 : below(4);
    l.a = {0, n % 4 == 0 ? 0 : 1500};
    l.b = {500, 1500};
    l.c = {1000, 1500};
    l.alpha = n % 3 == 1 ? -0.25 : 1;
    l.beta = n % 2;
    std::vector<double> called = room.memory;
    CHECK(call_gemm<double>(nullptr, l, called.data(), gemm, gemm_batched) == 0);
    CHECK(apart(called, by_loops({l, 0}, room.memory)) < 1e-12);
  }
}

TEST_CASE("cuBLAS is given the arguments of the product of a matrix and a vector") {
  std::mt19937 random(10);
  const auto below = [&](int n) { return 1 + static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int n = 0; n < 1000; ++n) {
    Room room(random);
    GemvLaunch l;
    l.down = n % 3 == 0;
    l.rows = below(20);
    l.cols = below(20);
    l.batch = n % 2 == 0 ? 1 : below(4);
    l.a = {0, n % 4 == 0 ? 0 : 1500};
    l.x = {500, 1500};
    l.to = {1000, 1500};
    std::vector<double> called = room.memory;
    CHECK(call_gemv<double>(nullptr, l, called.data(), gemv, gemv_batched) == 0);
    CHECK(apart(called, by_loops({l, 0}, room.memory)) < 1e-12);
  }
}
