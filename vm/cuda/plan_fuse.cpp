#include <algorithm>

#include "vm/cuda/plan.hpp"
#include "vm/dense_flow.hpp"
#include "vm/dense_fuse.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::Flow;
using dense::PlanOp;
using Kind = PlanOp::Kind;

bool is_constant(const BoundProgram& program, const dense::View& v) {
  return v.is_scalar() && program.registers[v.reg].birth == BoundRegister::Birth::constant;
}

/// The product of matrices whose result operand k of the sum at `at` is, if nothing else needs it and it could as well
/// be computed there; -1 otherwise.
int product_at(const Flow& flow, const std::vector<PlanOp>& code, int at, int k) {
  const int made = flow.definition(at, k);
  if (made < 0 || !flow.private_to(made, 1)) return -1;
  const PlanOp& product = code[made];
  if (product.kind != Kind::other || product.source.op != OpId::matmul) return -1;
  if (product.rows != code[at].rows || product.cols != code[at].cols) return -1;
  for (int operand = 0; operand < 2; ++operand) {
    const RegisterId in = product.source.in[operand];
    if (in == code[at].out || in == product.out || flow.written_between(in, made, at)) return -1;
  }
  return made;
}

/// out = out + scale * product   ->   the product, which accumulates. Its source.value is the sign.
void accumulate(const BoundProgram& program, const Flow& flow, std::vector<PlanOp>& code, int at) {
  PlanOp& sum = code[at];
  const bool full = sum.in[0].rows == sum.rows && sum.in[0].cols == sum.cols;
  if (sum.in[0].reg != sum.out || !full) return;
  for (int k = 1; k <= 2; ++k) {
    const int made = product_at(flow, code, at, k);
    if (made < 0 || !is_constant(program, sum.in[3 - k])) continue;
    PlanOp product = code[made];
    product.out = sum.out;
    product.line = sum.line;
    product.accumulate_scale = sum.in[3 - k].reg;
    product.source.value = sum.row == dense::kAddProduct ? 1 : -1;
    code[made] = PlanOp{};
    sum = product;
    return;
  }
}

void accumulate_products(const BoundProgram& program, const std::vector<char>& live_after, std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    const PlanOp& op = code[i];
    if (op.kind == Kind::row && (op.row == dense::kAddProduct || op.row == dense::kSubProduct))
      accumulate(program, flow, code, i);
  }
  std::erase_if(code, [](const PlanOp& op) { return op.kind == Kind::nothing; });
}

}  // namespace

dense::Plan fused_plan(const Optimised& optimised, const MachineOptions& options) {
  dense::Plan plan = dense::make_plan(optimised);
  if (!options.fuse) return plan;
  const BoundProgram& program = optimised.program;
  const std::vector<char> live_after = dense::live_after_functions(program, plan);
  dense::Tuning chains;
  chains.chain_small = true;
  for (auto& code : plan.code) {
    dense::fold_transposes(live_after, code);
    if (options.blas) dense::flatten_products(program, code);
    dense::join_products(live_after, code);
    if (options.blas) accumulate_products(program, live_after, code);
    dense::make_chains(live_after, chains, options.dtype == DType::f64 ? sizeof(double) : sizeof(float), code);
  }
  return plan;
}

namespace {

/// What is computed from a register that lanes do not share is not shared.
void spread(const Optimised& optimised, std::vector<char>& shared) {
  bool changed = true;
  const auto visit = [&](const BoundInstruction& i) {
    bool same = !op_info(i.op).has(kRandom);
    for (std::size_t k = 0; k < i.in_count; ++k) same = same && shared[i.in[k]] != 0;
    if (same || shared[i.out] == 0) return;
    shared[i.out] = 0;
    changed = true;
  };
  while (changed) {
    changed = false;
    for (const auto& code : optimised.program.code) std::ranges::for_each(code, visit);
    std::ranges::for_each(optimised.fixed, visit);
  }
}

/// A chain works for one lane or for all: with one result that is not shared, none is. Otherwise lanes would read and
/// write a shared register at the same time.
bool separate_chains(const std::vector<PlanOp>& code, std::vector<char>& shared) {
  bool changed = false;
  for (const PlanOp& op : code) {
    const auto is_shared = [&](const PlanOp& member) { return shared[member.out] != 0; };
    if (std::ranges::all_of(op.members, is_shared)) continue;
    for (const PlanOp& member : op.members) {
      changed = changed || is_shared(member);
      shared[member.out] = 0;
    }
  }
  return changed;
}

}  // namespace

std::vector<char> shared_registers(const Optimised& optimised, const dense::Plan& plan,
                                   const std::vector<char>& apart) {
  const BoundProgram& program = optimised.program;
  std::vector<char> shared(program.registers.size(), 1);
  for (const RegisterId id : program.role) {
    if (id != kNoRegister && program.registers[id].birth != BoundRegister::Birth::param) shared[id] = 0;
  }
  for (RegisterId id = 0; id < shared.size(); ++id) {
    const bool is_apart = id < apart.size() && apart[id] != 0;
    if (is_apart || program.registers[id].input) shared[id] = 0;
  }
  bool changed = true;
  while (changed) {
    spread(optimised, shared);
    changed = false;
    for (const auto& code : plan.code) changed = separate_chains(code, shared) || changed;
  }
  return shared;
}

}  // namespace mlz::vm::cuda
