#include "vm/dense_fuse.hpp"

#include <algorithm>

#include "vm/dense_entry.hpp"
#include "vm/dense_flow.hpp"

namespace mlz::vm::dense {
namespace {

using Kind = PlanOp::Kind;

void drop_nothings(std::vector<PlanOp>& code) {
  std::erase_if(code, [](const PlanOp& op) { return op.kind == Kind::nothing; });
}

// --- (a) transposes ----------------------------------------------------------------------------

/// Whether operand k of the operation may be given transposed.
bool takes_transposed(const PlanOp& op, int k) {
  if (op.kind != Kind::other) return false;
  if (op.source.op == OpId::matmul) return k < 2;
  return (op.source.op == OpId::matvec && k == 0) || (op.source.op == OpId::vecmat && k == 1);
}

/// The operands that are what the transpose at `at` writes; empty if one of its readers cannot take
/// it transposed.
std::vector<std::pair<int, int>> product_readers(const Flow& flow, const std::vector<PlanOp>& code,
                                                 int at) {
  std::vector<std::pair<int, int>> readers;
  for (int j = at + 1; j <= flow.last_use(at); ++j) {
    for (int k = 0; k < 4; ++k) {
      if (flow.definition(j, k) != at) continue;
      if (!takes_transposed(code[j], k)) return {};
      readers.emplace_back(j, k);
    }
  }
  return readers;
}

void fold_transpose(const Flow& flow, std::vector<PlanOp>& code, int at) {
  const RegisterId of = code[at].source.in[0];
  const int last = flow.last_use(at);
  if (flow.escapes(at) || last < 0 || last - at > kFusionWindow ||
      flow.written_between(of, at, last))
    return;
  if (of == code[at].out) return;  // transposed in place: the old value is gone
  const auto readers = product_readers(flow, code, at);
  if (static_cast<int>(readers.size()) != flow.uses(at)) return;
  for (const auto& [j, k] : readers) {
    code[j].source.in[k] = of;
    code[j].transposed[k] = !code[j].transposed[k];
  }
  code[at] = PlanOp{};
}

// --- (b) products with one term per sum --------------------------------------------------------

bool has_one_term(const BoundProgram& program, const PlanOp& op) {
  const BoundRegister& a = program.registers[op.source.in[0]];
  return op.source.op == OpId::matmul && (op.transposed[0] ? a.rows : a.cols) == 1;
}

// --- (c) products that join sums ---------------------------------------------------------------

struct Product {
  int at = -1;  ///< where it is computed
  View left, right;
};

/// The product of the same shape that operand k of the sum at `sum` is, if no one else needs it and
/// its factors still have their values there.
Product product_behind(const Flow& flow, const std::vector<PlanOp>& code, int sum, int definition) {
  if (definition < 0 || !flow.private_to(definition, 1)) return {};
  const PlanOp& op = code[definition];
  if (op.kind != Kind::row || op.row != row_op(OpId::mul)) return {};
  if (op.rows != code[sum].rows || op.cols != code[sum].cols) return {};
  for (int k = 0; k < 2; ++k) {
    if (op.in[k].reg == op.out || flow.written_between(op.in[k].reg, definition, sum)) return {};
  }
  return {definition, op.in[0], op.in[1]};
}

/// One number for a whole row: stands for all columns.
bool is_per_row(const View& view, const PlanOp& op) {
  return view.is_scalar() || (view.cols == 1 && op.cols > 1);
}

/// Makes the sum at `sum`, with `rest` and the product p, one operation; p's own product joins
/// where it can.
void join(const Flow& flow, std::vector<PlanOp>& code, int sum, const View& rest,
          const Product& p) {
  PlanOp& op = code[sum];
  const bool add = op.row == row_op(OpId::add);
  for (int k = 0; k < 2; ++k) {
    const Product inner = product_behind(flow, code, sum, flow.definition(p.at, k));
    const View& factor = k == 0 ? p.right : p.left;
    if (inner.at < 0 || !is_per_row(factor, op)) continue;
    op.row = add ? kAddScaled : kSubScaled;
    op.in = {rest, factor, inner.left, inner.right};
    op.in_count = 4;
    code[inner.at] = code[p.at] = PlanOp{};
    return;
  }
  op.row = add ? kAddProduct : kSubProduct;
  op.in = {rest, p.left, p.right, View{}};
  op.in_count = 3;
  code[p.at] = PlanOp{};
}

}  // namespace

void fold_transposes(const std::vector<char>& live_after, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    if (code[i].kind == Kind::other && code[i].source.op == OpId::transpose)
      fold_transpose(flow, code, i);
  }
  drop_nothings(code);
}

void flatten_products(const BoundProgram& program, std::vector<PlanOp>& code) {
  for (PlanOp& op : code) {
    if (!worth_blas(program, op) || !has_one_term(program, op)) continue;
    op.kind = Kind::row;
    op.row = row_op(OpId::mul);
    op.in_count = 2;
    op.in = {View{op.source.in[0], op.rows, 1}, View{op.source.in[1], 1, op.cols}, View{}, View{}};
  }
}

void join_products(const std::vector<char>& live_after, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    PlanOp& op = code[i];
    const bool add = op.kind == Kind::row && op.row == row_op(OpId::add);
    const bool sub = op.kind == Kind::row && op.row == row_op(OpId::sub);
    if (!add && !sub) continue;
    for (int k = 1; k >= (add ? 0 : 1); --k) {
      const Product p = product_behind(flow, code, i, flow.definition(i, k));
      if (p.at < 0) continue;
      join(flow, code, i, View(op.in[1 - k]), p);
      break;
    }
  }
  drop_nothings(code);
}

void fuse(const BoundProgram& program, const MachineOptions& options, const Tuning& tuning, Plan& plan) {
  const std::size_t entry_bytes = options.dtype == DType::f64 ? sizeof(double) : sizeof(float);
  const std::vector<char> live_after = live_after_functions(program, plan);
  for (auto& code : plan.code) {
    fold_transposes(live_after, code);
    if (options.blas) flatten_products(program, code);
    join_products(live_after, code);
    fold_moves(program, live_after, tuning, entry_bytes, code);
    open_windows(program, tuning, entry_bytes, code);
    make_chains(live_after, tuning, entry_bytes, code);
  }
}

}  // namespace mlz::vm::dense
