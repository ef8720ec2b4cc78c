#include "evolve/general/mutations.hpp"

#include <algorithm>
#include <set>

#include "evolve/general/invent.hpp"
#include "evolve/general/settle.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/core/infer.hpp"

namespace mlz::evolve {
namespace {

using Place = Outline::Place;

template <class T>
const T& pick(const std::vector<T>& items, Draws& draws) {
  return items[draws.below(static_cast<std::uint32_t>(items.size()))];
}

bool open(const GeneralSpace& space, const CoreProgram& program, std::size_t f) {
  return !space.parts[f].ops.empty() && !program.hold[f];
}

/// A function that may change, each equally likely; 3: there is none.
std::size_t pick_function(const GeneralSpace& space, const CoreProgram& program, Draws& draws) {
  std::vector<std::size_t> all;
  for (std::size_t f = 0; f < 3; ++f) {
    if (open(space, program, f)) all.push_back(f);
  }
  return all.empty() ? 3 : pick(all, draws);
}

/// The instructions of a function that are free to change.
std::vector<Place> free_places(const Outline& outline, std::size_t f) {
  std::vector<Place> out;
  for (const Place& p : outline.places()) {
    if (!p.held && outline.blocks()[p.block].function == f) out.push_back(p);
  }
  return out;
}

/// What a part of a register that a line writes can take; else the shape of its result.
Shape result_of(const Outline& outline, const CoreLine& line) {
  const Shape* out = outline.shape(line.out);
  if (out == nullptr) return Shape::scalar();
  return line.op == OpId::set ? index_shape(*out, line.index, outline.program().sizes).shape : *out;
}

bool writes_a_part(const CoreLine& line) { return line.op == OpId::set || line.op == OpId::set_fraction; }

/// The constants of a line that carry no size: its value, or numbers among its operands.
std::vector<StaticExpr*> constants_of(CoreLine& line) {
  std::vector<StaticExpr*> out;
  const bool has_value = line.op == OpId::constant || line.op == OpId::set_fraction;
  if (has_value) out.push_back(&line.attributes[0][0]);
  for (Operand& operand : line.in) {
    if (operand.kind == Operand::Kind::constant) out.push_back(&operand.constant);
  }
  return out;
}

bool alter_line(const GeneralSpace& space, CoreProgram& program, const Site& site, CoreLine& line) {
  if (line.op == OpId::noop) return false;
  const auto inputs = static_cast<std::uint32_t>(line.in.size());
  const bool has_value = line.op == OpId::constant || line.op == OpId::set_fraction;
  const std::uint32_t choice = site.draws.below(inputs + 1 + (has_value ? 1 : 0));
  if (choice == inputs) return redraw_output(site, line, space, program);
  StaticExpr* constant = choice > inputs ? &line.attributes[0][0] : nullptr;
  if (constant == nullptr && line.in[choice].kind == Operand::Kind::constant && site.draws.below(2) == 0) {
    constant = &line.in[choice].constant;
  }
  if (constant == nullptr) return redraw_operand(site, line, choice, result_of(site.outline, line));
  *constant = altered(*constant, space.constants, site.draws);
  return true;
}

bool alter(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  const Outline outline(program);
  const auto places = free_places(outline, f);
  if (places.empty()) return false;
  const Place& place = pick(places, draws);
  return alter_line(space, program, Site(outline, place, draws), outline.line(place));
}

bool randomize_instruction(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  const Outline outline(program);
  const auto places = free_places(outline, f);
  if (places.empty()) return false;
  const Place& place = pick(places, draws);
  auto line = invent_line(Site(outline, place, draws), space.parts[f].ops, space, program);
  if (line) outline.line(place) = std::move(*line);
  return line.has_value();
}

/// Another operation for a register: lines keep what they write, so that what follows still finds it.
bool redraw_value(const GeneralSpace& space, const Outline& outline, const Place& place, Draws& draws) {
  CoreLine& line = outline.line(place);
  if (line.op == OpId::noop || writes_a_part(line)) return false;
  const Site site(outline, place, draws);
  auto value = invent_value(site, space.parts[outline.blocks()[place.block].function].ops, result_of(outline, line));
  if (!value) return false;
  value->out = line.out;
  line = std::move(*value);
  return true;
}

bool randomize_part(const GeneralSpace& space, CoreProgram& program, std::size_t f, Draws& draws) {
  if (f > 2) return false;
  const Outline outline(program);
  bool changed = false;
  for (const Place& place : free_places(outline, f)) changed |= redraw_value(space, outline, place, draws);
  return changed;
}

bool randomize_function(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  return randomize_part(space, program, pick_function(space, program, draws), draws);
}

bool randomize_program(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  bool changed = false;
  for (std::size_t f = 0; f < 3; ++f) {
    if (open(space, program, f)) changed |= randomize_part(space, program, f, draws);
  }
  return changed;
}

bool insert_in(const GeneralSpace& space, CoreProgram& program, std::size_t f, Draws& draws) {
  const Outline outline(program);
  std::vector<std::pair<std::size_t, std::size_t>> positions;  // block, index
  for (std::size_t b = 0; b < outline.blocks().size(); ++b) {
    const Outline::Block& block = outline.blocks()[b];
    if (block.function != f || block.held) continue;
    for (std::size_t i = 0; i < block.order.size(); ++i) positions.emplace_back(b, i);
  }
  if (positions.empty()) return false;
  const auto [b, index] = pick(positions, draws);
  const Outline::Block& block = outline.blocks()[b];
  auto line = invent_line(Site(outline, b, block.order[index], draws), space.parts[f].ops, space, program);
  if (!line) return false;
  block.lines->insert(block.lines->begin() + static_cast<std::ptrdiff_t>(index), std::move(*line));
  return true;
}

bool remove_from(CoreProgram& program, std::size_t f, Draws& draws) {
  const Outline outline(program);
  const auto places = free_places(outline, f);
  if (places.empty()) return false;
  const Place& place = pick(places, draws);
  auto& lines = *outline.blocks()[place.block].lines;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(place.index));
  return true;
}

int length(const CoreProgram& program, std::size_t f) { return instructions_in(program.functions[f]); }

bool insert(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  return f < 3 && length(program, f) < space.parts[f].most && insert_in(space, program, f, draws);
}

bool remove(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  return f < 3 && length(program, f) > space.parts[f].least && remove_from(program, f, draws);
}

bool trade(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  return f < 3 && insert_in(space, program, f, draws) && settle(program, draws) && remove_from(program, f, draws);
}

bool identity(const GeneralSpace&, CoreProgram&, Draws&) { return false; }

bool change_op(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  constexpr int kTries = 40;
  const std::size_t f = pick_function(space, program, draws);
  const Outline outline(program);
  const auto places = free_places(outline, f);
  if (places.empty()) return false;
  const Place& place = pick(places, draws);
  const Site site(outline, place, draws);
  CoreLine& line = outline.line(place);
  const Shape* wanted = line.op == OpId::noop || writes_a_part(line) ? nullptr : outline.shape(line.out);
  if (wanted == nullptr || line.in.empty() || op_info(line.op).has(kRandom)) return false;
  for (int t = 0; t < kTries; ++t) {
    CoreLine changed = line;
    changed.op = pick(space.parts[f].ops, draws);
    changed.index.clear();
    const OpInfo& op = op_info(changed.op);
    if (op.id == line.op || op.id == OpId::get || op.has(kRandom) || op.operands.size() != line.in.size()) continue;
    if (writes_a_part(changed)) continue;
    draw_attributes_for(site, changed, *wanted);
    const auto shape = settle_line(changed, outline);
    if (!shape || !(*shape == *wanted) || changed.op == line.op) continue;
    line = std::move(changed);
    return true;
  }
  return false;
}

bool swap(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const std::size_t f = pick_function(space, program, draws);
  const Outline outline(program);
  const auto places = free_places(outline, f);
  if (places.empty()) return false;
  const Place& a = pick(places, draws);
  std::vector<Place> others;
  for (const Place& p : places) {
    if (p.block == a.block && !(outline.line(p) == outline.line(a))) others.push_back(p);
  }
  if (others.empty()) return false;
  std::swap(outline.line(a), outline.line(pick(others, draws)));
  return true;
}

/// Names that a whole number, a condition or an index depends on; they are no constants to play with.
class Structural {
 public:
  explicit Structural(const CoreProgram& program) {
    for (const Declaration& d : program.declarations) {
      if (d.kind == Declaration::Kind::size) add(d.value);
      for (const FamilyIndex& index : d.family) add(index.count);
    }
    for (const auto& lines : program.functions) walk(lines);
  }
  bool has(const std::string& name) const { return names_.count(name) != 0; }

 private:
  std::set<std::string> names_;

  void add(const StaticExpr& e) {
    if (e) e.visit_names([this](const std::string& name) { names_.insert(name); });
  }
  void add(const RegisterRef& ref) {
    for (const StaticExpr& e : ref.member) add(e);
  }
  void walk(const std::vector<CoreLine>& lines) {
    for (const CoreLine& line : lines) {
      for (const StaticExpr* e : {&line.first, &line.last, &line.step, &line.condition}) add(*e);
      add(line.out);
      for (const Operand& operand : line.in) add(operand.reg);
      for (const Index& index : line.index) {
        add(index.lo);
        add(index.hi);
      }
      if (line.op != OpId::constant && line.op != OpId::set_fraction) {
        for (const auto& attribute : line.attributes)
          std::for_each(attribute.begin(), attribute.end(), [this](const StaticExpr& e) { add(e); });
      }
      walk(line.body);
      walk(line.otherwise);
    }
  }
};

}  // namespace

std::vector<StaticExpr*> free_constants(const GeneralSpace& space, CoreProgram& program) {
  std::vector<StaticExpr*> out;
  const Structural structural(program);
  for (Declaration& d : program.declarations) {
    const bool number = d.kind == Declaration::Kind::constant || (d.kind == Declaration::Kind::param && d.value);
    if (number && !d.hold && !structural.has(d.name)) out.push_back(&d.value);
  }
  const Outline outline(program);
  for (std::size_t f = 0; f < 3; ++f) {
    if (!open(space, program, f)) continue;
    for (const Place& place : free_places(outline, f)) {
      const auto found = constants_of(outline.line(place));
      out.insert(out.end(), found.begin(), found.end());
    }
  }
  return out;
}

namespace {

bool alter_constant(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  const auto all = free_constants(space, program);
  if (all.empty()) return false;
  StaticExpr& chosen = *pick(all, draws);
  chosen = altered(chosen, space.constants, draws);
  return true;
}

}  // namespace

const std::vector<GeneralMutation>& general_mutations() {
  static const std::vector<GeneralMutation> table{
#define MLZ_MUTATION(name, meaning) {#name, meaning, name},
#include "evolve/numbered/mutations.def"
#undef MLZ_MUTATION
  };
  return table;
}

bool mutate(const GeneralMutation& mutation, const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  CoreProgram changed = program;
  try {
    if (!mutation.apply(space, changed, draws) || !settle(changed, draws)) return false;
  } catch (const InputError&) {  // an expression or a shape grew beyond its limits
    return false;
  }
  if (changed == program) return false;
  program = std::move(changed);
  return true;
}

}  // namespace mlz::evolve
