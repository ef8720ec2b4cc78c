#include "tasks/pen.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mlz::tasks {
namespace {

/// Places of the box as places of the image, in pixels.
class Placement {
 public:
  Placement(const Hand& hand, float side) : hand_(hand), side_(side) {
    const float c = std::cos(hand.turn), s = std::sin(hand.turn);
    xx_ = c * hand.scale_x;
    xy_ = c * hand.shear - s * hand.scale_y;
    yx_ = s * hand.scale_x;
    yy_ = s * hand.shear + c * hand.scale_y;
  }

  Point operator()(Point p) const {
    const float u = p.x - 0.5f, v = p.y - 0.5f;
    const float x = u + hand_.bend_x * (1 - 8 * v * v), y = v + hand_.bend_y * (1 - 8 * u * u);
    return {side_ * (0.5f + hand_.shift_x + xx_ * x + xy_ * y), side_ * (0.5f + hand_.shift_y + yx_ * x + yy_ * y)};
  }

 private:
  Hand hand_;
  float side_, xx_, xy_, yx_, yy_;
};

/// Grey levels 0 .. 1 that lines are drawn on.
class Canvas {
 public:
  explicit Canvas(std::size_t size) : size_(size), levels_(size * size, 0.0f) {}

  /// A line of the given width with round ends; every pixel keeps the strongest ink it gets. All in
  /// pixels.
  void line(Point a, Point b, float width, float ink) {
    const float reach = width / 2 + 0.5f;
    const auto [top, bottom] = range(a.y, b.y, reach);
    const auto [left, right] = range(a.x, b.x, reach);
    const float dx = b.x - a.x, dy = b.y - a.y;
    const float inverse = 1 / std::max(dx * dx + dy * dy, 1e-6f);
    for (std::size_t row = top; row < bottom; ++row) {
      const float py = static_cast<float>(row) + 0.5f - a.y;
      for (std::size_t column = left; column < right; ++column) {
        const float px = static_cast<float>(column) + 0.5f - a.x;
        const float along = std::clamp((px * dx + py * dy) * inverse, 0.0f, 1.0f);
        const float ex = px - along * dx, ey = py - along * dy;
        const float cover = std::clamp(reach - std::sqrt(ex * ex + ey * ey), 0.0f, 1.0f);
        float& level = levels_[row * size_ + column];
        level = std::max(level, ink * cover);
      }
    }
  }

  const std::vector<float>& levels() const { return levels_; }

 private:
  /// The pixels within `reach` of the line's ends along one axis.
  std::pair<std::size_t, std::size_t> range(float a, float b, float reach) const {
    const float most = static_cast<float>(size_);
    const float from = std::clamp(std::floor(std::min(a, b) - reach), 0.0f, most);
    const float to = std::clamp(std::ceil(std::max(a, b) + reach), 0.0f, most);
    return {static_cast<std::size_t>(from), static_cast<std::size_t>(to)};
  }

  std::size_t size_;
  std::vector<float> levels_;
};

void write(Canvas& canvas, const Glyph& glyph, const Hand& hand, float side) {
  const Placement place(hand, side);
  for (const Stroke& stroke : glyph) {
    for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
      canvas.line(place(stroke[i]), place(stroke[i + 1]), hand.pen * side, hand.ink);
    }
  }
}

}  // namespace

Hand::Hand(DrawSequence& draws) {
  const auto normal = [&](double deviation) { return static_cast<float>(deviation * draws.normal()); };
  const auto between = [&](double lo, double hi) { return static_cast<float>(draws.uniform(lo, hi)); };
  turn = normal(0.15);
  shear = normal(0.15);
  scale_x = between(0.75, 1.05);
  scale_y = between(0.78, 1.0);
  shift_x = between(-0.07, 0.07);
  shift_y = between(-0.07, 0.07);
  bend_x = normal(0.05);
  bend_y = normal(0.05);
  pen = between(0.07, 0.14);
  ink = between(0.7, 1.0);
}

void draw_glyph(const Glyph& glyph, const Hand& hand, std::size_t size, double noise, const DrawKey& key,
                std::span<std::uint8_t> out) {
  Canvas canvas(size);
  write(canvas, glyph, hand, static_cast<float>(size));
  std::vector<double> grain(size * size);
  if (noise > 0) {
    DrawKey noise_key = key;
    noise_key.sampler += 16;
    draw_normal(noise_key, 0, noise, grain);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double level = std::clamp(static_cast<double>(canvas.levels()[i]) + grain[i], 0.0, 1.0);
    out[i] = static_cast<std::uint8_t>(level * 255 + 0.5);
  }
}

}  // namespace mlz::tasks
