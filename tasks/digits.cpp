#include "tasks/digits.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/class_choice.hpp"
#include "tasks/examples.hpp"
#include "tasks/glyphs.hpp"
#include "tasks/orders.hpp"
#include "tasks/transforms.hpp"

namespace mlz::tasks {
namespace {

/// How one example departs from its glyph. Lengths are in parts of the image's side, angles in
/// radians.
struct Hand {
  float turn, shear, scale_x, scale_y, shift_x, shift_y;
  float bend_x, bend_y;  ///< how far the middle is pushed aside
  float pen;             ///< width of the line
  float ink;             ///< 0 .. 1

  explicit Hand(DrawSequence& draws) {
    const auto normal = [&](double deviation) {
      return static_cast<float>(deviation * draws.normal());
    };
    const auto between = [&](double lo, double hi) {
      return static_cast<float>(draws.uniform(lo, hi));
    };
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
};

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
    return {side_ * (0.5f + hand_.shift_x + xx_ * x + xy_ * y),
            side_ * (0.5f + hand_.shift_y + yx_ * x + yy_ * y)};
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

class Digits final : public Task {
 public:
  Digits(const std::string& name, const Options& options)
      : size_(options.count("size")),
        train_(options.count("train")),
        valid_(options.count("valid")),
        test_(options.count("test")),
        epochs_(static_cast<int>(options.whole("epochs"))),
        noise_(options.number("noise")),
        classes_(name, options, 10),
        transforms_(name, options, Form::image(size_, size_, 1)) {
    const double images = static_cast<double>(train_ + valid_ + test_);
    require_memory(name, images * static_cast<double>(size_ * size_ + 12) +
                             transforms_.prepared_bytes(train_ + valid_ + test_) +
                             transforms_.drawn_bytes() * images +
                             4.0 * epochs_ * static_cast<double>(train_));
    info_.name = options.full_name(name);
    info_.sizes = transforms_.sizes(classes_.size());
    info_.classes = static_cast<int>(classes_.size());
    info_.source = "drawn from the seed";
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    RowSets rows{draw(seed, index, Purpose::train, train_),
                 draw(seed, index, Purpose::valid, valid_),
                 draw(seed, index, Purpose::test, test_)};
    const std::vector<Scale> scales = transforms_.scales(rows.train, 255);
    const Sets sets = transforms_.examples(std::move(rows), scales, seed, index);
    return {sets.train, sets.valid, sets.test, epochs_,
            epoch_orders(seed, index, epochs_, train_, FirstEpoch::shuffled)};
  }

 private:
  Rows draw(std::uint64_t seed, std::uint32_t index, Purpose part, std::size_t count) const {
    if (count == 0) return {};
    const std::size_t width = size_ * size_;
    std::vector<std::uint8_t> pixels(count * width);
    Rows out{nullptr, std::vector<std::uint32_t>(count), std::vector<double>(count)};
    std::iota(out.rows.begin(), out.rows.end(), 0u);
    for (std::size_t i = 0; i < count; ++i) {
      // Odd runs choose the class and even ones draw, so that the picture of a digit is the same
      // for any classes=.
      const std::size_t label =
          DrawSequence(task_key(seed, index, part, 2 * i + 1)).below(classes_.size());
      out.labels[i] = static_cast<double>(label);
      draw_digit(task_key(seed, index, part, 2 * i), classes_.original(label), size_, noise_,
                 std::span(pixels).subspan(i * width, width));
    }
    out.table = transforms_.prepare(
        std::make_shared<Array>(Array{{count, size_, size_}, std::move(pixels)}));
    return out;
  }

  std::size_t size_, train_, valid_, test_;
  int epochs_;
  double noise_;
  ClassChoice classes_;
  Transforms transforms_;
  TaskInfo info_;
};

}  // namespace

void draw_digit(const DrawKey& key, unsigned digit, std::size_t size, double noise,
                std::span<std::uint8_t> out) {
  DrawSequence draws(key);
  const std::vector<Glyph>& forms = digit_glyphs(digit);
  const Glyph& glyph = forms[draws.below(forms.size())];
  Canvas canvas(size);
  write(canvas, glyph, Hand(draws), static_cast<float>(size));
  std::vector<double> grain(size * size);
  // The noise has a sampler of its own, so that it does not depend on how many draws the hand took.
  DrawKey noise_key = key;
  noise_key.sampler += 16;
  draw_normal(noise_key, 0, noise, grain);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double level = std::clamp(static_cast<double>(canvas.levels()[i]) + grain[i], 0.0, 1.0);
    out[i] = static_cast<std::uint8_t>(level * 255 + 0.5);
  }
}

std::shared_ptr<const Task> make_digits(const std::string& name, const Options& options) {
  return std::make_shared<Digits>(name, options);
}

}  // namespace mlz::tasks
