#include "evolve/simplify/edits.hpp"

#include <algorithm>
#include <set>

#include "evolve/general/outline.hpp"
#include "evolve/general/settle.hpp"
#include "evolve/general/space.hpp"

namespace mlz::evolve {
namespace {

using Lines = std::vector<CoreLine>;

void erase_lines(Lines& lines, const std::function<bool(std::size_t)>& gone, std::size_t& number) {
  Lines kept;
  for (CoreLine& line : lines) {
    if (line.kind == CoreLine::Kind::instruction) {
      if (gone(number++)) continue;
    } else {
      erase_lines(line.body, gone, number);
      erase_lines(line.otherwise, gone, number);
    }
    kept.push_back(std::move(line));
  }
  lines = std::move(kept);
}

void erase_empty_blocks(Lines& lines) {
  for (CoreLine& line : lines) {
    erase_empty_blocks(line.body);
    erase_empty_blocks(line.otherwise);
  }
  std::erase_if(lines, [](const CoreLine& line) {
    const bool block = line.kind == CoreLine::Kind::loop || line.kind == CoreLine::Kind::branch;
    return block && line.body.empty() && line.otherwise.empty();
  });
}

/// Names that expressions and lines of a program use.
class Names {
 public:
  explicit Names(const CoreProgram& program) {
    for (const Declaration& d : program.declarations) add(d);
    for (const Lines& lines : program.functions) add(lines);
  }
  bool has(const std::string& name) const { return names_.count(name) != 0; }

 private:
  std::set<std::string> names_;

  void add(const StaticExpr& e) {
    if (e) e.visit_names([this](const std::string& name) { names_.insert(name); });
    if (!e) return;
    if (e.kind() == StaticExpr::Kind::element) names_.insert(e.text());
    for (const StaticExpr& arg : e.args()) add(arg);
  }
  void add(const Shape& shape) {
    for (const Dim& dim : shape.dims) add(dim.expr());
  }
  void add(const RegisterRef& ref) {
    names_.insert(ref.name);
    for (const StaticExpr& e : ref.member) add(e);
  }
  void add(const Declaration& d) {
    add(d.shape);
    add(d.value);
    for (const FamilyIndex& index : d.family) add(index.count);
    for (const StaticExpr& e : d.draw_args) add(e);
    if (!d.starts_as.empty()) names_.insert(d.starts_as);
  }
  void add(const Lines& lines) {
    for (const CoreLine& line : lines) {
      add(line.out);
      for (const Operand& operand : line.in) {
        add(operand.reg);
        add(operand.constant);
      }
      for (const auto& attribute : line.attributes)
        std::for_each(attribute.begin(), attribute.end(), [this](const StaticExpr& e) { add(e); });
      for (const Index& index : line.index) {
        add(index.lo);
        add(index.hi);
      }
      for (const StaticExpr* e : {&line.first, &line.last, &line.step, &line.condition}) add(*e);
      add(line.body);
      add(line.otherwise);
    }
  }
};

/// The value of a condition that consts decide.
std::optional<double> decided(const StaticExpr& condition, const CoreProgram& program) {
  StaticScope scope;
  std::string why;
  for (const Declaration& d : program.declarations) {
    if (d.kind != Declaration::Kind::constant) continue;
    if (const auto value = evaluate(d.value, scope, why)) scope.values[d.name] = *value;
  }
  return evaluate(condition, scope, why);
}

void decide_branches(Lines& lines, const CoreProgram& program) {
  Lines out;
  for (CoreLine& line : lines) {
    decide_branches(line.body, program);
    decide_branches(line.otherwise, program);
    const auto value = line.kind == CoreLine::Kind::branch ? decided(line.condition, program) : std::nullopt;
    if (!value) {
      out.push_back(std::move(line));
      continue;
    }
    Lines& chosen = *value != 0 ? line.body : line.otherwise;
    std::move(chosen.begin(), chosen.end(), std::back_inserter(out));
  }
  lines = std::move(out);
}

bool writes_a_part(const CoreLine& line) { return line.op == OpId::set || line.op == OpId::set_fraction; }

}  // namespace

std::size_t instruction_count(const CoreProgram& program) {
  std::size_t count = 0;
  for (const Lines& lines : program.functions) count += static_cast<std::size_t>(instructions_in(lines));
  return count;
}

std::optional<CoreProgram> without(const CoreProgram& program, const std::function<bool(std::size_t)>& gone) {
  CoreProgram out = program;
  std::size_t number = 0;
  for (Lines& lines : out.functions) erase_lines(lines, gone, number);
  return settle(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<CoreProgram> bypassed(const CoreProgram& program, std::size_t n, std::size_t operand) {
  CoreProgram out = program;
  {
    const Outline outline(out);
    const CoreLine line = outline.line(outline.places()[n]);
    if (operand >= line.in.size() || line.in[operand].kind != Operand::Kind::reg || writes_a_part(line)) return {};
    const Shape* from = outline.shape(line.in[operand].reg);
    const Shape* to = outline.shape(line.out);
    if (!line.out.member.empty() || from == nullptr || to == nullptr || !(*from == *to)) return {};
    for (const Outline::Place& place : outline.places()) {
      CoreLine& other = outline.line(place);
      if (place.order != n && other.op != OpId::noop && other.out.name == line.out.name) return {};
      for (Operand& read : other.in) {
        if (read.kind == Operand::Kind::reg && read.reg == line.out) read = line.in[operand];
      }
    }
  }
  return without(out, [n](std::size_t number) { return number == n; });
}

CoreProgram without_decided_branches(const CoreProgram& program) {
  CoreProgram out = program;
  for (Lines& lines : out.functions) decide_branches(lines, program);
  return settle(out) ? out : program;
}

void drop_unused(CoreProgram& program) {
  for (Lines& lines : program.functions) erase_empty_blocks(lines);
  for (bool changed = true; changed;) {
    const Names names(program);
    // Params stay: their order decides their first values. A batch is part of what x and y are.
    changed = std::erase_if(program.declarations, [&](const Declaration& d) {
                return d.kind != Declaration::Kind::param && d.name != "batch" && d.name != "y" && !names.has(d.name);
              }) > 0;
  }
  std::erase_if(program.registers, [&](const RegisterInfo& info) {
    return info.is_state && std::none_of(program.declarations.begin(), program.declarations.end(),
                                         [&](const Declaration& d) { return d.name == info.name; });
  });
}

}  // namespace mlz::evolve
