#include "tasks/drawn_images.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/digits.hpp"
#include "tasks/pen.hpp"
#include "tasks/strokes.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kSide = 28, kSmallest = 8, kLargest = 64;

/// The place of a split: drawn data has no files to tell splits apart.
Place place_of(Place place, const std::string& split) {
  constexpr const char* kSplits[] = {"train", "valid", "test"};
  const auto found = std::ranges::find(kSplits, split);
  place.part = place.part * std::size(kSplits) + static_cast<std::uint64_t>(found - std::begin(kSplits));
  return place;
}

/// Images drawn when they are looked at: example i is drawing i % per_class of class i / per_class.
class PenExamples final : public Examples {
 public:
  using Draw = std::function<void(std::size_t label, std::size_t drawing, std::span<std::uint8_t>)>;
  PenExamples(std::size_t classes, std::size_t per_class, Draw draw)
      : classes_(classes), per_class_(per_class), draw_(std::move(draw)) {}

  std::size_t size() const override { return classes_ * per_class_; }
  void features(std::size_t i, std::span<double> out) const override { levels(i, out); }
  void features(std::size_t i, std::span<float> out) const override { levels(i, out); }
  double label(std::size_t i) const override { return static_cast<double>(i / per_class_); }

 private:
  template <class T>
  void levels(std::size_t i, std::span<T> out) const {
    std::vector<std::uint8_t> pixels(out.size());
    draw_(i / per_class_, i % per_class_, pixels);
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = static_cast<T>(pixels[j]) / T{255};
  }

  std::size_t classes_, per_class_;
  Draw draw_;
};

/// What all drawn sources share.
class DrawnSource : public ImageSource {
 public:
  DrawnSource(const SourceRequest& request, std::size_t classes) : split_(request.split), count_(request.count) {
    const std::size_t side = request.size == 0 ? kSide : request.size;
    if (side < kSmallest || side > kLargest) {
      throw InputError(fmt::format("task {}: size={} of data={} is not from {} to {}.", request.task, request.size,
                                   request.data, kSmallest, kLargest));
    }
    if (split_ != "train" && split_ != "valid" && split_ != "test") {
      throw InputError(fmt::format("task {}: split={} is one of omniglot; data={} has train, valid and test.",
                                   request.task, split_, request.data));
    }
    info_ = {request.data, "drawn from the seed", Form::image(side, side, 1), classes, false, {}, false};
  }
  const SourceInfo& info() const override { return info_; }

 protected:
  std::size_t side() const { return info_.form.height; }
  std::size_t pixels() const { return info_.form.features; }
  Place place(const Place& asked) const { return place_of(asked, split_); }

  std::string split_;
  std::size_t count_;
  SourceInfo info_;
};

Images pen_images(std::size_t classes, std::size_t per_class, PenExamples::Draw draw) {
  auto examples = std::make_shared<PenExamples>(classes, per_class, std::move(draw));
  auto lists = class_lists(*examples, classes);
  return {std::move(examples), std::move(lists)};
}

class Glyphs final : public DrawnSource {
 public:
  explicit Glyphs(const SourceRequest& request) : DrawnSource(request, 0) {}
  Images images(const Place& asked, std::size_t classes, std::size_t per_class) const override {
    constexpr float kThinner = 0.6f;  // than for digits, which have fewer strokes
    const Place at = place(asked);
    std::vector<Character> characters;
    for (std::size_t c = 0; c < classes; ++c) characters.emplace_back(DrawSequence(at.key(Purpose::strokes, c)));
    return pen_images(classes, per_class,
                      [=, side = side()](std::size_t label, std::size_t drawing, std::span<std::uint8_t> out) {
                        const DrawKey key = at.key(Purpose::hand, label * per_class + drawing);
                        DrawSequence draws(key);
                        const Glyph glyph = characters[label].drawn(draws);
                        Hand hand(draws);
                        hand.pen *= kThinner;
                        draw_glyph(glyph, hand, side, 0, key, out);
                      });
  }
};

class DrawnDigits final : public DrawnSource {
 public:
  explicit DrawnDigits(const SourceRequest& request) : DrawnSource(request, 10) {}
  Images images(const Place& asked, std::size_t, std::size_t per_class) const override {
    constexpr double kNoise = 0.1;
    const Place at = place(asked);
    return pen_images(info_.classes, per_class,
                      [=, side = side()](std::size_t label, std::size_t drawing, std::span<std::uint8_t> out) {
                        draw_digit(at.key(Purpose::hand, label * per_class + drawing), static_cast<unsigned>(label),
                                   side, kNoise, out);
                      });
  }
};

class Random final : public DrawnSource {
 public:
  explicit Random(const SourceRequest& request) : DrawnSource(request, 10) {}
  Images images(const Place& asked, std::size_t, std::size_t) const override {
    constexpr std::size_t kImages = 20;
    const Place at = place(asked);
    std::vector<double> values(kImages * pixels()), labels(kImages);
    draw_normal(at.key(Purpose::hand), 0, 1, values);
    DrawSequence draws(at.key(Purpose::hand, 1));
    for (double& label : labels) label = static_cast<double>(draws.below(info_.classes));
    auto examples = std::make_shared<DenseExamples>(std::move(values), pixels(), std::move(labels));
    auto lists = class_lists(*examples, info_.classes);
    return {std::move(examples), std::move(lists)};
  }
};

class SumSign final : public DrawnSource {
 public:
  explicit SumSign(const SourceRequest& request) : DrawnSource(request, 2) {}
  Images images(const Place& asked, std::size_t, std::size_t) const override {
    const Place at = place(asked);
    std::vector<double> labels, drawn(pixels());
    std::vector<float> values;
    for (std::size_t i = 0; i < count_; ++i) {
      const double mean = 2 * uniform01(at.key(Purpose::hand, 2 * i), 0) - 1;
      draw_truncated_normal(at.key(Purpose::hand, 2 * i + 1), mean, 1, drawn);
      double sum = 0;
      for (const double value : drawn) {
        sum += value;
        values.push_back(static_cast<float>(value));
      }
      labels.push_back(sum > 0);
    }
    std::vector<std::uint32_t> rows(count_);
    std::iota(rows.begin(), rows.end(), 0u);
    auto examples = std::make_shared<TableExamples<float>>(
        std::make_shared<const std::vector<float>>(std::move(values)), RowForm{pixels(), 1, {Scale{}}, nullptr},
        std::move(rows), std::move(labels));
    auto lists = class_lists(*examples, info_.classes);
    return {std::move(examples), std::move(lists)};
  }
};

template <class Source>
std::shared_ptr<const ImageSource> make(const SourceRequest& request) {
  return std::make_shared<Source>(request);
}

struct Drawn {
  const char* name;
  std::shared_ptr<const ImageSource> (*make)(const SourceRequest&);
};
constexpr Drawn kDrawn[] = {
    {"glyphs", make<Glyphs>}, {"digits", make<DrawnDigits>}, {"random", make<Random>}, {"sum_sign", make<SumSign>}};

}  // namespace

bool is_drawn(const std::string& name) { return std::ranges::find(kDrawn, name, &Drawn::name) != std::end(kDrawn); }

std::shared_ptr<const ImageSource> make_drawn_images(const SourceRequest& request) {
  return std::ranges::find(kDrawn, request.data, &Drawn::name)->make(request);
}

}  // namespace mlz::tasks
