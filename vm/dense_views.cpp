#include <algorithm>

#include "vm/dense_flow.hpp"
#include "vm/dense_fuse.hpp"

namespace mlz::vm::dense {
namespace {

using Kind = PlanOp::Kind;

/// What an operation that only moves entries makes of its operand; a view without register where it is no such one.
View moved(const BoundProgram& program, const PlanOp& op) {
  const BoundInstruction& i = op.source;
  if (op.kind != Kind::other || i.in_count != 1) return {};
  const BoundRegister& of = program.registers[i.in[0]];
  View view{i.in[0], op.rows, op.cols};
  if (i.op == OpId::get) {
    const auto& [row, col, rows, cols] = i.attr;
    if (rows != op.rows || cols != op.cols) return {};
    view.first = row * of.cols + col;
    view.step = of.cols;
    return view;
  }
  if (of.kind != mlz::Kind::matrix) return {};
  if (i.op == OpId::repeat_rows) {
    view.repeat = i.attr[0];
    return view;
  }
  if (i.op != OpId::tile_rows) return {};
  view.period = of.rows;
  return view;
}

/// Whether loops over the view are long enough to be worth more than the pass that it saves.
bool is_worth_it(const View& view, const Tuning& tuning, std::size_t entry_bytes) {
  constexpr std::size_t kVectorBytes = 64;
  if (tuning.chain_small) return true;
  const std::size_t row_bytes = static_cast<std::size_t>(view.cols) * entry_bytes;
  if (!view.has_repeats()) return view.rows == 1 || row_bytes >= kVectorBytes;
  const std::int64_t unit = view.period > 0 ? view.period : view.repeat;
  const std::int64_t tile = tuning.tile_bytes / static_cast<std::int64_t>(entry_bytes);
  return unit * view.cols >= kShortestUnit && view.rows * view.cols > tile;
}

/// Whether a row operation reads operand k entry for entry, and keeps the register of the view as it is.
bool can_read(const PlanOp& op, int k, const View& view) {
  const View& old = op.in[k];
  return op.kind == Kind::row && op.rows == view.rows && op.cols == view.cols && old.rows == view.rows &&
         old.cols == view.cols && old.is_plain() && op.out != view.reg;
}

/// The operands that are what the operation at `at` writes; empty if one of them cannot be the view.
std::vector<View*> readers(const Flow& flow, std::vector<PlanOp>& code, int at, const View& view) {
  std::vector<View*> found;
  for (int j = at + 1; j <= flow.last_use(at); ++j) {
    for (int k = 0; k < 4; ++k) {
      if (flow.definition(j, k) != at) continue;
      if (!can_read(code[j], k, view)) return {};
      found.push_back(&code[j].in[k]);
    }
  }
  return found;
}

void fold(const BoundProgram& program, const Flow& flow, const Tuning& tuning, std::size_t entry_bytes,
          std::vector<PlanOp>& code, int at) {
  const View view = moved(program, code[at]);
  const int last = flow.last_use(at);
  if (view.reg == kNoRegister || view.reg == code[at].out || !is_worth_it(view, tuning, entry_bytes)) return;
  if (flow.escapes(at) || last < 0 || last - at > kFusionWindow || flow.written_between(view.reg, at, last)) return;
  const auto operands = readers(flow, code, at, view);
  if (static_cast<int>(operands.size()) != flow.uses(at)) return;
  for (View* operand : operands) *operand = view;
  code[at] = PlanOp{};
}

/// Makes the `set` of a window that is narrower than its register a copy into that window.
void open_window(const BoundProgram& program, const Tuning& tuning, std::size_t entry_bytes, PlanOp& op) {
  if (op.kind != Kind::other || op.source.op != OpId::set) return;
  const auto& [row, col, rows, cols] = op.source.attr;
  const std::int64_t step = program.registers[op.out].cols, tile = tuning.tile_bytes / static_cast<std::int64_t>(entry_bytes);
  const RegisterId from = op.source.in[0];
  if (from == op.out || program.registers[from].size() != rows * cols || rows == 1 || cols == step) return;
  View view{op.out, rows, cols};
  view.step = step;
  if (!is_worth_it(view, tuning, entry_bytes) || (!tuning.chain_small && rows * cols <= tile)) return;
  op.keeps_rest = keeps_old_value(op);
  op.kind = Kind::row;
  op.row = row_op(OpId::copy);
  op.rows = rows;
  op.cols = cols;
  op.in = {View{from, rows, cols}, View{}, View{}, View{}};
  op.in_count = 1;
  op.out_first = row * step + col;
  op.out_step = step;
}

}  // namespace

void open_windows(const BoundProgram& program, const Tuning& tuning, std::size_t entry_bytes, std::vector<PlanOp>& code) {
  for (PlanOp& op : code) open_window(program, tuning, entry_bytes, op);
}

void fold_moves(const BoundProgram& program, const std::vector<char>& live_after, const Tuning& tuning,
                std::size_t entry_bytes, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) fold(program, flow, tuning, entry_bytes, code, i);
  std::erase_if(code, [](const PlanOp& op) { return op.kind == Kind::nothing; });
}

}  // namespace mlz::vm::dense
