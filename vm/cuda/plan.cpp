#include "vm/cuda/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "vm/reduce.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;
using Kind = PlanOp::Kind;

constexpr std::int64_t kLineBytes = 64;
constexpr std::int64_t kIoBytes = std::int64_t{64} << 20;

std::int64_t aligned(std::int64_t entries, DType dtype) {
  const std::int64_t line = kLineBytes / (dtype == DType::f64 ? 8 : 4);
  return (entries + line - 1) / line * line;
}

/// Whether a launch may write its result over an operand: each item reads what it overwrites, and no more, or all of
/// its team has read before.
bool works_in_place(OpId op) {
  return op == OpId::softmax || op == OpId::log_softmax || op == OpId::layer_norm || op == OpId::set ||
         op_info(op).has(kRandom);
}

bool needs_scratch(const PlanOp& op) {
  if (op.kind != Kind::other || works_in_place(op.source.op)) return false;
  const auto end = op.source.in.begin() + op.source.in_count;
  return std::find(op.source.in.begin(), end, op.out) != end;
}

/// The registers that an operation reads or writes where they lie.
template <class F>
void for_each_in_memory(const PlanOp& op, F&& f) {
  if (op.kind == Kind::chain) {
    for (const PlanOp& member : op.members) for_each_in_memory(member, f);
  } else if (op.kind == Kind::row) {
    for (int k = 0; k < op.in_count; ++k) {
      if (op.in_buffer[k] < 0) f(op.in[k].reg);
    }
    if (op.out_buffer < 0) f(op.out);
  } else if (op.kind == Kind::other) {
    dense::for_each_read(op, f);
    f(op.out);
  }
}

/// Places the registers that are shared, or those that are not, and returns the entries that they take.
std::int64_t place_part(const Optimised& optimised, const dense::Plan& plan, DType dtype, bool shared, Layout& layout) {
  const auto& registers = optimised.program.registers;
  std::vector<std::int64_t> sizes(registers.size(), 0);
  for (RegisterId id = 0; id < sizes.size(); ++id) {
    if ((layout.shared[id] != 0) == shared) sizes[id] = aligned(registers[id].size(), dtype);
  }
  MemoryPlanner planner(optimised.program, sizes, optimised.kept);
  for (const auto& code : plan.code) {
    for (const PlanOp& op : code) {
      for_each_in_memory(op, [&](RegisterId id) { planner.use(id); });
      planner.next_moment();
    }
  }
  const MemoryPlan memory = planner.plan();
  std::int64_t scratch = 0;
  for (RegisterId id = 0; id < sizes.size(); ++id) {
    if ((layout.shared[id] != 0) == shared) layout.offset[id] = memory.offset[id];
  }
  for (const auto& code : plan.code) {
    for (const PlanOp& op : code) {
      if (needs_scratch(op)) scratch = std::max(scratch, sizes[op.out]);
    }
  }
  (shared ? layout.shared_scratch : layout.lane_scratch) = memory.entries;
  return memory.entries + scratch;
}

class Planner {
 public:
  Planner(const Optimised& optimised, const dense::Plan& fused, const MachineOptions& options, const Tuning& tuning,
          CudaPlan& plan)
      : context_{optimised.program, plan.layout, tuning, options.dtype, options.blas},
        plan_(plan),
        rounded_(optimised.program, fused, tuning, plan),
        bf16_(options.factors == Factors::bf16 && options.dtype == DType::f32) {}

  void add_function(const std::vector<PlanOp>& code, std::size_t function) {
    rounded_.begin(function);
    for (const PlanOp& op : code) add(op, static_cast<int>(function));
    if (function == dense::kFixed) return rounded_.round_once();
    plan_.code[function].push_back({CountLaunch{static_cast<std::uint8_t>(function)}, 0});
  }

 private:
  Context context_;
  CudaPlan& plan_;
  RoundedFactors rounded_;
  bool bf16_;

  void add(const PlanOp& op, int function) {
    auto& code = plan_.code[static_cast<std::size_t>(function)];
    if (op.kind == Kind::row || op.kind == Kind::chain) {
      code.push_back(chain_launch(context_, op));
      code.back().line = op.line;
    } else if (op.kind == Kind::other) {
      other(op, function, code);
    }
    rounded_.written(op);
  }

  void other(const PlanOp& op, int function, std::vector<Launch>& code) {
    const bool aside = needs_scratch(op);
    const Place to = aside ? plan_.layout.scratch(op.out) : context_.place(op.out);
    Launch made;
    const bool known = plan_move(context_, op, to, made) || plan_fold(context_, op, to, made) ||
                       plan_product(context_, op, to, made) || plan_draw(context_, op, function, to, made);
    if (!known) throw std::logic_error("the cuda engine does not know the operation " + op_info(op.source.op).name());
    made.line = op.line;
    if (auto* gemm = std::get_if<GemmLaunch>(&made.work); gemm != nullptr && bf16_) rounded_.use(op, *gemm);
    code.push_back(made);
    if (!aside) return;
    code.push_back(copy_launch(to, context_.place(op.out), context_.at(op.out).size(), context_.lanes(op.out)));
    code.back().line = op.line;
  }
};

}  // namespace

Divider make_divider(std::int64_t by) {
  Divider d;
  d.by = static_cast<std::uint32_t>(by);
  int log = 0;
  while ((std::int64_t{1} << log) < by) ++log;
  if (log == 0) return d;
  d.shift = static_cast<std::uint32_t>(log - 1);
  d.multiplier = ((std::uint64_t{1} << (31 + log)) + d.by - 1) / d.by;
  return d;
}

std::uint32_t Context::total(RegisterId out, std::int64_t per_lane) const {
  return static_cast<std::uint32_t>(per_lane * lanes(out));
}

std::uint8_t Context::threads_for(std::int64_t terms) const {
  return terms >= tuning.block_terms ? kBlock : terms >= tuning.team_terms ? kTeam : kOneThread;
}

Layout make_layout(const Optimised& optimised, const dense::Plan& plan, const MachineOptions& options,
                   std::vector<char> shared) {
  const auto& registers = optimised.program.registers;
  Layout layout;
  layout.lanes = options.lanes;
  layout.shared = std::move(shared);
  layout.offset.assign(registers.size(), kNowhere);
  std::int64_t io = 0;
  for (const BoundRegister& r : registers) {
    if (r.size() > ((std::int64_t{1} << 31) - 1) / options.lanes) {
      throw InputError(fmt::format("`{}` has {} entries in {} lifetimes: the engine cuda takes less than 2^31 together",
                                   r.name, r.size(), options.lanes));
    }
    const std::int64_t all = aligned(r.size() * options.lanes, options.dtype);
    if (options.lanes > 1 && all * 8 <= kIoBytes) io = std::max(io, all);
  }
  layout.shared_entries = place_part(optimised, plan, options.dtype, true, layout);
  layout.lane_entries = place_part(optimised, plan, options.dtype, false, layout);
  layout.io_entries = io;
  return layout;
}

CudaPlan make_plan(const Optimised& optimised, const MachineOptions& options, const Tuning& tuning,
                   const std::vector<char>& apart) {
  const dense::Plan fused = fused_plan(optimised, options);
  const bool share = tuning.share && options.lanes > 1;
  std::vector<char> shared =
      share ? shared_registers(optimised, fused, apart) : std::vector<char>(optimised.program.registers.size(), 0);
  CudaPlan plan;
  plan.layout = make_layout(optimised, fused, options, std::move(shared));
  Planner planner(optimised, fused, options, tuning, plan);
  for (std::size_t f = 0; f < fused.code.size(); ++f) planner.add_function(fused.code[f], f);
  return plan;
}

}  // namespace mlz::vm::cuda
