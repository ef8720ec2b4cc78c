#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "vm/bound_program.hpp"
#include "vm/dense_kernels.hpp"
#include "vm/optimise.hpp"

/// The plan of the dense engine: what it does for each function, before that becomes pointers and
/// offsets.
namespace mlz::vm::dense {

/// A register seen with a shape that broadcasts to the shape of a row operation: the operand of
/// `outer` that runs down the rows is seen as a column. Or a part of it, or its rows, or a part of each, several times.
struct View {
  RegisterId reg = kNoRegister;
  std::int64_t rows = 1, cols = 1;
  std::int64_t first = 0;   ///< the entry where a window begins
  std::int64_t step = 0;    ///< entries from one of its rows to the next; 0: not a window
  std::int64_t repeat = 1;  ///< each row of the register stands for so many in succession
  std::int64_t period = 0;  ///< rows of the register, all of them over and over; 0: once

  bool is_scalar() const { return rows * cols == 1; }
  bool has_repeats() const { return repeat > 1 || period > 0; }
  bool is_plain() const { return step == 0 && !has_repeats(); }
};

/// One thing to do.
struct PlanOp {
  enum class Kind : std::uint8_t {
    nothing,  ///< left over where fusion took an operation away
    row,      ///< `row` entry by entry on `in`
    chain,    ///< `members`, all row operations of one shape, tile by tile
    other,    ///< `source`
  };
  Kind kind = Kind::nothing;
  RegisterId out = kNoRegister;
  std::int64_t rows = 1, cols = 1;  ///< row, chain: of the result, as its operands see it
  std::uint32_t line = 0;

  RowOp row = 0;
  std::uint8_t in_count = 0;
  std::array<View, 4> in{};
  /// row: where the result begins in `out` and the entries from one of its rows to the next, where it is a window of it;
  /// 0: all of `out`.
  std::int64_t out_first = 0, out_step = 0;
  bool keeps_rest = false;  ///< row: what is outside of the window still matters
  /// In a chain: the tile buffer that the result or an operand is in, or -1 for its register.
  int out_buffer = -1;
  std::array<int, 4> in_buffer{-1, -1, -1, -1};

  std::vector<PlanOp> members;
  int buffers = 0;  ///< chain: tile buffers that it needs

  BoundInstruction source;
  std::array<bool, 2> transposed{};  ///< products: whether an operand is stored transposed
  RegisterId accumulate_scale =
      kNoRegister;  ///< matmul: out = out + scale * product instead of out = product
};

struct Plan {
  std::array<std::vector<PlanOp>, 4> code;  ///< of the three functions, and of Optimised::fixed
};
inline constexpr std::size_t kFixed = 3;

/// Limits of fusion; tests make them small.
struct Tuning {
  std::int64_t tile_bytes =
      4096;                  ///< of one operand in a chain: several of them stay in the first cache
  bool chain_small = false;  ///< chains also where a register is no larger than a tile
  Level level = kernel_level();    ///< of the kernels
};

/// The instructions of a program, one operation each: elementwise ops, copies, fills, broadcasts and
/// outer products as row operations, the rest as they are.
Plan make_plan(const Optimised& optimised);

/// The plan that the engine runs: of `make_plan`, and fused if the options say so.
Plan plan_of(const Optimised& optimised, const MachineOptions& options, const Tuning& tuning);

/// Rows of a row operation or chain in which every view with repeats goes on in equal steps; 0 where there is none.
std::int64_t unit_of(const PlanOp& op);

/// The registers an operation reads (calls `f` for each) apart from parts of `out` that it keeps.
template <class F>
void for_each_read(const PlanOp& op, F&& f) {
  if (op.kind == PlanOp::Kind::row) {
    for (int k = 0; k < op.in_count; ++k) f(op.in[k].reg);
  } else if (op.kind == PlanOp::Kind::chain) {
    for (const PlanOp& member : op.members) for_each_read(member, f);
  } else if (op.kind == PlanOp::Kind::other) {
    for (int k = 0; k < op.source.in_count; ++k) f(op.source.in[k]);
    if (op.accumulate_scale != kNoRegister) f(op.accumulate_scale);
  }
}

/// Whether an operation keeps something of its result's old value: all but the first `set` of a
/// concat, and windows alike.
bool keeps_old_value(const PlanOp& op);
/// The window of `out` that a row operation writes; plain where it writes all of it.
View target_of(const PlanOp& op);

}  // namespace mlz::vm::dense
