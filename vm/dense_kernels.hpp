#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "lang/core/op_table.hpp"
#include "vm/levels.hpp"

/// The inner loops of the dense engine, built for several levels of x86-64 with equal results on
/// all.
namespace mlz::vm::dense {

/// Operations entry by entry: the elementwise ops and `copy` by their number in the op table, then
/// what fusion joins.
using RowOp = std::uint8_t;
constexpr RowOp row_op(OpId id) { return static_cast<RowOp>(id); }
inline constexpr RowOp kAddProduct = row_op(OpId::hole) + 1;  ///< a + b * c
inline constexpr RowOp kSubProduct = kAddProduct + 1;         ///< a - b * c
inline constexpr RowOp kAddScaled = kAddProduct + 2;          ///< a + b * (c * d)
inline constexpr RowOp kSubScaled = kAddProduct + 3;          ///< a - b * (c * d)
inline constexpr int kRowOps = kAddProduct + 4;
int row_op_arity(RowOp op);  ///< operands it takes: 1 to 4
/// Its name, as plans show it.
std::string row_op_name(RowOp op);

/// A block of entries to compute. Row i of operand k starts at in[k] + i * in_step[k]. `out` may be
/// an operand with the same step, but must not overlap one otherwise.
template <class T>
struct Block {
  std::int64_t rows = 1, cols = 1;
  T* out = nullptr;
  std::int64_t out_step = 0;
  std::array<const T*, 4> in{};
  std::array<std::int64_t, 4> in_step{};
};
template <class T>
using BlockKernel = void (*)(const Block<T>&);

/// Which reduction; all in the order of vm/reduce.hpp.
enum class Fold : std::uint8_t { sum, squares, largest, smallest };
inline constexpr int kFolds = 4;

/// The kernels of one level and number type. Matrices are row-major without gaps unless a step is
/// given. Folds, products and row operations may read, but do not use, up to 64 bytes behind an
/// operand.
template <class T>
struct Kernels {
  /// [op][pattern]: bit k of the pattern says that operand k has one entry per row, which stands
  /// for all columns. Null where the op has no such form; the last operand's bit may be taken as
  /// any for operands an op lacks.
  std::array<std::array<BlockKernel<T>, 16>, kRowOps> blocks;
  /// The fold of n entries in succession.
  std::array<T (*)(std::int64_t n, const T* a), kFolds> fold;
  /// out[j] = the fold over k < n of a[k * step + j], for j < cols.
  std::array<void (*)(std::int64_t n, std::int64_t step, std::int64_t cols, const T* a, T* out),
             kFolds>
      fold_columns;
  /// out[i] = sum over k of a[i, k] x[k] for a[m, n].
  void (*matvec)(std::int64_t m, std::int64_t n, const T* a, const T* x, T* out);
  /// out[j] = sum over k of x[k * x_step] b[k, j] for b[n, cols].
  void (*vecmat)(std::int64_t n, std::int64_t cols, const T* x, std::int64_t x_step, const T* b,
                 T* out);
  /// out[cols, rows] = transpose of a[rows, cols]; they must not overlap.
  void (*transpose)(std::int64_t rows, std::int64_t cols, const T* a, T* out);
  /// Row operations on n entries; out may be a.
  void (*softmax)(std::int64_t n, const T* a, T* out);
  void (*log_softmax)(std::int64_t n, const T* a, T* out);
  void (*layer_norm)(std::int64_t n, const T* a, T* out, T eps);
};

/// The kernels for a level, which the processor must have.
template <class T>
const Kernels<T>& kernels(Level level);

}  // namespace mlz::vm::dense
