#pragma once
#include "lang/core/draws.hpp"
#include "tasks/glyphs.hpp"

namespace mlz::tasks {

/// A character nobody has seen before: one to four strokes, which are lines, corners, curves, S curves or rings, often
/// joined to one another. Made for few-shot learning, in the manner of Omniglot but of no alphabet.
class Character {
 public:
  /// The character that `draws` name.
  explicit Character(DrawSequence draws);
  /// One drawing of it: every point that shapes a stroke is moved a little.
  Glyph drawn(DrawSequence& draws) const;

 private:
  enum class Kind { path, curve, ring };
  struct Form {
    Kind kind;
    std::vector<Point> points;  ///< corners, those of a Bezier curve, or middle and radii of an ellipse
  };
  Form next_form(DrawSequence& draws) const;
  Point start(DrawSequence& draws) const;
  static Stroke stroke(Kind kind, const std::vector<Point>& points);

  std::vector<Form> forms_;
};

}  // namespace mlz::tasks
