#pragma once
#include <cstdint>
#include <variant>

#include "lang/core/op_table.hpp"

/// What a device is told to do, as plain numbers. One launch does one thing for all lifetimes (lanes) at once. The
/// kernels of vm/cuda/kernels.hpp and everything that runs them know these structures; they hold offsets, never
/// addresses, so a launch means the same on every device and can be checked without one.
namespace mlz::vm::cuda {

/// Where a register lies: of lane l, `offset + l * lane_step` entries into the memory. The step is 0 for a register
/// that has the same value in all lanes and is stored once.
struct Place {
  std::int64_t offset = 0;
  std::int64_t lane_step = 0;
};

/// Division of numbers below 2^31 by one that is known when the launch is planned: a product and a shift
/// (Granlund and Montgomery 1994). n / by = n * multiplier / 2^(32 + shift).
struct Divider {
  std::uint32_t by = 1, shift = 0;
  std::uint64_t multiplier = std::uint64_t{1} << 32;
};
Divider make_divider(std::int64_t by);

/// Most operations of a chain, and registers that they name.
inline constexpr int kChainSteps = 32;
inline constexpr int kChainViews = 5 * kChainSteps;

/// A register in a chain: entry (i, j) of lane l lies at offset + (l * lane_step if per_lane) + i * row_step +
/// j * col_step.
struct ChainView {
  std::int64_t offset = 0;
  std::uint32_t row_step = 0;
  std::uint8_t col_step = 0, per_lane = 0;
};

/// Values that steps of a chain read and write besides registers.
inline constexpr std::int8_t kInMemory = -1;  ///< neither: in the register itself
inline constexpr std::int8_t kPrevious = -2;  ///< the result of the step before
inline constexpr std::int8_t kNotKept = -2;   ///< result: only the next step reads it

struct ChainStep {
  std::uint8_t op = 0;  ///< dense::RowOp
  std::uint8_t arity = 0;
  std::uint8_t out_view = 0;
  std::int8_t out_slot = kInMemory;
  std::uint8_t in_view[4] = {};
  std::int8_t in_slot[4] = {kInMemory, kInMemory, kInMemory, kInMemory};
};

/// Elementwise operations of one shape, all of them on one entry before the next entry.
struct ChainLaunch {
  std::uint32_t total = 0;  ///< entries of all lanes
  Divider size, cols;       ///< entries of one lane, and of a row
  std::int64_t lane_step = 0;
  std::uint8_t steps = 0, views = 0, slots = 0;
  ChainStep step[kChainSteps];
  ChainView view[kChainViews];
};

/// Moves entries: result (i, j) of a lane, for i below rows and j below cols, lies at
/// to.offset + to_start + i * to_row + j.
struct MoveLaunch {
  enum class Kind : std::uint8_t {
    window,  ///< from[from_start + i / repeat * from_row + j * from_col]
    iota,    ///< j
    onehot,  ///< 1 where floor(from[i]) is j, else 0
    unfold,  ///< entry j of the patch around pixel i; see ops.def
  };
  Kind kind = Kind::window;
  std::uint32_t total = 0;  ///< entries of all lanes
  Divider size, cols, repeat;
  Place from, to;
  std::int64_t from_start = 0, from_row = 0, from_col = 0, to_start = 0, to_row = 0;
  Divider width, channels, line;  ///< unfold: of the image; line = kernel * channels
  std::int32_t height = 0, before = 0;
};

/// Reductions. Result (i, j) of a lane takes term k at i / across * band_step + i % across * row_step + j * col_step
/// + k / line * line_step + k % line * term_step.
struct FoldLaunch {
  OpId op = OpId::sum;       ///< sum, mean, max, min, norm, std or argmax
  std::uint8_t threads = 1;  ///< 1: one thread a result; 2: partials a team; 3: a block
  std::uint32_t total = 0;   ///< results of all lanes
  Divider size, cols, across, line;
  Place from, to;
  std::int32_t terms = 0;
  std::int64_t band_step = 0, row_step = 0, col_step = 0, line_step = 0, term_step = 0;
};
inline constexpr std::uint8_t kOneThread = 1, kTeam = 2, kBlock = 3;

/// softmax, log_softmax and layer_norm of rows.
struct RowsLaunch {
  OpId op = OpId::softmax;
  std::uint8_t threads = kTeam;
  std::uint32_t total = 0;  ///< rows of all lanes
  Divider rows;
  Place from, to;
  std::int32_t cols = 0;
  double eps = 0;
};

/// Products in the written order: result (i, j) is the sum over k of a[i * a_row + k * a_term] b[k * b_term + j *
/// b_col].
struct ProductLaunch {
  std::uint8_t threads = kOneThread;
  std::uint32_t total = 0;  ///< results of all lanes
  Divider size, cols;
  Place a, b, to;
  std::int32_t terms = 0;
  std::int64_t a_row = 0, a_term = 0, b_term = 0, b_col = 0;
};

/// Rounds entries to bf16 (vm/cuda/bf16.hpp). `to` counts numbers of 16 bits from the start of the memory.
struct RoundLaunch {
  std::uint32_t total = 0;  ///< entries of all lanes
  Divider size;
  Place from, to;
};

/// Draws; a sampler's key as in BoundInstruction. One item makes two entries.
struct DrawLaunch {
  OpId op = OpId::uniform;
  std::uint8_t function = 0;  ///< whose runs count
  std::uint32_t total = 0;    ///< pairs of all lanes
  std::uint32_t size = 0;     ///< entries of a lane
  Divider pairs;
  Place a, b, to;
  std::uint32_t sampler = 0;
  std::uint64_t draw_first = 0, draw_stride = 1;
};

/// Counts a run of a function; the last launch of each.
struct CountLaunch {
  std::uint8_t function = 0;
};

/// `batch` products by cuBLAS of row-major matrices: c = alpha a b + beta c with c[m, n], a[m, k] (stored [k, m] when
/// a_transposed), b likewise; lda, ldb, ldc are the entries from one stored row to the next.
struct GemmLaunch {
  bool a_transposed = false, b_transposed = false;
  bool bf16 = false;  ///< a and b, whose places then count numbers of 16 bits; f32 programs only
  std::int32_t m = 1, n = 1, k = 1, lda = 1, ldb = 1, ldc = 1, batch = 1;
  Place a, b, c;
  double alpha = 1, beta = 0;
};

/// `batch` products by cuBLAS of a row-major matrix a[rows, cols] with a vector: to = a x, or x a where `down`.
struct GemvLaunch {
  bool down = false;
  std::int32_t rows = 1, cols = 1, batch = 1;
  Place a, x, to;
};

struct Launch {
  std::variant<ChainLaunch, MoveLaunch, FoldLaunch, RowsLaunch, ProductLaunch, RoundLaunch, DrawLaunch, CountLaunch,
               GemmLaunch, GemvLaunch>
      work;
  std::uint32_t line = 0;  ///< BoundProgram::lines, for errors
};

/// What draws depend on, in the memory of the device: runs are counted there, so that a recorded function can be
/// replayed.
struct DrawState {
  std::uint64_t stream = 0;
  std::uint64_t runs[3] = {};
};

/// What the draws of one lane depend on besides.
struct LaneKey {
  std::uint64_t seed = 0;
  std::uint64_t lifetime = 0;
};

/// Threads of a block, for all kernels but that of chains.
inline constexpr int kBlockThreads = 256;
/// Entries of a chain that one thread computes, kBlock threads apart.
inline constexpr int kChainEntries = 4;
/// Threads of a block that runs a chain: as many as leave room for its slots in 32 KiB.
inline int chain_threads(int slots, int entry_bytes) {
  int threads = 128;
  while (threads > 32 && slots * threads * kChainEntries * entry_bytes > 32768) threads /= 2;
  return threads;
}

}  // namespace mlz::vm::cuda
