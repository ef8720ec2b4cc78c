#include <fmt/format.h>

#include "lang/core/core_program.hpp"

namespace mlz {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i ? ", " : "") + parts[i];
  return out;
}

std::string members(const std::vector<StaticExpr>& indices) {
  std::string out;
  for (const StaticExpr& index : indices) out += "[" + index.print() + "]";
  return out;
}

/// An operand beside an infix operator: constants that are themselves expressions get brackets.
std::string tight(const Operand& operand) {
  if (operand.kind != Operand::Kind::constant) return operand.print();
  const std::string text = operand.constant.print();
  const bool atom = operand.constant.kind() != StaticExpr::Kind::call && text.front() != '-';
  const bool function = operand.constant.kind() == StaticExpr::Kind::call &&
                        text.compare(0, operand.constant.text().size() + 1, operand.constant.text() + "(") == 0;
  return atom || function ? text : "(" + text + ")";
}

std::string shape_argument(const std::vector<StaticExpr>& dims) {
  if (dims.size() == 1) return dims[0].print();
  return "(" + dims[0].print() + ", " + dims[1].print() + ")";
}

std::string call(const CoreLine& line, const std::string& name) {
  std::vector<std::string> parts;
  for (const Operand& operand : line.in) parts.push_back(operand.print());
  if (line.op == OpId::hole) return name + "(" + joined(parts) + ")";
  const OpInfo& info = op_info(line.op);
  for (std::size_t i = 0; i < line.attributes.size(); ++i) {
    if (line.attributes[i].empty()) continue;
    const OpAttribute& attribute = info.attributes[i];
    const std::string value =
        attribute.is_shape ? shape_argument(line.attributes[i]) : line.attributes[i][0].print();
    const bool keyword = !attribute.is_shape && (attribute.optional || !attribute.default_value.empty() ||
                                                 attribute.name == "axis");
    parts.push_back(keyword ? attribute.name + "=" + value : value);
  }
  return name + "(" + joined(parts) + ")";
}

std::string indexed(const std::string& name, const std::vector<Index>& index) {
  std::vector<std::string> parts;
  for (const Index& position : index) parts.push_back(position.print());
  return name + "[" + joined(parts) + "]";
}

std::string right_side(const CoreLine& line) {
  switch (line.op) {
    case OpId::hole: return line.in.empty() ? "?" : call(line, "?");
    case OpId::constant: return line.attributes[0][0].print();
    case OpId::copy: return line.in[0].print();
    case OpId::get: return indexed(line.in[0].print(), line.index);
    case OpId::transpose: return line.in[0].print() + ".T";
    case OpId::reciprocal: return "1 / " + tight(line.in[0]);
    case OpId::neg: return "-" + tight(line.in[0]);
    default: break;
  }
  const OpInfo& info = op_info(line.op);
  if (!info.symbol.empty() && !info.has(kPrintsAsCall) && line.in.size() == 2) {
    return tight(line.in[0]) + " " + info.symbol + " " + tight(line.in[1]);
  }
  return call(line, info.name());
}

std::string instruction(const CoreLine& line) {
  if (line.op == OpId::noop) return "NoOp()";
  const std::string out = line.out.print();
  if (line.op == OpId::set) return indexed(out, line.index) + " = " + line.in[0].print();
  if (line.op == OpId::set_fraction) return indexed(out, line.index) + " = " + line.attributes[0][0].print();
  return out + " = " + right_side(line);
}

std::string range(const CoreLine& line) {
  const bool from_zero = line.first == StaticExpr::number(0);
  const bool by_one = line.step == StaticExpr::number(1);
  if (by_one && from_zero) return line.last.print();
  const std::string both = line.first.print() + ", " + line.last.print();
  return by_one ? both : both + ", " + line.step.print();
}

std::string block(const std::vector<CoreLine>& lines, int indent) {
  std::string out;
  for (const CoreLine& line : lines) out += print(line, indent);
  if (lines.empty()) out = std::string(static_cast<std::size_t>(indent), ' ') + "pass\n";
  return out;
}

std::string family(const std::vector<FamilyIndex>& indices) {
  std::string out;
  for (const FamilyIndex& i : indices) out += fmt::format("[{} in range({})]", i.variable, i.count.print());
  return out;
}

}  // namespace

std::string RegisterRef::print() const { return name + members(member); }

std::string Operand::print() const {
  if (kind == Kind::hole) return "?";
  return kind == Kind::reg ? reg.print() : constant.print();
}

std::string Index::print() const {
  if (kind == Kind::all) return ":";
  return kind == Kind::range ? lo.print() + ":" + hi.print() : lo.print();
}

std::string print(const CoreLine& line, int indent) {
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  std::string out = line.hold ? pad + "@hold\n" : "";
  switch (line.kind) {
    case CoreLine::Kind::instruction: return out + pad + instruction(line) + "\n";
    case CoreLine::Kind::hole:
      return out + pad + (line.hole_count == 1 ? "?" : fmt::format("?{}", line.hole_count)) + "\n";
    case CoreLine::Kind::loop:
      return out + fmt::format("{}for {} in range({}):\n", pad, line.variable, range(line)) +
             block(line.body, indent + 2);
    case CoreLine::Kind::branch: break;
  }
  out += fmt::format("{}if {}:\n", pad, line.condition.print()) + block(line.body, indent + 2);
  if (!line.otherwise.empty()) out += pad + "else:\n" + block(line.otherwise, indent + 2);
  return out;
}

std::string print(const Declaration& d) {
  static constexpr const char* kWords[] = {"size", "const", "param", "state"};
  std::string out = d.hold ? "@hold\n" : "";
  out += fmt::format("{} {}", kWords[static_cast<int>(d.kind)], d.name);
  if (d.kind == Declaration::Kind::size || d.kind == Declaration::Kind::constant) {
    return out + " = " + d.value.print() + "\n";
  }
  out += family(d.family);
  if (!d.starts_as.empty()) return out + " = " + d.starts_as + "\n";
  out += " : " + d.shape.print();
  if (d.value) out += " = " + d.value.print();
  if (d.draw != OpId::noop) {
    std::vector<std::string> args;
    for (const StaticExpr& arg : d.draw_args) args.push_back(arg.print());
    out += fmt::format(" ~ {}({})", op_info(d.draw).name(), joined(args));
  }
  return out + "\n";
}

std::string print(const CoreProgram& program) {
  std::string out;
  if (!program.doc.empty()) out += "\"\"\"" + program.doc + "\"\"\"\n\n";
  for (const Declaration& declaration : program.declarations) out += print(declaration);
  if (!program.declarations.empty()) out += "\n";
  for (Function function : kFunctions) {
    const auto i = static_cast<std::size_t>(function);
    if (program.hold[i]) out += "@hold\n";
    out += fmt::format("def {}():\n", function_name(function));
    for (const CoreLine& line : program.functions[i]) out += print(line, 2);
  }
  return out;
}

}  // namespace mlz
