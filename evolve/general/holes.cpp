#include <algorithm>

#include "evolve/general/invent.hpp"
#include "evolve/general/mutations.hpp"
#include "evolve/general/settle.hpp"
#include "lang/core/infer.hpp"

namespace mlz::evolve {
namespace {

constexpr int kTries = 200;

bool is_hole(const Operand& operand) { return operand.kind == Operand::Kind::hole; }

bool has_hole(const CoreLine& line) {
  return line.kind == CoreLine::Kind::hole || line.op == OpId::hole ||
         std::any_of(line.in.begin(), line.in.end(), is_hole);
}

/// The list that the first line with a hole stands in, and its position there.
std::vector<CoreLine>* find_hole(std::vector<CoreLine>& lines, std::size_t& at) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    at = i;
    if (has_hole(lines[i])) return &lines;
    for (auto* inner : {&lines[i].body, &lines[i].otherwise}) {
      if (auto* found = find_hole(*inner, at)) return found;
    }
  }
  return nullptr;
}

/// Where a list of lines is among the blocks.
std::size_t block_of(const Outline& outline, const std::vector<CoreLine>* lines) {
  const auto& blocks = outline.blocks();
  return static_cast<std::size_t>(
      std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) { return b.lines == lines; }) - blocks.begin());
}

void hold_lines(std::vector<CoreLine>& lines) {
  for (CoreLine& line : lines) {
    line.hold = line.hold || !has_hole(line);
    hold_lines(line.body);
    hold_lines(line.otherwise);
  }
}

/// Draws operands for the holes of a line until its result fits what it writes.
bool fill_operands(const Site& site, CoreLine& line, const std::vector<OpId>& ops, const Shape& wanted) {
  const bool any_op = line.op == OpId::hole;
  for (int t = 0; t < kTries; ++t) {
    CoreLine filled = line;
    if (any_op) {
      filled.op = ops[site.draws.below(static_cast<std::uint32_t>(ops.size()))];
      const OpInfo& op = op_info(filled.op);
      if (filled.op == OpId::set || filled.op == OpId::set_fraction || filled.op == OpId::get || op.has(kRandom))
        continue;
      if (op.operands.size() != line.in.size()) continue;
      draw_attributes_for(site, filled, wanted);
    }
    filled.attributes.resize(op_info(filled.op).attributes.size());
    for (Operand& operand : filled.in) {
      if (!is_hole(operand)) continue;
      const Source* s = site.sources.empty() || site.draws.below(4) == 0 ? nullptr : site.pick();
      operand = s == nullptr ? Operand::of(StaticExpr::number(site.draws.uniform(-1, 1))) : Operand::of(s->ref);
    }
    const auto shape = settle_line(filled, site.outline);
    if (!shape || !(*shape == wanted)) continue;
    line = std::move(filled);
    return true;
  }
  return false;
}

bool fill_set(const Site& site, CoreLine& line) {
  const Shape* out = site.outline.shape(line.out);
  if (out == nullptr) return false;
  const Shape part = index_shape(*out, line.index, site.outline.program().sizes).shape;
  const Source* value =
      site.pick_where([&](const Source& s) { return s.shape.kind == Kind::scalar || s.shape == part; });
  line.in[0] = value == nullptr ? Operand::of(StaticExpr::number(site.draws.uniform(-1, 1))) : Operand::of(value->ref);
  return true;
}

bool fill_line(const GeneralSpace& space, const Outline& outline, const Site& site, CoreLine& line) {
  const auto& ops = space.parts[outline.blocks()[site.block].function].ops;
  const Shape* wanted = outline.shape(line.out);
  if (wanted == nullptr || (line.op == OpId::hole && ops.empty())) return false;
  if (line.op == OpId::set) return fill_set(site, line);
  if (line.op != OpId::hole || !line.in.empty()) return fill_operands(site, line, ops, *wanted);
  auto value = invent_value(site, ops, *wanted);
  for (int t = 0; !value && t < kTries; ++t) value = invent_value(site, ops, *wanted);
  if (!value) return false;
  value->out = line.out;
  value->hold = line.hold;
  line = std::move(*value);
  return true;
}

bool fill_lines(const GeneralSpace& space, CoreProgram& program, std::vector<CoreLine>& lines, std::size_t at,
                Draws& draws) {
  const int count = lines[at].hole_count;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  for (int n = 0; n < count; ++n) {
    const Outline outline(program);
    const std::size_t b = block_of(outline, &lines);
    const Outline::Block& block = outline.blocks()[b];
    const auto& ops = space.parts[block.function].ops;
    const std::size_t index = at + static_cast<std::size_t>(n);
    if (ops.empty()) return false;
    const Site site(outline, b, block.order[index], draws);
    auto line = invent_line(site, ops, space, program);
    for (int t = 0; !line && t < kTries; ++t) line = invent_line(site, ops, space, program);
    if (!line) return false;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(index), std::move(*line));
  }
  return true;
}

}  // namespace

bool fill_holes(const GeneralSpace& space, CoreProgram& program, Draws& draws) {
  for (std::size_t f = 0; f < 3; ++f) {
    std::size_t at = 0;
    auto& function = program.functions[f];
    if (program.hold[f] && find_hole(function, at) != nullptr) {  // what is found in it goes on changing
      program.hold[f] = false;
      hold_lines(function);
    }
    while (auto* lines = find_hole(function, at)) {
      if ((*lines)[at].kind == CoreLine::Kind::hole) {
        if (!fill_lines(space, program, *lines, at, draws)) return false;
        continue;
      }
      const Outline outline(program);
      const std::size_t b = block_of(outline, lines);
      const Site site(outline, b, outline.blocks()[b].order[at], draws);
      if (!fill_line(space, outline, site, (*lines)[at])) return false;
    }
  }
  return settle(program, draws);
}

}  // namespace mlz::evolve
