#pragma once
#include <cstdint>
#include <span>

#include "lang/core/draws.hpp"
#include "tasks/glyphs.hpp"

namespace mlz::tasks {

/// How one example departs from its glyph. Lengths are in parts of the image's side, angles in
/// radians.
struct Hand {
  float turn, shear, scale_x, scale_y, shift_x, shift_y;
  float bend_x, bend_y;  ///< how far the middle is pushed aside
  float pen;             ///< width of the line
  float ink;             ///< 0 .. 1

  explicit Hand(DrawSequence& draws);
};

/// Draws a glyph as size x size grey levels, ink 255 on 0, under normal noise of deviation `noise` (1 is full ink). The
/// noise has the draws of `key` with another sampler, so that it does not depend on how many draws the hand took.
void draw_glyph(const Glyph& glyph, const Hand& hand, std::size_t size, double noise, const DrawKey& key,
                std::span<std::uint8_t> out);

}  // namespace mlz::tasks
