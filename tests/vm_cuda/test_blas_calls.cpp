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

using Factor = mlz::vm::cuda::Bf16;

double entry(const Factor* m, int ld, bool transposed, int row, int col) {
  return from_bf16(transposed ? m[col + static_cast<std::ptrdiff_t>(row) * ld]
                              : m[row + static_cast<std::ptrdiff_t>(col) * ld]);
}
int gemm_ex(void*, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a, int type_a, int lda,
            const void* b, int type_b, int ldb, const void* beta, void* c, int type_c, int ldc, int sums, int) {
  if (type_a != Cublas::kBf16 || type_b != Cublas::kBf16 || type_c != Cublas::kFloat || sums != Cublas::kSumsInFloat)
    return 15;
  if (lda < (op_a != 0 ? k : m) || ldb < (op_b != 0 ? n : k) || ldc < m) return 7;
  const auto scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < m; ++i) {
      double sum = 0;
      for (int t = 0; t < k; ++t) {
        sum += entry(static_cast<const Factor*>(a), lda, op_a != 0, i, t) *
               entry(static_cast<const Factor*>(b), ldb, op_b != 0, t, j);
      }
      float& out = static_cast<float*>(c)[i + static_cast<std::ptrdiff_t>(j) * ldc];
      out = static_cast<float>(scale * sum + (keep == 0 ? 0 : keep * out));
    }
  }
  return 0;
}
int gemm_ex_batched(void* h, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a, int type_a,
                    int lda, long long step_a, const void* b, int type_b, int ldb, long long step_b, const void* beta,
                    void* c, int type_c, int ldc, long long step_c, int count, int sums, int any) {
  for (int i = 0; i < count; ++i) {
    const int status = gemm_ex(h, op_a, op_b, m, n, k, alpha, static_cast<const Factor*>(a) + i * step_a, type_a, lda,
                               static_cast<const Factor*>(b) + i * step_b, type_b, ldb, beta,
                               static_cast<float*>(c) + i * step_c, type_c, ldc, sums, any);
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

template <class T>
std::vector<T> by_loops(const Launch& launch, std::vector<T> memory) {
  const auto device = open_host_device();
  device->begin({.wide = std::is_same_v<T, double>, .memory = memory.data()});
  device->run(launch);
  return memory;
}

template <class T>
double apart(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, double{std::abs(a[i] - b[i])});
  return largest;
}

/// A product of random sizes, stored any way, of one or some lanes; lanes lie 1500 entries apart.
GemmLaunch random_gemm(std::mt19937& random, int n) {
  const auto below = [&](int most) { return 1 + static_cast<int>(random() % static_cast<unsigned>(most)); };
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
  l.a = {0, n % 3 == 1 ? 0 : 1500};
  l.b = {500, 1500};
  l.c = {1000, 1500};
  l.alpha = n % 3 == 1 ? -0.25 : 1;
  l.beta = n % 2;
  return l;
}

}  // namespace

TEST_CASE("cuBLAS is given the arguments of the product that a launch means") {
  std::mt19937 random(9);
  for (int n = 0; n < 2000; ++n) {
    Room room(random);
    const GemmLaunch l = random_gemm(random, n);
    std::vector<double> called = room.memory;
    CHECK(call_gemm<double>(nullptr, l, called.data(), gemm, gemm_batched) == 0);
    CHECK(apart(called, by_loops({l, 0}, room.memory)) < 1e-12);
  }
}

TEST_CASE("cuBLAS is given the arguments of a product with factors in bf16") {
  std::mt19937 random(11);
  for (int n = 0; n < 1000; ++n) {
    const Room room(random);
    GemmLaunch l = random_gemm(random, n);
    l.bf16 = true;
    l.a.offset = 20'000;  // in numbers of 16 bits, behind the results
    l.b.offset = 20'500;
    std::vector<float> memory(room.memory.begin(), room.memory.end());
    auto* factors = reinterpret_cast<Factor*>(memory.data());
    for (int i = 20'000; i < 40'000; ++i)
      factors[i] = to_bf16(static_cast<float>(room.memory[static_cast<std::size_t>(i) / 2]));
    std::vector<float> called = memory;
    CHECK(call_gemm_bf16(nullptr, l, called.data(), gemm_ex, gemm_ex_batched) == 0);
    called.resize(10'000);
    std::vector<float> expected = by_loops<float>({l, 0}, memory);
    CHECK(expected != memory);
    expected.resize(10'000);
    CHECK(apart(called, expected) < 1e-5);
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
    l.a = {0, n % 3 == 1 ? 0 : 1500};
    l.x = {500, 1500};
    l.to = {1000, 1500};
    std::vector<double> called = room.memory;
    CHECK(call_gemv<double>(nullptr, l, called.data(), gemv, gemv_batched) == 0);
    CHECK(apart(called, by_loops({l, 0}, room.memory)) < 1e-12);
  }
}
