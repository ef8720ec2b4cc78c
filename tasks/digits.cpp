#include "tasks/digits.hpp"

#include <numeric>

#include "tasks/class_choice.hpp"
#include "tasks/examples.hpp"
#include "tasks/orders.hpp"
#include "tasks/pen.hpp"
#include "tasks/transforms.hpp"

namespace mlz::tasks {
namespace {

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
  draw_glyph(glyph, Hand(draws), size, noise, key, out);
}

std::shared_ptr<const Task> make_digits(const std::string& name, const Options& options) {
  return std::make_shared<Digits>(name, options);
}

}  // namespace mlz::tasks
