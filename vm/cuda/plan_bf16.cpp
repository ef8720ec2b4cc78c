#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;

constexpr std::int64_t kLineNumbers = 32;  // of 16 bits, in 64 bytes
constexpr std::int64_t kLaneNumbers = 8;   // in 16 bytes, as cuBLAS reads them fastest

std::int64_t up_to(std::int64_t n, std::int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

template <class F>
void for_each_written(const PlanOp& op, F&& f) {
  for (const PlanOp& member : op.members) for_each_written(member, f);
  if (op.out != kNoRegister) f(op.out);
}

}  // namespace

RoundedFactors::RoundedFactors(const BoundProgram& program, const dense::Plan& fused, const Tuning& tuning,
                               CudaPlan& plan)
    : program_(program), keep_(tuning.keep_rounded), plan_(plan) {
  const std::size_t n = program.registers.size();
  place_.assign(n, {kNowhere, 0});
  steady_.assign(n, 1);
  plan_.rounded_once.assign(n, 0);
  for (RegisterId id = 0; id < n; ++id) steady_[id] = !program.registers[id].input;
  for (const RegisterId id : program.role) {
    if (id != kNoRegister && program.registers[id].birth != BoundRegister::Birth::param) steady_[id] = 0;
  }
  for (const Function f : {Function::predict, Function::learn}) {
    for (const PlanOp& op : fused.code[static_cast<std::size_t>(f)])
      for_each_written(op, [&](RegisterId id) { steady_[id] = 0; });
  }
}

void RoundedFactors::begin(std::size_t function) {
  function_ = function;
  fresh_.assign(program_.registers.size(), 0);
}

void RoundedFactors::written(const PlanOp& op) {
  for_each_written(op, [&](RegisterId id) { fresh_[id] = 0; });
}

void RoundedFactors::use(const PlanOp& op, GemmLaunch& gemm) {
  const bool vector = op.source.op != OpId::matmul, swapped = op.source.op == OpId::matvec;
  gemm.bf16 = true;
  gemm.a = rounded(op.source.in[swapped ? 1 : 0], op.line);
  gemm.b = rounded(op.source.in[swapped ? 0 : 1], op.line);
  if (vector) gemm.lda = static_cast<std::int32_t>(gemm.a.lane_step);  // the vectors of all lanes are its rows
}

Place RoundedFactors::rounded(RegisterId id, std::uint32_t line) {
  make_room(id);
  const bool is_step = function_ == static_cast<std::size_t>(Function::predict) ||
                       function_ == static_cast<std::size_t>(Function::learn);
  if (keep_ && steady_[id] != 0 && is_step) {
    if (plan_.rounded_once[id] == 0) once_.push_back({id, line});
    plan_.rounded_once[id] = 1;
  } else if (!keep_ || fresh_[id] == 0) {
    round(id, line);
  }
  return place_[id];
}

void RoundedFactors::round_once() {
  for (const auto& [id, line] : once_) {
    if (fresh_[id] == 0) round(id, line);
  }
}

void RoundedFactors::make_room(RegisterId id) {
  if (place_[id].offset != kNowhere) return;
  Layout& layout = plan_.layout;
  const bool shared = layout.shared[id] != 0;
  const std::int64_t step = up_to(program_.registers[id].size(), kLaneNumbers);
  place_[id] = {2 * (layout.io_offset() + layout.io_entries) + layout.bf16_entries, shared ? 0 : step};
  layout.bf16_entries += up_to(step * (shared ? 1 : layout.lanes), kLineNumbers);
}

void RoundedFactors::round(RegisterId id, std::uint32_t line) {
  const std::int64_t size = program_.registers[id].size();
  RoundLaunch r;
  r.total = static_cast<std::uint32_t>(size * (plan_.layout.shared[id] != 0 ? 1 : plan_.layout.lanes));
  r.size = make_divider(size);
  r.from = plan_.layout.place(id);
  r.to = place_[id];
  plan_.code[function_].push_back({r, line});
  fresh_[id] = 1;
}

}  // namespace mlz::vm::cuda
