#include <fmt/format.h>

#include "vm/dense.hpp"
#include "vm/dense_entry.hpp"

namespace mlz::vm {
namespace dense {
namespace {

std::string shape(const BoundRegister& r) {
  if (r.kind == Kind::scalar) return "";
  return r.kind == Kind::vector ? fmt::format("[{}]", r.cols)
                                : fmt::format("[{},{}]", r.rows, r.cols);
}

class Dumper {
 public:
  Dumper(const BoundProgram& program, bool blas) : program_(program), blas_(blas) {}

  std::string line(const PlanOp& op) const {
    if (op.kind == PlanOp::Kind::row) return row(op);
    if (op.kind == PlanOp::Kind::other) return other(op);
    std::string members;
    for (const PlanOp& member : op.members) members += (members.empty() ? "" : "; ") + row(member);
    return fmt::format("chain of {}: {}", op.members.size(), members);
  }

 private:
  const BoundProgram& program_;
  bool blas_;

  std::string name(RegisterId id, const char* mark = "") const {
    const BoundRegister& r = program_.registers[id];
    return r.name + mark + shape(r);
  }

  static std::string part(const View& v) {
    const std::string from = v.step > 0 ? fmt::format(" from {}", v.first) : "";
    if (v.period > 0) return from + " tiled";
    return v.repeat > 1 ? from + fmt::format(" x {}", v.repeat) : from;
  }

  std::string row(const PlanOp& op) const {
    std::string in;
    for (int k = 0; k < op.in_count; ++k) {
      const View& v = op.in[k];
      const BoundRegister& r = program_.registers[v.reg];
      const bool column = r.kind == mlz::Kind::vector && v.cols == 1 && v.rows > 1;
      in += fmt::format("{}{}{}", k == 0 ? "" : ", ", op.in_buffer[k] >= 0 ? "~" : "",
                        name(v.reg, column ? "'" : "") + part(v));
    }
    return fmt::format("{}{} = {}({})", op.out_buffer >= 0 ? "~" : "", name(op.out) + part(target_of(op)),
                       row_op_name(op.row), in);
  }

  std::string other(const PlanOp& op) const {
    const BoundInstruction& i = op.source;
    std::string in;
    for (int k = 0; k < i.in_count; ++k) {
      const bool transposed = k < 2 && op.transposed[k];
      in += (k == 0 ? "" : ", ") + name(i.in[k], transposed ? "'" : "");
    }
    const OpInfo& info = op_info(i.op);
    for (std::size_t k = 0;
         k < 4 && (k < info.attributes.size() || i.op == OpId::get || i.op == OpId::set); ++k) {
      in += fmt::format("; {}", i.attr[k]);
    }
    const bool by_blas = blas_ && worth_blas(program_, op);
    return fmt::format("{} = {}{}({})", name(op.out), op_id_name(i.op), by_blas ? " by blas" : "",
                       in);
  }

  static std::string op_id_name(OpId id) {
    switch (id) {
      case OpId::matvec:
        return "matvec";
      case OpId::vecmat:
        return "vecmat";
      case OpId::matmul:
        return "matmul";
      case OpId::get:
        return "get";
      case OpId::set:
        return "set";
      default:
        return op_info(id).name();
    }
  }
};

}  // namespace
}  // namespace dense

std::string dump_dense(const BoundProgram& program, const MachineOptions& options,
                       const dense::Tuning& tuning) {
  const Optimised optimised = options.optimise ? optimise(program, options.dtype)
                                               : unoptimised(program, options.dtype);
  const dense::Plan plan = dense::plan_of(optimised, options, tuning);
  const dense::Dumper dumper(optimised.program, options.blas && vm::blas() != nullptr);
  const auto bytes = [&](auto one) {
    const MemoryPlan memory = dense::plan_memory<decltype(one)>(optimised, plan);
    return fmt::format("# registers: {} bytes; {} if none shared memory\n", memory.entries * sizeof one,
                       memory.apart * sizeof one);
  };
  std::string out =
      fmt::format("# dense, {}, {} loops, products by {}\n", dtype_name(options.dtype),
                  level_name(tuning.level),
                  options.blas && vm::blas() != nullptr ? vm::blas()->name : "loops");
  out += options.dtype == DType::f64 ? bytes(double{}) : bytes(float{});
  for (const Function f : kFunctions) {
    out += fmt::format("def {}():\n", function_name(f));
    for (const auto& op : plan.code[static_cast<std::size_t>(f)])
      out += "  " + dumper.line(op) + "\n";
    if (f == Function::setup && !plan.code[dense::kFixed].empty()) {
      out += kFixedHeading;
      for (const auto& op : plan.code[dense::kFixed]) out += "  " + dumper.line(op) + "\n";
    }
  }
  return out;
}

}  // namespace mlz::vm
