#include "evolve/general/settle.hpp"

#include <algorithm>

#include "lang/core/roles.hpp"
#include "lang/text/lowering.hpp"

namespace mlz::evolve {
namespace {

bool partial(const CoreLine& line) { return line.op == OpId::set || line.op == OpId::set_fraction; }

/// A register in scope with the shape of `ref`; `written`: one that may be assigned, and takes a literal index as such.
const Source* replacement(const Outline& outline, const Outline::Place& place, const RegisterRef& ref, bool written,
                          Draws& draws) {
  const Shape* shape = outline.shape(ref);
  if (shape == nullptr) return nullptr;
  std::vector<const Source*> fitting;
  for (const Source* s : outline.sources(place.block, place.order)) {
    if (!(s->shape == *shape) || (written && (!s->writable || text::numbered_kind(s->ref.name) != 0))) continue;
    fitting.push_back(s);
  }
  return fitting.empty() ? nullptr : fitting[draws.below(static_cast<std::uint32_t>(fitting.size()))];
}

bool repair(const Outline& outline, const Outline::Place& place, RegisterRef& ref, bool written, Draws* draws) {
  if (outline.readable(ref, place.block, place.order)) return true;
  if (draws == nullptr || place.held) return false;
  const Source* other = replacement(outline, place, ref, written, *draws);
  if (other == nullptr) return false;
  ref = other->ref;
  return true;
}

bool repair_reads(const Outline& outline, Draws* draws) {
  for (const Outline::Place& place : outline.places()) {
    CoreLine& line = outline.line(place);
    for (Operand& operand : line.in) {
      if (operand.kind == Operand::Kind::reg && !repair(outline, place, operand.reg, false, draws)) return false;
    }
    if (partial(line) && !repair(outline, place, line.out, true, draws)) return false;
  }
  return true;
}

/// The registers in order of their first appearance, those of declarations first.
class Registers {
 public:
  explicit Registers(const CoreProgram& program) : program_(program) {
    for (const RegisterInfo& info : program.registers) known_.emplace(info.name, &info);
    for (const Declaration& d : program.declarations) {
      if (known_.count(d.name) != 0) add(d.name);
    }
    for (const auto& lines : program.functions) walk(lines);
  }
  std::vector<RegisterInfo> take() { return std::move(out_); }

 private:
  const CoreProgram& program_;
  std::map<std::string, const RegisterInfo*> known_;
  std::set<std::string> seen_;
  std::vector<RegisterInfo> out_;

  void walk(const std::vector<CoreLine>& lines) {
    for (const CoreLine& line : lines) {
      for (const Operand& operand : line.in) {
        if (operand.kind == Operand::Kind::reg) add(operand.reg.name);
      }
      if (line.kind == CoreLine::Kind::instruction && line.op != OpId::noop) add(line.out.name);
      walk(line.body);
      walk(line.otherwise);
    }
  }
  void add(const std::string& name) {
    if (!seen_.insert(name).second) return;
    const auto found = known_.find(name);
    RegisterInfo info;
    if (found != known_.end()) {
      info = *found->second;
    } else {
      info.name = name;
      info.shape = shape_of_new(name);
    }
    info.role = Role::none;
    out_.push_back(std::move(info));
  }
  /// Of what the task hands in or takes out, used for the first time.
  Shape shape_of_new(const std::string& name) const {
    const Dim features = *Dim::of(StaticExpr::name("features"), program_.sizes);
    if (name == "x") return Shape::matrix(*Dim::of(StaticExpr::name("batch"), program_.sizes), features);
    if (name == "target") return program_.find("y")->shape;
    return name == "v0" ? Shape::vector(features) : Shape::scalar();
  }
};

}  // namespace

namespace {

bool settle_with(CoreProgram& program, Draws* draws) {
  const RegisterInfo* y = program.find("y");
  const bool needs_y = y != nullptr && !y->is_state && y->shape.kind != Kind::scalar;
  {
    const Outline outline(program);
    if (needs_y && !outline.assigned("y")) return false;
    if (!repair_reads(outline, draws)) return false;
  }
  program.registers = Registers(program).take();
  give_roles(program);
  return true;
}

}  // namespace

bool settle(CoreProgram& program, Draws& draws) { return settle_with(program, &draws); }
bool settle(CoreProgram& program) { return settle_with(program, nullptr); }

}  // namespace mlz::evolve
