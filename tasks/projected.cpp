#include "tasks/projected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "lang/core/diagnostics.hpp"
#include "tasks/draw_keys.hpp"
#include "tasks/orders.hpp"
#include "tasks/projection.hpp"

namespace mlz::tasks {
namespace {

using Pair = std::pair<std::uint32_t, std::uint32_t>;

/// Kept for the final test of found programs; the search sees the other 36.
constexpr Pair kHeldOut[] = {{0, 5}, {0, 9}, {1, 8}, {2, 9}, {3, 5},
                             {3, 6}, {3, 8}, {4, 6}, {8, 9}};

std::vector<Pair> pairs_of_split(const std::string& split, std::uint32_t classes) {
  std::vector<Pair> out;
  for (std::uint32_t a = 0; a < classes; ++a) {
    for (std::uint32_t b = a + 1; b < classes; ++b) {
      const bool held_out = std::ranges::count(kHeldOut, Pair(a, b)) > 0;
      if (split == "all" || held_out == (split == "held_out")) out.emplace_back(a, b);
    }
  }
  if (out.empty()) {
    throw InputError(fmt::format(
        "task projected: split={} has no pair among {} classes; use split=all or pair=a/b.", split,
        classes));
  }
  return out;
}

[[noreturn]] void bad_pair(const std::string& text, std::uint32_t classes) {
  throw InputError(
      fmt::format("task projected: pair={} is neither 'random' nor two of the classes 0 to {}, "
                  "such as pair=0/1.",
                  text.substr(0, 80), classes - 1));
}

Pair parse_pair(const std::string& text, std::uint32_t classes) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) bad_pair(text, classes);
  const auto parse = [&](std::size_t begin, std::size_t end) {
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    if (error != std::errc() || stop != text.data() + end || value >= classes)
      bad_pair(text, classes);
    return value;
  };
  const Pair out{parse(0, slash), parse(slash + 1, text.size())};
  if (out.first == out.second) bad_pair(text, classes);
  return out;
}

/// How many images of one class go into each part.
struct Share {
  std::size_t train, valid, test;
};

class Projected final : public Task {
 public:
  Projected(const Options& options, const DataPaths& paths)
      : data_(make_task(options.text("data"), paths)),
        count_(options.count("features")),
        train_(options.count("train")),
        valid_(options.count("valid")),
        test_(options.count("test")),
        epochs_(static_cast<int>(options.whole("epochs"))) {
    const TaskInfo& data = data_->info();
    if (data.metric != Metric::accuracy || data.classes < 2 || !data.sizes.contains("features"))
      throw InputError(
          fmt::format("task projected: data={} has no classes to tell apart.", data.name));
    width_ = static_cast<std::size_t>(data.sizes.at("features"));
    const auto classes = static_cast<std::uint32_t>(data.classes);
    pairs_ = options.text("pair") == "random"
                 ? pairs_of_split(options.text("split"), classes)
                 : std::vector{parse_pair(options.text("pair"), classes)};
    const std::size_t features = count_ > 0 ? count_ : width_;
    require_memory("projected", 16.0 * static_cast<double>((train_ + valid_ + test_) * features) +
                                    8.0 * static_cast<double>(width_ * count_) +
                                    4.0 * epochs_ * static_cast<double>(train_));
    describe(options, features);
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    const Problem data = data_->problem(seed, index);
    const Sets sets = project(choose(data.train, seed, index), width_, count_,
                              task_key(seed, index, Purpose::projection));
    return {sets.train, sets.valid, sets.test, epochs_,
            epoch_orders(seed, index, epochs_, sets.train->size(), FirstEpoch::stored)};
  }

 private:
  void describe(const Options& options, std::size_t features) {
    info_.name = options.full_name("projected");
    info_.sizes = {{"features", static_cast<std::int64_t>(features)}, {"outputs", 2}};
    info_.classes = 2;
    info_.protocol = "automl";
    info_.source = data_->info().source;
  }

  /// Two shares for a class with `available` images: an odd count gives one more to label 1.
  std::pair<Share, Share> shares(std::size_t available) const {
    const auto half = [](std::size_t n, std::size_t extra) { return (n + extra) / 2; };
    const Share full{half(train_, 1), half(valid_, 1), half(test_, 1)};
    const std::size_t need = full.train + full.valid + full.test;
    if (need <= available) return {{half(train_, 0), half(valid_, 0), half(test_, 0)}, full};
    const auto scaled = [&](std::size_t n) { return n * available / need; };
    const Share less{scaled(full.train), scaled(full.valid), scaled(full.test)};
    if (less.train > 0 && (valid_ == 0 || less.valid > 0)) return {less, less};
    throw InputError(fmt::format(
        "task projected: data={} has only {} training examples of its rarest class, too few to "
        "share out. Ask for more with data=(TASK:train=...).",
        data_->info().name, available));
  }

  /// The examples of each class in stored order.
  std::vector<std::vector<std::uint32_t>> by_class(const Examples& all) const {
    std::vector<std::vector<std::uint32_t>> out(static_cast<std::size_t>(data_->info().classes));
    for (std::uint32_t i = 0; i < all.size(); ++i)
      out[static_cast<std::size_t>(all.label(i))].push_back(i);
    return out;
  }

  Sets choose(const std::shared_ptr<const Examples>& all, std::uint64_t seed,
              std::uint32_t index) const {
    auto classes = by_class(*all);
    const auto rarest =
        std::ranges::min_element(classes, {}, [](const auto& c) { return c.size(); });
    const auto [share0, share1] = shares(rarest->size());
    DrawSequence draws(task_key(seed, index, Purpose::pair));
    const Pair pair = pairs_[draws.below(pairs_.size())];
    Drawn drawn[2] = {draw(std::move(classes[pair.first]), share0, seed, index, 0),
                      draw(std::move(classes[pair.second]), share1, seed, index, 1)};
    const auto set = [&](std::size_t part) {
      return joined(all, drawn[0][part], drawn[1][part],
                    task_key(seed, index, Purpose::split, 2 + part));
    };
    return {set(0), set(1), set(2)};
  }

  using Drawn = std::array<std::vector<std::uint32_t>, 3>;

  /// Shares out the first images of one class in random order.
  static Drawn draw(std::vector<std::uint32_t> images, const Share& share, std::uint64_t seed,
                    std::uint32_t index, std::uint64_t label) {
    std::vector<std::uint32_t> order(share.train + share.valid + share.test);
    DrawSequence draws(task_key(seed, index, Purpose::split, label));
    shuffle(draws, order);
    for (std::uint32_t& i : order) i = images[i];
    const auto at = [&](std::size_t i) { return order.begin() + static_cast<std::ptrdiff_t>(i); };
    return {{{at(0), at(share.train)},
             {at(share.train), at(share.train + share.valid)},
             {at(share.train + share.valid), order.end()}}};
  }

  /// Both classes in one random order.
  static std::shared_ptr<const Examples> joined(std::shared_ptr<const Examples> all,
                                                const std::vector<std::uint32_t>& zeros,
                                                const std::vector<std::uint32_t>& ones,
                                                const DrawKey& key) {
    std::vector<std::uint32_t> order(zeros.size() + ones.size());
    DrawSequence draws(key);
    shuffle(draws, order);
    std::vector<double> labels(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
      const bool one = order[k] >= zeros.size();
      labels[k] = one;
      order[k] = one ? ones[order[k] - zeros.size()] : zeros[order[k]];
    }
    return std::make_shared<ChosenExamples>(std::move(all), std::move(order), std::move(labels));
  }

  std::shared_ptr<const Task> data_;
  std::size_t width_ = 0, count_, train_, valid_, test_;
  int epochs_;
  std::vector<Pair> pairs_;
  TaskInfo info_;
};

}  // namespace

std::shared_ptr<const Task> make_projected(const Options& options, const DataPaths& paths) {
  return std::make_shared<Projected>(options, paths);
}

}  // namespace mlz::tasks
