#include <fmt/format.h>

#include "evolve/numbered/genome.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/text/compile.hpp"

namespace mlz::evolve {
namespace {

// --- to text ---------------------------------------------------------------------------------------

RegisterRef reg(Kind kind, int address) { return {fmt::format("{}{}", kind_letter(kind), address), {}}; }

StaticExpr literal(double value) { return StaticExpr::number(value); }

Index fraction(float value) { return {Index::Kind::fraction, literal(value), {}}; }

std::vector<StaticExpr> shape_attribute(Kind kind) {
  return std::vector<StaticExpr>(static_cast<std::size_t>(kind), StaticExpr::name("features"));
}

void add_data(const Instruction& i, const NumberedOp& info, CoreLine& line) {
  const auto [low, high] = i.pair();
  switch (info.data) {
    case Data::none: break;
    case Data::number: line.attributes = {{literal(i.number())}}; break;
    case Data::entry_v:
      line.index = {fraction(low)};
      line.attributes = {{literal(high)}};
      break;
    case Data::entry_m:
      line.index = {fraction(i.extra), fraction(low)};
      line.attributes = {{literal(high)}};
      break;
    case Data::uniform:
    case Data::normal:
      line.in = {Operand::of(literal(low)), Operand::of(literal(high))};
      line.attributes = {shape_attribute(info.out)};
      break;
  }
}

CoreLine core_line(const Instruction& i) {
  const NumberedOp& info = i.info();
  CoreLine line;
  line.op = info.op;
  if (info.has_out) line.out = reg(info.out, i.out);
  for (std::size_t k = 0; k < info.in.size(); ++k) line.in.push_back(Operand::of(reg(info.in[k], i.in[k])));
  line.attributes.resize(op_info(info.op).attributes.size());
  if (info.axis >= 0) line.attributes[0] = {literal(info.axis)};
  add_data(i, info, line);
  return line;
}

/// The line of an operation without literals, cut where the addresses go. A search prints whole populations.
struct Template {
  struct Gap {
    int operand;  ///< -1: the result
    std::string after;
  };
  std::string before;
  std::vector<Gap> gaps;

  Template() = default;
  explicit Template(const NumberedOp& op);
  void print(const Instruction& i, std::string& out) const {
    out += before;
    for (const Gap& gap : gaps) {
      const std::uint8_t address = gap.operand < 0 ? i.out : i.in[static_cast<std::size_t>(gap.operand)];
      fmt::format_to(std::back_inserter(out), "{}{}", address, gap.after);
    }
  }
};

constexpr int kIndent = 2;

/// Prints the operation with addresses that stand nowhere else in a line, and looks where they are.
Template::Template(const NumberedOp& op) {
  constexpr int kMarks[] = {201, 202, 203};
  Instruction i;
  i.op = static_cast<std::uint8_t>(op.number);
  i.out = kMarks[0];
  i.in = {kMarks[1], kMarks[2]};
  const std::string line = mlz::print(core_line(i), kIndent);
  std::size_t from = 0;
  for (;;) {
    std::size_t next = std::string::npos;
    int operand = 0;
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = line.find(std::to_string(kMarks[k]), from);
      if (at < next) {
        next = at;
        operand = k - 1;
      }
    }
    (gaps.empty() ? before : gaps.back().after) = line.substr(from, next - from);
    if (next == std::string::npos) return;
    gaps.push_back({operand, {}});
    from = next + 3;
  }
}

void print_line(const Instruction& i, std::string& out) {
  static const auto templates = [] {
    std::array<Template, kNumberedOps> made;
    for (const NumberedOp& op : numbered_ops()) {
      if (op.data == Data::none) made[op.number] = Template(op);
    }
    return made;
  }();
  if (i.info().data == Data::none) {
    templates[i.op].print(i, out);
  } else {
    out += mlz::print(core_line(i), kIndent);
  }
}

// --- from core -------------------------------------------------------------------------------------

class Reader {
 public:
  Reader(const CoreProgram& program, const Banks& banks) : program_(program), banks_(banks) {}

  Genome read() {
    if (!program_.declarations.empty()) {
      throw InputError(fmt::format("the program declares `{}`; a program of numbered registers declares nothing",
                                   program_.declarations.front().name));
    }
    Genome genome;
    for (std::size_t f = 0; f < 3; ++f) {
      if (program_.functions[f].size() > kLongestFunction) {
        throw InputError(fmt::format("{} has {} instructions; at most {} are allowed", function_name(kFunctions[f]),
                                     program_.functions[f].size(), kLongestFunction));
      }
      for (const CoreLine& line : program_.functions[f]) genome.code.push_back(instruction(line));
      genome.length[f] = static_cast<std::uint8_t>(program_.functions[f].size());
    }
    return genome;
  }

 private:
  const CoreProgram& program_;
  const Banks& banks_;

  [[noreturn]] void refuse(const CoreLine& line, const std::string& why) const {
    std::string text = mlz::print(line);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    throw InputError(fmt::format("line {}: `{}` {}", line.where.line, text, why));
  }

  Kind kind_of(const CoreLine& line, const RegisterRef& ref) const {
    const RegisterInfo* info = program_.find(ref.name);
    const char letter = ref.name.empty() ? '?' : ref.name[0];
    const bool numbered = info != nullptr && ref.member.empty() && ref.name.size() > 1 && ref.name.size() < 5 &&
                          ref.name.find_first_not_of("0123456789", 1) == std::string::npos &&
                          kind_letter(info->shape.kind) == letter;
    if (!numbered) refuse(line, fmt::format("uses `{}`, which is not a numbered register", ref.name));
    return info->shape.kind;
  }

  std::uint8_t address(const CoreLine& line, const RegisterRef& ref, Kind kind) const {
    const int number = std::stoi(ref.name.substr(1));
    const int count = banks_.count[static_cast<std::size_t>(kind)];
    if (number >= count) {
      refuse(line, fmt::format("uses `{}`, but there are only {} {}s; more can be set", ref.name, count, kind_name(kind)));
    }
    return static_cast<std::uint8_t>(number);
  }

  double value(const CoreLine& line, const StaticExpr& expr) const {
    std::string why;
    const auto value = evaluate(expr, {}, why);
    if (!value) refuse(line, "needs a plain number: " + why);
    return *value;
  }

  float short_value(const CoreLine& line, const StaticExpr& expr) const {
    return static_cast<float>(value(line, expr));
  }

  int axis_of(const CoreLine& line) const {
    const int at = op_info(line.op).attribute("axis");
    if (at < 0 || static_cast<std::size_t>(at) >= line.attributes.size()) return -1;
    const auto& given = line.attributes[static_cast<std::size_t>(at)];
    return given.empty() ? -1 : static_cast<int>(value(line, given.front()));
  }

  void read_data(const CoreLine& line, Data data, Instruction& out) const {
    switch (data) {
      case Data::none: break;
      case Data::number: out.set_number(value(line, line.attributes[0][0])); break;
      case Data::entry_v:
        out.set_pair({short_value(line, line.index[0].lo), short_value(line, line.attributes[0][0])});
        break;
      case Data::entry_m:
        out.extra = short_value(line, line.index[0].lo);
        out.set_pair({short_value(line, line.index[1].lo), short_value(line, line.attributes[0][0])});
        break;
      case Data::uniform:
      case Data::normal:
        out.set_pair({short_value(line, line.in[0].constant), short_value(line, line.in[1].constant)});
        break;
    }
  }

  Instruction instruction(const CoreLine& line) const {
    if (line.kind != CoreLine::Kind::instruction || line.op == OpId::hole) {
      refuse(line, "is not an instruction on numbered registers");
    }
    Instruction out;
    if (line.op == OpId::noop) return out;
    const Kind result = kind_of(line, line.out);
    const bool random = op_info(line.op).has(kRandom);
    std::vector<Kind> kinds;
    for (const Operand& operand : line.in) {
      const bool wanted = random ? Operand::Kind::constant == operand.kind : Operand::Kind::reg == operand.kind;
      if (!wanted) refuse(line, random ? "needs numbers" : "needs registers; AutoML-Zero sets constants on lines of their own");
      if (!random) kinds.push_back(kind_of(line, operand.reg));
    }
    const int number = automl_number(line.op, kinds, result, axis_of(line));
    if (number < 0) refuse(line, "is not an operation of AutoML-Zero");
    out.op = static_cast<std::uint8_t>(number);
    out.out = address(line, line.out, result);
    for (std::size_t k = 0; k < kinds.size(); ++k) out.in[k] = address(line, line.in[k].reg, kinds[k]);
    read_data(line, out.info().data, out);
    return out;
  }
};

}  // namespace

std::string print(const Instruction& instruction) { return mlz::print(core_line(instruction)); }

std::string print(const Genome& genome) {
  std::string out;
  for (std::size_t f = 0; f < 3; ++f) {
    out += fmt::format("def {}():\n", function_name(kFunctions[f]));
    for (const Instruction& i : genome.function(f)) print_line(i, out);
  }
  return out;
}

Genome genome_of(const CoreProgram& program, const Banks& banks) { return Reader(program, banks).read(); }

Genome read_genome(const std::string& text, const std::string& name, const Banks& banks) {
  Diagnostics diagnostics;
  const auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{name, text}), {}, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  try {
    return genome_of(compiled->core, banks);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace mlz::evolve
