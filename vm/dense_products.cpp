#include <type_traits>
#include <utility>

#include "vm/dense_entry.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm::dense {
namespace {

// A product of a[m, k] and b[k, n] as entries know it: rows = m, cols = n, depth = k; attr[0], attr[1]: whether a, b
// are stored transposed.

template <class T>
auto gemv(const Blas& blas) {
  if constexpr (std::is_same_v<T, double>) return blas.dgemv;
  else return blas.sgemv;
}

template <class T>
auto gemm(const Blas& blas) {
  if constexpr (std::is_same_v<T, double>) return blas.dgemm;
  else return blas.sgemm;
}

int narrow(std::int64_t n) { return static_cast<int>(n); }

/// out[m] = a[m, k] x[k]
template <class T>
void run_matvec(const Entry<T>& e, const Frame<T>& f) {
  f.kernels->matvec(e.rows, e.depth, e.operand(f, 0), e.operand(f, 1), e.result(f));
}

/// out[n] = x[k] b[k, n]
template <class T>
void run_vecmat(const Entry<T>& e, const Frame<T>& f) {
  f.kernels->vecmat(e.depth, e.cols, e.operand(f, 1), 1, e.operand(f, 0), e.result(f));
}

/// As the two above; the matrix is stored as rows x cols, attr[0] says whether it multiplies transposed.
template <class T>
void run_gemv(const Entry<T>& e, const Frame<T>& f) {
  const int trans = e.attr[0] != 0 ? Blas::kTrans : Blas::kNoTrans;
  gemv<T>(*f.blas)(Blas::kRowMajor, trans, narrow(e.rows), narrow(e.cols), T(1), e.operand(f, 0), narrow(e.cols),
                   e.operand(f, 1), 1, T(0), e.result(f), 1);
}

template <class T>
void run_gemm(const Entry<T>& e, const Frame<T>& f) {
  const bool ta = e.attr[0] != 0, tb = e.attr[1] != 0;
  gemm<T>(*f.blas)(Blas::kRowMajor, ta ? Blas::kTrans : Blas::kNoTrans, tb ? Blas::kTrans : Blas::kNoTrans,
                   narrow(e.rows), narrow(e.cols), narrow(e.depth), T(1), e.operand(f, 0),
                   narrow(ta ? e.rows : e.depth), e.operand(f, 1), narrow(tb ? e.depth : e.cols), T(0), e.result(f),
                   narrow(e.cols));
}

/// Row by row by the loops of one vector: of b as it is stored, or dot products with its stored rows.
template <class T>
void run_matmul(const Entry<T>& e, const Frame<T>& f) {
  const T *a = e.operand(f, 0), *b = e.operand(f, 1);
  const bool ta = e.attr[0] != 0, tb = e.attr[1] != 0;
  for (std::int64_t i = 0; i < e.rows; ++i) {
    T* out = e.result(f) + i * e.cols;
    const T* row = ta ? a + i : a + i * e.depth;
    if (!tb) {
      f.kernels->vecmat(e.depth, e.cols, row, ta ? e.rows : 1, b, out);
    } else if (!ta) {
      f.kernels->matvec(e.cols, e.depth, b, row, out);
    } else {
      for (std::int64_t j = 0; j < e.cols; ++j) {
        out[j] = sum_of_products<T>(e.depth, row, e.rows, b + j * e.depth, 1);
      }
    }
  }
}

struct Sizes {
  std::int64_t m, n, k;
};

Sizes sizes_of(const BoundProgram& program, const PlanOp& op) {
  const BoundRegister& a = program.registers[op.source.in[0]];
  const BoundRegister& b = program.registers[op.source.in[1]];
  const bool ta = op.transposed[0], tb = op.transposed[1];
  return {ta ? a.cols : a.rows, tb ? b.rows : b.cols, ta ? a.rows : a.cols};
}

bool fits_blas(const Sizes& s) {
  constexpr std::int64_t limit = std::int64_t{1} << 31;
  return s.m < limit && s.n < limit && s.k < limit;
}

/// A matrix, stored as rows x cols, times a vector; summing over its columns, or over its rows if `down`.
template <class T>
void emit_matrix_vector(const BoundRegister& matrix, bool down, bool use_blas, Entry<T>& entry) {
  entry.rows = matrix.rows;
  entry.cols = matrix.cols;
  entry.depth = down ? matrix.rows : matrix.cols;
  entry.attr[0] = down ? 1 : 0;
  const Sizes s{matrix.rows, 1, matrix.cols};
  if (use_blas && fits_blas(s) && worth_blas<T>(s.m, s.n, s.k)) entry.run = run_gemv<T>;
  else entry.run = down ? run_vecmat<T> : run_matvec<T>;
}

template <class T>
void emit_matrices(const BoundProgram& program, const PlanOp& op, bool use_blas, Entry<T>& entry) {
  const Sizes s = sizes_of(program, op);
  entry.rows = s.m;
  entry.cols = s.n;
  entry.depth = s.k;
  entry.attr[0] = op.transposed[0];
  entry.attr[1] = op.transposed[1];
  entry.run = use_blas && fits_blas(s) && worth_blas<T>(s.m, s.n, s.k) ? run_gemm<T> : run_matmul<T>;
}

}  // namespace

// Measured on a Zen 5 processor with the SkylakeX kernels of OpenBLAS 0.3.21, one thread. Products with a vector are
// limited by loads, and the loops here are as fast as BLAS wherever the matrix fits a cache (see docs of the bench);
// so they always use the loops, and keep the written order.
template <class T>
bool worth_blas(std::int64_t m, std::int64_t n, std::int64_t k) {
  if (n == 1) return false;
  constexpr std::int64_t least = 8 * 8 * 8;
  return m * n * k >= least;
}
template bool worth_blas<double>(std::int64_t, std::int64_t, std::int64_t);
template bool worth_blas<float>(std::int64_t, std::int64_t, std::int64_t);

template <class T>
bool emit_product(const BoundProgram& program, const PlanOp& op, bool use_blas, Entry<T>& entry) {
  const BoundRegister& a = program.registers[op.source.in[0]];
  switch (op.source.op) {
    case OpId::dot:
      entry.depth = a.size();
      entry.run = run_matvec<T>;
      return true;
    case OpId::matvec: emit_matrix_vector(a, op.transposed[0], use_blas, entry); return true;
    case OpId::vecmat:
      std::swap(entry.in[0], entry.in[1]);
      emit_matrix_vector(program.registers[op.source.in[1]], !op.transposed[1], use_blas, entry);
      return true;
    case OpId::matmul: emit_matrices(program, op, use_blas, entry); return true;
    default: return false;
  }
}
template bool emit_product(const BoundProgram&, const PlanOp&, bool, Entry<double>&);
template bool emit_product(const BoundProgram&, const PlanOp&, bool, Entry<float>&);

}  // namespace mlz::vm::dense
