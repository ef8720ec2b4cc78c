#include <fmt/format.h>

#include <algorithm>

#include "lang/core/roles.hpp"
#include "vm/bind_shapes.hpp"
#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

const std::string& name(const BoundProgram& p, RegisterId id) { return p.registers.at(id).name; }

std::string birth(const BoundProgram& p, const BoundRegister& r) {
  switch (r.birth) {
    case BoundRegister::Birth::zero:
      return "zero";
    case BoundRegister::Birth::constant:
      return "constant";
    case BoundRegister::Birth::param:
      return "param";
    case BoundRegister::Birth::copy:
      return "starts as " + name(p, r.copy_of);
  }
  return {};
}

std::string role(const BoundProgram& p, RegisterId id) {
  for (std::size_t i = 1; i < p.role.size(); ++i) {
    if (p.role[i] == id) return fmt::format(", {}", role_name(static_cast<Role>(i)));
  }
  return {};
}

std::string window(const BoundInstruction& i) {
  return fmt::format("[{}:{}, {}:{}]", i.attr[0], i.attr[0] + i.attr[2], i.attr[1],
                     i.attr[1] + i.attr[3]);
}

std::string attributes(const BoundInstruction& i) {
  const OpInfo& op = op_info(i.op);
  std::string out;
  if (op.has(kRandom))
    out += fmt::format(", sampler={}, draw={}+{}*run", i.sampler, i.draw_first, i.draw_stride);
  for (std::size_t k = 0; k < op.attributes.size(); ++k) {
    const OpAttribute& a = op.attributes[k];
    if (a.name == "eps")
      out += fmt::format(", eps={}", print_number(i.value));
    else if (!a.is_shape && !(a.optional && i.attr[k] < 0))
      out += fmt::format(", {}={}", a.name, i.attr[k]);
  }
  return out;
}

std::string call(const BoundProgram& p, const BoundInstruction& i) {
  if (i.op == OpId::get)
    return fmt::format("{} = {}{}", name(p, i.out), name(p, i.in[0]), window(i));
  if (i.op == OpId::set)
    return fmt::format("{}{} = {}", name(p, i.out), window(i), name(p, i.in[0]));
  std::string args;
  for (std::size_t k = 0; k < i.in_count; ++k) args += ", " + name(p, i.in[k]);
  args += attributes(i);
  return fmt::format("{} = {}({})", name(p, i.out), op_info(i.op).name(),
                     args.substr(std::min<std::size_t>(2, args.size())));
}

std::string registers(const BoundProgram& p) {
  std::string out =
      fmt::format("# {} registers, {} bytes as f64\n", p.registers.size(), p.bytes_f64);
  for (RegisterId id = 0; id < p.registers.size(); ++id) {
    if (p.registers[id].birth != BoundRegister::Birth::constant) out += print_register(p, id);
  }
  return out;
}

}  // namespace

std::string print_register(const BoundProgram& p, RegisterId id) {
  const BoundRegister& r = p.registers[id];
  return fmt::format("{} : {}  # {}{}{}\n", r.name, dims_of(r).print(), birth(p, r), role(p, id),
                     r.observed ? ", observed" : "");
}

std::string print_code(const BoundProgram& p, const std::vector<BoundInstruction>& code) {
  std::string out;
  for (const BoundInstruction& i : code) out += fmt::format("  {}{}\n", call(p, i), i.live ? "" : "  # dead");
  return out;
}

std::string print(const BoundProgram& p) {
  std::string out = registers(p);
  for (const Function f : kFunctions) {
    out += fmt::format("def {}():\n", function_name(f)) + print_code(p, p.code[static_cast<std::size_t>(f)]);
  }
  return out;
}

std::string print(const Optimised& o) {
  std::string out = registers(o.program);
  for (const Function f : kFunctions) {
    out += fmt::format("def {}():\n", function_name(f));
    out += print_code(o.program, o.program.code[static_cast<std::size_t>(f)]);
    if (f == Function::setup && !o.fixed.empty()) out += kFixedHeading + print_code(o.program, o.fixed);
  }
  return out;
}

}  // namespace mlz::vm
