#include "tasks/few_shot.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/image_source.hpp"
#include "tasks/orders.hpp"

namespace mlz::tasks {
namespace {

/// An image to show, and its class within the episode.
struct Item {
  std::uint32_t image;
  std::uint32_t label;
};

/// What a lifetime shows of one data set.
struct Episode {
  Images images;
  std::vector<Item> support, queries;
};

class FewShot final : public Task {
 public:
  FewShot(const Options& options, const DataPaths& paths)
      : ways_(options.count("ways")),
        shots_(options.count("shots")),
        queries_(options.count("queries")),
        with_labels_(options.text("labels") == "with"),
        zeros_(options.text("blank") == "zeros"),
        given_order_(options.text("order") == "given"),
        shorten_(options.count("shorten")) {
    if (!with_labels_) queries_ = 0;
    for (const std::string& data : split_outside(options.text("data"), '+')) add(data, options, paths);
    check(options);
    describe(options);
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    auto values = std::make_shared<std::vector<float>>();
    std::vector<double> labels;
    for (const std::size_t part : part_order(seed, index)) {
      const Place place{seed, index, part};
      Episode episode = drawn(*sources_[part], place);
      shorten(episode.support, place);
      append(episode, episode.support, false, *values, labels);
      append(episode, episode.queries, true, *values, labels);
    }
    const auto none = std::make_shared<DenseExamples>(std::vector<double>(), 0, std::vector<double>());
    Problem out{as_examples(std::move(values), std::move(labels)), none, none, 1, {}};
    if (with_labels_) out.first_scored = ways_ * shots_;
    return out;
  }

 private:
  std::size_t pixels() const { return sources_[0]->info().form.features; }
  std::size_t width() const { return pixels() + (with_labels_ ? ways_ : 0); }
  std::size_t per_class() const { return shots_ + queries_; }

  void add(const std::string& data, const Options& options, const DataPaths& paths) {
    SourceRequest request{"fewshot", without_parentheses(data), options.text("split")};
    if (request.data.empty()) {
      throw InputError("task fewshot: a data set is missing beside a '+'. Write fewshot:data=(omniglot + mnist).");
    }
    request.size = options.count("size");
    request.normalise = options.flag("normalise");
    request.rotations = options.text("rotations");
    sources_.push_back(make_image_source(request, paths));
  }

  void check(const Options& options) const {
    if (sources_.size() > 1 && with_labels_) {
      throw InputError("task fewshot: several data sets in one episode need labels=after.");
    }
    if (with_labels_ && queries_ == 0)
      throw InputError("task fewshot: queries=0 leaves nothing to score with labels=with.");
    if (shorten_ >= ways_ * shots_) {
      throw InputError(fmt::format("task fewshot: shorten={} may leave nothing of a part of {} examples.", shorten_,
                                   ways_ * shots_));
    }
    if (shorten_ > 0 && with_labels_) throw InputError("task fewshot: shorten= needs labels=after.");
    const double rows = static_cast<double>(sources_.size() * (ways_ * shots_ + queries_));
    require_memory("fewshot", rows * (16 + 4 * static_cast<double>(width())));
    for (const auto& source : sources_) check_source(source->info(), options);
  }

  void check_source(const SourceInfo& source, const Options& options) const {
    if (source.form.features != pixels()) {
      throw InputError(
          fmt::format("task fewshot: all data sets of data={} must have images of one size; {} has {} numbers, "
                      "{} has {}. Options such as size= and data=(omniglot + (cifar10:grey=1)) can make them "
                      "equal.",
                      options.text("data"), sources_[0]->info().name, pixels(), source.name, source.form.features));
    }
    if (source.classes > 0 && ways_ > source.classes) {
      throw InputError(fmt::format("task fewshot: ways={} asks for more classes than the {} of data={}, split={}.",
                                   ways_, source.classes, source.name, options.text("split")));
    }
  }

  void describe(const Options& options) {
    const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    info_.name = options.full_name("fewshot");
    info_.sizes = {{"features", size(width())},
                   {"outputs", size(ways_)},
                   {"ways", size(ways_)},
                   {"steps", size(sources_.size() * (ways_ * shots_ + queries_))}};
    if (const Form& form = sources_[0]->info().form; form.is_image()) {
      info_.sizes["height"] = size(form.height);
      info_.sizes["width"] = size(form.width);
      info_.sizes["channels"] = size(form.channels);
    }
    info_.classes = static_cast<int>(ways_);
    std::vector<std::string> from;
    for (const auto& source : sources_) from.push_back(source->info().from);
    info_.source = fmt::format("{}", fmt::join(from, ", "));
  }

  std::vector<std::size_t> part_order(std::uint64_t seed, std::uint32_t index) const {
    std::vector<std::uint32_t> order(sources_.size());
    std::iota(order.begin(), order.end(), 0u);
    if (!given_order_) {
      DrawSequence draws(task_key(seed, index, Purpose::order));
      shuffle(draws, order);
    }
    return {order.begin(), order.end()};
  }

  Episode drawn(const ImageSource& source, const Place& place) const {
    Episode out{source.images(place, ways_, per_class()), {}, {}};
    const ClassLists& lists = *out.images.of_class;
    DrawSequence class_draws(place.key(Purpose::classes)), query_draws(place.key(Purpose::classes, 1));
    const auto chosen = drawn_sample(class_draws, lists.size(), ways_);
    std::vector<std::vector<std::uint32_t>> pictures;
    for (std::uint32_t label = 0; label < ways_; ++label) {
      pictures.push_back(drawn_pictures(source, lists[chosen[label]], place.key(Purpose::pictures, label)));
      for (std::size_t shot = 0; shot < shots_; ++shot) out.support.push_back({pictures[label][shot], label});
    }
    std::vector<std::size_t> next(ways_, shots_);
    for (std::size_t q = 0; q < queries_; ++q) {
      const auto label = static_cast<std::uint32_t>(query_draws.below(ways_));
      out.queries.push_back({pictures[label][next[label]++], label});
    }
    DrawSequence order_draws(place.key(Purpose::episode));
    auto order = drawn_sample(order_draws, out.support.size(), out.support.size());
    std::vector<Item> shuffled;
    for (const std::uint32_t i : order) shuffled.push_back(out.support[i]);
    out.support = std::move(shuffled);
    return out;
  }

  /// Different images of one class, as many as an episode could need.
  std::vector<std::uint32_t> drawn_pictures(const ImageSource& source, const std::vector<std::uint32_t>& all,
                                            const DrawKey& key) const {
    if (all.size() < per_class()) {
      throw InputError(fmt::format("task fewshot: shots={}{} needs {} images of a class, but data={} has one with {}.",
                                   shots_, with_labels_ ? fmt::format(" with queries={}", queries_) : "", per_class(),
                                   source.info().name, all.size()));
    }
    DrawSequence draws(key);
    auto chosen = drawn_sample(draws, all.size(), per_class());
    for (std::uint32_t& i : chosen) i = all[i];
    return chosen;
  }

  void shorten(std::vector<Item>& items, const Place& place) const {
    if (shorten_ == 0) return;
    DrawSequence draws(place.key(Purpose::episode, 1));
    items.resize(items.size() - draws.below(shorten_ + 1));
  }

  void append(const Episode& episode, const std::vector<Item>& items, bool queries, std::vector<float>& values,
              std::vector<double>& labels) const {
    for (const Item& item : items) {
      values.resize(values.size() + width());
      const auto row = std::span(values).last(width());
      episode.images.examples->features(item.image, row.first(pixels()));
      if (with_labels_ && !(queries && zeros_)) row[pixels() + (queries ? 0 : item.label)] = 1;
      labels.push_back(item.label);
    }
  }

  std::shared_ptr<const Examples> as_examples(std::shared_ptr<const std::vector<float>> values,
                                              std::vector<double> labels) const {
    std::vector<std::uint32_t> rows(labels.size());
    std::iota(rows.begin(), rows.end(), 0u);
    return std::make_shared<TableExamples<float>>(std::move(values), RowForm{width(), 1, {Scale{}}, nullptr},
                                                  std::move(rows), std::move(labels));
  }

  std::size_t ways_, shots_, queries_;
  bool with_labels_, zeros_, given_order_;
  std::size_t shorten_;
  std::vector<std::shared_ptr<const ImageSource>> sources_;
  TaskInfo info_;
};

}  // namespace

std::shared_ptr<const Task> make_few_shot(const Options& options, const DataPaths& paths) {
  return std::make_shared<FewShot>(options, paths);
}

}  // namespace mlz::tasks
