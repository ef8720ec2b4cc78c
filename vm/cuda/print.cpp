#include <fmt/format.h>

#include "vm/cuda/engine.hpp"
#include "vm/dense_kernels.hpp"

namespace mlz::vm::cuda {
namespace {

std::string place(const Place& p) { return fmt::format("@{}{}", p.offset, p.lane_step != 0 ? "" : " shared"); }

/// Of a factor in bf16, in numbers of 16 bits.
std::string place_bf16(const Place& p) { return "bf16 " + place(p); }

const char* threads_name(std::uint8_t threads) {
  return threads == kOneThread ? "one thread each" : threads == kTeam ? "a team each" : "a block each";
}

struct Printer {
  std::string operator()(const ChainLaunch& l) const {
    std::string steps;
    for (int k = 0; k < l.steps; ++k) steps += (k == 0 ? "" : ", ") + dense::row_op_name(l.step[k].op);
    return fmt::format("chain {}x{} over {} entries, {} slots: {}", l.size.by / l.cols.by, l.cols.by, l.total, l.slots,
                       steps);
  }
  std::string operator()(const MoveLaunch& l) const {
    static constexpr const char* names[] = {"window", "iota", "onehot", "unfold"};
    return fmt::format("{} {}x{} over {} entries: {} -> {}", names[static_cast<int>(l.kind)], l.size.by / l.cols.by,
                       l.cols.by, l.total, place(l.from), place(l.to));
  }
  std::string operator()(const FoldLaunch& l) const {
    return fmt::format("{} of {} terms, {} results, {}: {} -> {}", op_info(l.op).name(), l.terms, l.total,
                       threads_name(l.threads), place(l.from), place(l.to));
  }
  std::string operator()(const RowsLaunch& l) const {
    return fmt::format("{} of {} entries, {} rows, {}: {} -> {}", op_info(l.op).name(), l.cols, l.total,
                       threads_name(l.threads), place(l.from), place(l.to));
  }
  std::string operator()(const ProductLaunch& l) const {
    return fmt::format("product of {} terms, {} results, {}: {}, {} -> {}", l.terms, l.total, threads_name(l.threads),
                       place(l.a), place(l.b), place(l.to));
  }
  std::string operator()(const RoundLaunch& l) const {
    return fmt::format("round {} entries: {} -> {}", l.total, place(l.from), place_bf16(l.to));
  }
  std::string operator()(const DrawLaunch& l) const {
    return fmt::format("{} of {} entries, sampler {} -> {}", op_info(l.op).name(), l.size, l.sampler, place(l.to));
  }
  std::string operator()(const CountLaunch&) const { return "count the run"; }
  std::string operator()(const GemmLaunch& l) const {
    return fmt::format("gemm {}x{}x{}{}{}, {} of them, alpha {}, beta {}: {}, {} -> {}", l.m, l.n, l.k,
                       l.a_transposed ? " a'" : "", l.b_transposed ? " b'" : "", l.batch, l.alpha, l.beta,
                       l.bf16 ? place_bf16(l.a) : place(l.a), l.bf16 ? place_bf16(l.b) : place(l.b), place(l.c));
  }
  std::string operator()(const GemvLaunch& l) const {
    return fmt::format("gemv {}x{}{}, {} of them: {}, {} -> {}", l.rows, l.cols, l.down ? " down" : "", l.batch,
                       place(l.a), place(l.x), place(l.to));
  }
};

}  // namespace

std::string print(const CudaPlan& plan, const BoundProgram& program) {
  const Layout& layout = plan.layout;
  std::string out = fmt::format("# {} lanes of {} entries, {} shared, {} for copies", layout.lanes, layout.lane_entries,
                                layout.shared_entries, layout.io_entries);
  out += layout.bf16_entries > 0 ? fmt::format(", {} for factors in bf16\n", layout.bf16_entries / 2) : "\n";
  for (std::size_t f = 0; f < plan.code.size(); ++f) {
    if (f == dense::kFixed && plan.code[f].empty()) continue;
    out += f == dense::kFixed ? std::string(kFixedHeading)
                              : fmt::format("def {}():\n", function_name(static_cast<Function>(f)));
    for (const Launch& launch : plan.code[f]) {
      const bool known = launch.line < program.lines.size() && !std::holds_alternative<CountLaunch>(launch.work);
      out += fmt::format("  {}{}\n", std::visit(Printer{}, launch.work),
                         known ? "   # " + program.lines[launch.line].text : "");
    }
  }
  return out;
}

}  // namespace mlz::vm::cuda

namespace mlz::vm {

std::string dump_cuda(const BoundProgram& program, const MachineOptions& options) {
  const Optimised optimised = options.optimise ? optimise(program, options.dtype) : unoptimised(program, options.dtype);
  return print(cuda::make_plan(optimised, options, {}), program);
}

}  // namespace mlz::vm
