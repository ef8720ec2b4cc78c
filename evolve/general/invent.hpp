#pragma once
#include <optional>

#include "evolve/general/outline.hpp"
#include "evolve/general/space.hpp"

namespace mlz::evolve {

/// A place for a line, with what a new line there may use.
struct Site {
  const Outline& outline;
  std::size_t block = 0, order = 0;
  std::vector<const Source*> sources;
  Draws& draws;

  Site(const Outline& o, std::size_t b, std::size_t at, Draws& d)
      : outline(o), block(b), order(at), sources(o.sources(b, at)), draws(d) {}
  Site(const Outline& o, const Outline::Place& place, Draws& d) : Site(o, place.block, place.order, d) {}
  const Source* pick() const { return sources[draws.below(static_cast<std::uint32_t>(sources.size()))]; }
  /// One of the sources that satisfy `wanted`, each equally likely; null when there is none.
  template <class F>
  const Source* pick_where(F wanted) const {
    std::vector<const Source*> fitting;
    for (const Source* s : sources) {
      if (wanted(*s)) fitting.push_back(s);
    }
    return fitting.empty() ? nullptr : fitting[draws.below(static_cast<std::uint32_t>(fitting.size()))];
  }
};

/// The shape that a line's operation gives with its operands, which are resolved anew: the overload may change. Nothing
/// where they do not fit, or where the text of the line would read back as another line.
std::optional<Shape> settle_line(CoreLine& line, const Outline& outline);

/// A line with everything drawn; it writes to a register in scope, or to a new one while the space allows that, which
/// is then added to `program.registers`. Nothing after a number of draws that do not fit.
std::optional<CoreLine> invent_line(const Site& site, const std::vector<OpId>& ops, const GeneralSpace& space,
                                    CoreProgram& program);

/// The right side of a line whose result has that shape, drawn; the line has no output yet.
std::optional<CoreLine> invent_value(const Site& site, const std::vector<OpId>& ops, const Shape& wanted);

/// Attributes that a line of its operation needs, drawn to give the wanted shape where they decide it.
void draw_attributes_for(const Site& site, CoreLine& line, const Shape& wanted);

/// A new operand for position `at` of a line: a register in scope or, for scalars, a number. The result keeps its
/// shape.
bool redraw_operand(const Site& site, CoreLine& line, std::size_t at, const Shape& wanted);
/// Another register, in scope or new, for what a line writes.
bool redraw_output(const Site& site, CoreLine& line, const GeneralSpace& space, CoreProgram& program);

/// A constant as alter and tuning change it: scaled by a log-normal factor or sign flipped; zero is drawn anew.
StaticExpr altered(const StaticExpr& value, ConstantRule rule, Draws& draws);
/// A constant times a factor. Numbers stay numbers, expressions get a factor in front.
StaticExpr scaled(const StaticExpr& value, double factor);

}  // namespace mlz::evolve
