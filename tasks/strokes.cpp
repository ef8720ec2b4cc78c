#include "tasks/strokes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mlz::tasks {
namespace {

constexpr float kNear = 0.12f, kFar = 0.88f;  // the part of the box that strokes begin and end in
constexpr double kShake = 0.035;              // deviation of shaping points between drawings
constexpr int kPieces = 9;                    // straight lines in a curve

float between(DrawSequence& draws, double lo, double hi) { return static_cast<float>(draws.uniform(lo, hi)); }

/// A point some way off another, inside the box. Several tries, for one that the box does not press back.
Point away_from(Point from, DrawSequence& draws) {
  constexpr int kTries = 4;
  Point best = from;
  float longest = -1;
  for (int i = 0; i < kTries; ++i) {
    const float angle = between(draws, 0, 2 * std::numbers::pi), length = between(draws, 0.35, 0.75);
    const Point to{std::clamp(from.x + length * std::cos(angle), kNear, kFar),
                   std::clamp(from.y + length * std::sin(angle), kNear, kFar)};
    const float reached = std::hypot(to.x - from.x, to.y - from.y);
    if (reached > 0.9f * length) return to;
    if (reached > longest) longest = reached, best = to;
  }
  return best;
}

/// A point of the Bezier curve of all `points` (de Casteljau).
Point bezier(std::vector<Point> points, float t) {
  for (std::size_t left = points.size() - 1; left > 0; --left) {
    for (std::size_t i = 0; i < left; ++i) {
      points[i].x += t * (points[i + 1].x - points[i].x);
      points[i].y += t * (points[i + 1].y - points[i].y);
    }
  }
  return points[0];
}

}  // namespace

Character::Character(DrawSequence draws) {
  constexpr double kCounts[] = {0.1, 0.45, 0.8};  // up to one, two and three strokes
  const double u = draws.uniform();
  const auto count = 1 + std::count_if(std::begin(kCounts), std::end(kCounts), [u](double c) { return u >= c; });
  for (std::ptrdiff_t i = 0; i < count; ++i) forms_.push_back(next_form(draws));
}

/// Where a stroke begins: at a point of an earlier one as often as not.
Point Character::start(DrawSequence& draws) const {
  const bool joined = draws.uniform() < 0.5;
  const Point free{between(draws, kNear, kFar), between(draws, kNear, kFar)};
  if (!joined || forms_.empty()) return free;
  const Form& form = forms_[draws.below(forms_.size())];
  return form.points[draws.below(form.kind == Kind::ring ? 1 : form.points.size())];
}

Character::Form Character::next_form(DrawSequence& draws) const {
  const Point from = start(draws);
  const double u = draws.uniform();
  if (u < 0.12) {
    const Point middle{std::clamp(from.x, 0.3f, 0.7f), std::clamp(from.y, 0.3f, 0.7f)};
    return {Kind::ring, {middle, {between(draws, 0.1, 0.28), between(draws, 0.1, 0.28)}}};
  }
  std::vector<Point> points{from};
  const int more = u < 0.4 ? 1 : u < 0.75 ? 2 : 3;
  for (int i = 0; i < more; ++i) points.push_back(away_from(points.back(), draws));
  return {draws.uniform() < 0.6 ? Kind::curve : Kind::path, std::move(points)};
}

Stroke Character::stroke(Kind kind, const std::vector<Point>& points) {
  if (kind == Kind::path) return points;
  Stroke out;
  for (int i = 0; i <= kPieces; ++i) {
    const float t = static_cast<float>(i) / kPieces;
    if (kind == Kind::curve) {
      out.push_back(bezier(points, t));
    } else {
      const float angle = 2 * std::numbers::pi_v<float> * t;
      out.push_back({points[0].x + points[1].x * std::cos(angle), points[0].y + points[1].y * std::sin(angle)});
    }
  }
  return out;
}

Glyph Character::drawn(DrawSequence& draws) const {
  Glyph out;
  for (const Form& form : forms_) {
    std::vector<Point> points = form.points;
    for (Point& p : points) {
      p.x += static_cast<float>(kShake * draws.normal());
      p.y += static_cast<float>(kShake * draws.normal());
    }
    out.push_back(stroke(form.kind, points));
  }
  return out;
}

}  // namespace mlz::tasks
