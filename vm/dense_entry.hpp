#pragma once
#include <memory>
#include <vector>

#include "lang/core/draws.hpp"
#include "vm/blas.hpp"
#include "vm/dense_kernels.hpp"
#include "vm/dense_plan.hpp"
#include "vm/memory_plan.hpp"

/// Plans as the dense engine runs them: functions with offsets into the memory of a lane.
namespace mlz::vm::dense {

template <class T>
struct Entry;
template <class T>
struct Chain;

/// What all entries of one run on one lane share.
template <class T>
struct Frame {
  T* memory = nullptr;      ///< of the lane
  T* tiles = nullptr;       ///< buffers of chains, and one pooling window
  double* draws = nullptr;  ///< room for the largest draw, where T is not double
  const Kernels<T>* kernels = nullptr;
  const Blas* blas = nullptr;
  const Chain<T>* chains = nullptr;
  DrawKey key;             ///< without the parts that a sampler adds
  std::uint64_t runs = 0;  ///< of this function so far
};

template <class T>
using EntryFunction = void (*)(const Entry<T>&, const Frame<T>&);

/// One thing to do on one lane. What the numbers mean is up to `run`.
template <class T>
struct Entry {
  EntryFunction<T> run = nullptr;
  std::int64_t out = 0;  ///< offsets into the memory of the lane, in entries
  std::array<std::int64_t, 4> in{};
  std::int64_t rows = 1, cols = 1, depth = 1;
  std::array<std::int64_t, 4> attr{};
  BlockKernel<T> block = nullptr;
  T value = 0;
  std::uint32_t index = 0;  ///< of a chain, of a sampler
  std::uint64_t draw_first = 0, draw_stride = 1;

  T* result(const Frame<T>& f) const { return f.memory + out; }
  const T* operand(const Frame<T>& f, int k) const {
    return f.memory + in[static_cast<std::size_t>(k)];
  }
};

/// An operand or result of a chain: entry (i, j) lies at offset + row(i) * row_step + j * col_step of
/// the lane's memory, or in a tile buffer.
struct Place {
  int buffer = -1;
  std::int64_t offset = 0, row_step = 0, col_step = 0;
  std::int64_t repeat = 1, period = 0;  ///< as in View

  std::int64_t row(std::int64_t i) const { return period > 0 ? i % period : repeat > 1 ? i / repeat : i; }
};

template <class T>
struct ChainMember {
  BlockKernel<T> block = nullptr;
  Place out;
  std::array<Place, 4> in;
  int in_count = 0;
  bool flat = false;  ///< a tile is one row to it: nothing is per row, and rows follow each other without gaps
};

/// Members that run on one tile of rows x cols entries before the next. No tile crosses a multiple of `unit` rows.
template <class T>
struct Chain {
  std::int64_t rows = 1, cols = 1, tile_rows = 1, tile_cols = 1, unit = 1;
  std::vector<ChainMember<T>> members;
};

/// The entries of a program's functions and the memory they need.
template <class T>
struct Code {
  std::array<std::vector<Entry<T>>, 4> entries;  ///< as Plan::code
  std::vector<Chain<T>> chains;
  std::vector<std::int64_t> offset;  ///< as in MemoryPlan, in entries of T; each begins a cache line
  std::int64_t lane_entries = 0;     ///< registers and scratch of one lane
  std::int64_t tile_entries = 0;
  std::int64_t draw_entries = 0;
  const Kernels<T>* kernels = nullptr;
  const Blas* blas = nullptr;
};

/// Turns a plan into entries.
template <class T>
Code<T> make_code(const Optimised& optimised, const Plan& plan, bool use_blas,
                  const Tuning& tuning);

/// Where registers of T lie in the memory of a lane.
template <class T>
MemoryPlan plan_memory(const Optimised& optimised, const Plan& plan);

/// Whether a vector times a matrix of so many entries, summing down its rows, is large enough for
/// BLAS. A matrix times a vector never is.
bool worth_blas_vecmat(std::int64_t entries);
/// Whether m x k times k x n is.
bool worth_blas_matmul(std::int64_t m, std::int64_t n, std::int64_t k);
/// Whether a product, as the plan has it, is.
bool worth_blas(const BoundProgram& program, const PlanOp& op);

// How to fill in an entry of an operation that is not a row operation; each returns false for ops
// that it does not know. The places of the operands are filled in before.
template <class T>
bool emit_product(const BoundProgram& program, const PlanOp& op, bool use_blas, Entry<T>& entry);
template <class T>
bool emit_reduction(const BoundProgram& program, const PlanOp& op, Entry<T>& entry);
template <class T>
bool emit_move(const BoundProgram& program, const PlanOp& op, Entry<T>& entry);
template <class T>
bool emit_draw(const BoundProgram& program, const PlanOp& op, Entry<T>& entry);

/// The pattern of a block kernel for a row operation, and the steps of its operands between rows.
/// Operations without operands that repeat along rows or columns run as one long row.
struct BlockForm {
  std::int64_t rows = 1, cols = 1;
  unsigned pattern = 0;
  std::array<std::int64_t, 4> row_step{}, col_step{};
  bool one_row = false;
};
BlockForm block_form(const PlanOp& op, bool one_row);
/// Whether every operand is a single number or has all entries, in their order.
bool is_one_row(const PlanOp& op);

}  // namespace mlz::vm::dense
