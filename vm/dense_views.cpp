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

/// Which moves are folded: those that repeat rows, or those that take windows.
enum class Moves { repeats, windows };

void fold(const BoundProgram& program, const Flow& flow, const Tuning& tuning, std::size_t entry_bytes, Moves moves,
          std::vector<PlanOp>& code, int at) {
  const View view = moved(program, code[at]);
  const int last = flow.last_use(at);
  if (view.has_repeats() != (moves == Moves::repeats)) return;
  if (view.reg == kNoRegister || view.reg == code[at].out || !is_worth_it(view, tuning, entry_bytes)) return;
  if (flow.escapes(at) || last < 0 || last - at > kFusionWindow || flow.written_between(view.reg, at, last)) return;
  const auto operands = readers(flow, code, at, view);
  if (static_cast<int>(operands.size()) != flow.uses(at)) return;
  for (View* operand : operands) *operand = view;
  code[at] = PlanOp{};
}

void fold_all(const BoundProgram& program, const std::vector<char>& live_after, const Tuning& tuning, std::size_t entry_bytes,
              Moves moves, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) fold(program, flow, tuning, entry_bytes, moves, code, i);
  std::erase_if(code, [](const PlanOp& op) { return op.kind == Kind::nothing; });
}

/// Whether the operation is a sum of registers' rows repeated, which costs less to add again than to write and read.
bool is_sum_of_repeats(const PlanOp& op) {
  if (op.kind != Kind::row || op.row != row_op(OpId::add)) return false;
  return std::all_of(op.in.begin(), op.in.begin() + 2, [&](const View& v) { return v.has_repeats() && v.reg != op.out; });
}

/// The operations that read windows of all rows of what is made at `at`; empty if something else reads it.
std::vector<int> window_readers(const BoundProgram& program, const Flow& flow, const Tuning& tuning, std::size_t entry_bytes,
                                const std::vector<PlanOp>& code, int at) {
  std::vector<int> found;
  for (int j = at + 1; j <= flow.last_use(at); ++j) {
    if (flow.definition(j, 0) != at) continue;
    const View view = moved(program, code[j]);
    if (view.reg == kNoRegister || view.step == 0 || view.rows != code[at].rows) return {};
    View part = code[at].in[0];
    part.cols = view.cols;
    if (!is_worth_it(part, tuning, entry_bytes)) return {};
    found.push_back(j);
  }
  return static_cast<int>(found.size()) == flow.uses(at) ? found : std::vector<int>{};
}

/// The part of a view's columns that a window of the whole takes.
View window_of(const BoundProgram& program, View view, const View& window) {
  view.step = program.registers[view.reg].cols;
  view.first = window.first % window.step;
  view.cols = window.cols;
  return view;
}

void split_sum(const BoundProgram& program, const Flow& flow, const Tuning& tuning, std::size_t entry_bytes,
               std::vector<PlanOp>& code, int at) {
  const int last = flow.last_use(at);
  if (!is_sum_of_repeats(code[at]) || flow.escapes(at) || last < 0 || last - at > kFusionWindow) return;
  for (int k = 0; k < 2; ++k) {
    if (flow.written_between(code[at].in[k].reg, at, last)) return;
  }
  const PlanOp sum = code[at];
  for (const int j : window_readers(program, flow, tuning, entry_bytes, code, at)) {
    const View window = moved(program, code[j]);
    code[j].kind = Kind::row;
    code[j].row = sum.row;
    code[j].in_count = 2;
    for (int k = 0; k < 2; ++k) code[j].in[k] = window_of(program, sum.in[k], window);
    code[at].kind = Kind::nothing;
  }
}

/// A sum of repeated rows that only windows are read of is added window by window.
void split_sums(const BoundProgram& program, const std::vector<char>& live_after, const Tuning& tuning,
                std::size_t entry_bytes, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) split_sum(program, flow, tuning, entry_bytes, code, i);
  std::erase_if(code, [](const PlanOp& op) { return op.kind == Kind::nothing; });
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
  fold_all(program, live_after, tuning, entry_bytes, Moves::repeats, code);
  split_sums(program, live_after, tuning, entry_bytes, code);
  fold_all(program, live_after, tuning, entry_bytes, Moves::windows, code);
}

}  // namespace mlz::vm::dense
