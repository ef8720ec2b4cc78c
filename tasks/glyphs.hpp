#pragma once
#include <vector>

namespace mlz::tasks {

/// A place in a box of side 1, x to the right and y downwards.
struct Point {
  float x, y;
};

using Stroke = std::vector<Point>;  ///< joined by straight lines
using Glyph = std::vector<Stroke>;

/// The ways to write the digit 0 .. 9.
const std::vector<Glyph>& digit_glyphs(unsigned digit);

}  // namespace mlz::tasks
