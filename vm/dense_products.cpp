#include <type_traits>
#include <utility>

#include "vm/dense_entry.hpp"
#include "vm/reduce.hpp"

namespace mlz::vm::dense {
namespace {

// A product of a[m, k] and b[k, n] as entries know it: rows = m, cols = n, depth = k; attr[0],
// attr[1]: whether a, b are stored transposed.

template <class T>
auto gemv(const Blas& blas) {
  if constexpr (std::is_same_v<T, double>)
    return blas.dgemv;
  else
    return blas.sgemv;
}

template <class T>
auto gemm(const Blas& blas) {
  if constexpr (std::is_same_v<T, double>)
    return blas.dgemm;
  else
    return blas.sgemm;
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

/// As the two above; the matrix is stored as rows x cols, attr[0] says whether it multiplies
/// transposed.
template <class T>
void run_gemv(const Entry<T>& e, const Frame<T>& f) {
  const int trans = e.attr[0] != 0 ? Blas::kTrans : Blas::kNoTrans;
  gemv<T> (*f.blas)(Blas::kRowMajor, trans, narrow(e.rows), narrow(e.cols), T(1), e.operand(f, 0),
                    narrow(e.cols), e.operand(f, 1), 1, T(0), e.result(f), 1);
}

template <class T>
void run_gemm(const Entry<T>& e, const Frame<T>& f) {
  const bool ta = e.attr[0] != 0, tb = e.attr[1] != 0;
  gemm<T> (*f.blas)(Blas::kRowMajor, ta ? Blas::kTrans : Blas::kNoTrans,
                    tb ? Blas::kTrans : Blas::kNoTrans, narrow(e.rows), narrow(e.cols),
                    narrow(e.depth), T(1), e.operand(f, 0), narrow(ta ? e.rows : e.depth),
                    e.operand(f, 1), narrow(tb ? e.depth : e.cols), T(0), e.result(f),
                    narrow(e.cols));
}

/// Row by row by the loops of one vector: of b as it is stored, or dot products with its stored
/// rows.
template <class T>
void run_matmul(const Entry<T>& e, const Frame<T>& f) {
  const T *a = e.operand(f, 0), *b = e.operand(f, 1);
  const bool ta = e.attr[0] != 0, tb = e.attr[1] != 0;
  if (e.cols == 1 && !ta) return f.kernels->matvec(e.rows, e.depth, a, b, e.result(f));
  if (e.cols == 1) return f.kernels->vecmat(e.depth, e.rows, b, 1, a, e.result(f));
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
  constexpr std::int64_t limit = std::int64_t{1} << 31;  // its sizes are int
  return s.m < limit && s.n < limit && s.k < limit;
}

/// A matrix, stored as rows x cols, times a vector; summing over its columns, or over its rows if
/// `down`.
template <class T>
void emit_matrix_vector(const BoundRegister& matrix, bool down, bool use_blas, Entry<T>& entry) {
  entry.rows = matrix.rows;
  entry.cols = matrix.cols;
  entry.depth = down ? matrix.rows : matrix.cols;
  entry.attr[0] = down ? 1 : 0;
  if (use_blas)
    entry.run = run_gemv<T>;
  else
    entry.run = down ? run_vecmat<T> : run_matvec<T>;
}

template <class T>
void emit_matrices(const BoundProgram& program, const PlanOp& op, bool use_blas, Entry<T>& entry) {
  const Sizes s = sizes_of(program, op);
  entry.rows = s.m;
  entry.cols = s.n;
  entry.depth = s.k;
  entry.attr[0] = op.transposed[0];
  entry.attr[1] = op.transposed[1];
  entry.run = use_blas ? run_gemm<T> : run_matmul<T>;
}

}  // namespace

// Measured on a Zen 5 processor against the SkylakeX kernels of OpenBLAS 0.3.21, one thread, times
// in us (loop / BLAS):
//   matvec f32  16 x 16 0.017 / 0.044   128 x 784 3.1 / 3.6   512 x 512 9.1 / 10.8   f64 128 x
//   784 6.5 / 8.1 vecmat f32  64 x 64 0.12 / 0.16     128 x 784 4.0 / 3.6   512 x 512 15 / 11 2048
//   x 2048 750 / 280 matmul f32  4^3 0.07 / 0.02         8^3 0.15 / 0.03       32^3 1.3 / 0.29 32 x
//   128 x 784 137 / 42
// A product with one vector is limited by loads: the loops are as fast as BLAS, or faster, as long
// as they read the matrix in long runs, and they keep the written order. The smallest matrix
// products are left to the loops because other kernels of BLAS (Haswell) need 0.06 us for any of
// them.
bool worth_blas_vecmat(std::int64_t entries) { return entries > (std::int64_t{1} << 17); }

bool worth_blas_matmul(std::int64_t m, std::int64_t n, std::int64_t k) {
  return n > 1 && m * n * k >= 8 * 8 * 8;
}

bool worth_blas(const BoundProgram& program, const PlanOp& op) {
  const BoundInstruction& i = op.source;
  const auto large = [](const BoundRegister& m) {
    return fits_blas({m.rows, 1, m.cols}) && worth_blas_vecmat(m.size());
  };
  if (op.kind != PlanOp::Kind::other) return false;
  if (i.op == OpId::matvec) return op.transposed[0] && large(program.registers[i.in[0]]);
  if (i.op == OpId::vecmat) return !op.transposed[1] && large(program.registers[i.in[1]]);
  if (i.op != OpId::matmul) return false;
  const Sizes s = sizes_of(program, op);
  return fits_blas(s) && worth_blas_matmul(s.m, s.n, s.k);
}

template <class T>
bool emit_product(const BoundProgram& program, const PlanOp& op, bool use_blas, Entry<T>& entry) {
  const BoundRegister& a = program.registers[op.source.in[0]];
  use_blas = use_blas && worth_blas(program, op);
  switch (op.source.op) {
    case OpId::dot:
      entry.depth = a.size();
      entry.run = run_matvec<T>;
      return true;
    case OpId::matvec:
      emit_matrix_vector(a, op.transposed[0], use_blas, entry);
      return true;
    case OpId::vecmat:
      std::swap(entry.in[0], entry.in[1]);
      emit_matrix_vector(program.registers[op.source.in[1]], !op.transposed[1], use_blas, entry);
      return true;
    case OpId::matmul:
      emit_matrices(program, op, use_blas, entry);
      return true;
    default:
      return false;
  }
}
template bool emit_product(const BoundProgram&, const PlanOp&, bool, Entry<double>&);
template bool emit_product(const BoundProgram&, const PlanOp&, bool, Entry<float>&);

}  // namespace mlz::vm::dense
