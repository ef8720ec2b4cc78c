#include "tasks/online.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lang/core/diagnostics.hpp"
#include "tasks/changed_examples.hpp"
#include "tasks/class_choice.hpp"
#include "tasks/image_source.hpp"
#include "tasks/orders.hpp"
#include "tasks/projection.hpp"
#include "tasks/weighted.hpp"

namespace mlz::tasks {
namespace {

/// One data set, and which of its classes lifetimes have.
struct Part {
  std::shared_ptr<const ImageSource> source;
  std::vector<std::uint32_t> classes;  ///< to choose from
};

class Online final : public Task {
 public:
  Online(const Options& options, const DataPaths& paths)
      : steps_(options.count("steps")),
        ways_(options.count("ways")),
        permute_(options.number("permute")),
        project_(options.number("project")) {
    for (const Weighted& part : weighted_tasks("online", "data", options.text("data"))) {
      add(part, options, paths);
      check_same(options);
    }
    const double width = static_cast<double>(form().features), rows = static_cast<double>(steps_);
    require_memory("online", rows * 16 + (project_ > 0 ? 4 * (rows * width + width * width) : 0));
    describe(options);
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    const Place place{seed, index};
    auto train = warped(shown(parts_[drawn_part(weights_, seed, index)], place), place);
    const auto none = std::make_shared<DenseExamples>(std::vector<double>(), 0, std::vector<double>());
    return {std::move(train), none, none, 1, {}};
  }

 private:
  const Form& form() const { return parts_[0].source->info().form; }

  void add(const Weighted& part, const Options& options, const DataPaths& paths) {
    SourceRequest request{"online", part.task, options.text("split")};
    request.size = options.count("size");
    request.count = steps_;
    request.normalise = options.flag("normalise");
    Part made{make_image_source(request, paths), {}};
    const std::size_t known = made.source->info().classes;
    const ClassChoice choice("online", options, known > 0 ? known : drawn_classes());
    for (std::size_t label = 0; label < choice.size(); ++label) made.classes.push_back(choice.original(label));
    if (ways_ == 1)
      throw InputError("task online: ways=1 leaves nothing to tell apart; ask for 2 or more, or 0 for all.");
    if (ways_ > choice.size()) {
      throw InputError(fmt::format("task online: ways={} asks for more classes than the {} of data={}.", ways_,
                                   choice.size(), part.task));
    }
    outputs_ = std::max({outputs_, options.count("outputs"), ways_ > 0 ? ways_ : choice.size()});
    if (const std::size_t asked = options.count("outputs"); asked > 0 && outputs_ > asked) {
      throw InputError(
          fmt::format("task online: outputs={} is less than the {} classes of data={}; ask for more, or for "
                      "fewer classes with ways= or classes=.",
                      asked, outputs_, part.task));
    }
    parts_.push_back(std::move(made));
    weights_.push_back(part.weight);
  }

  /// Classes of a source that has as many as are asked for.
  std::size_t drawn_classes() const { return ways_ > 0 ? std::max<std::size_t>(ways_, 2) : 10; }

  void check_same(const Options& options) const {
    const Form &first = form(), &last = parts_.back().source->info().form;
    if (first.features == last.features && first.height == last.height && first.channels == last.channels) return;
    throw InputError(
        fmt::format("task online: all data sets of data={} must have images of one size; {} has {} numbers, {} "
                    "has {}. Options such as size= and data=(cifar10:grey=1) can make them equal.",
                    options.text("data"), parts_[0].source->info().name, first.features,
                    parts_.back().source->info().name, last.features));
  }

  void describe(const Options& options) {
    info_.name = options.full_name("online");
    const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    info_.sizes = {{"features", size(form().features)}, {"outputs", size(outputs_)}, {"steps", size(steps_)}};
    if (form().is_image() && permute_ == 0 && project_ == 0) {
      info_.sizes["height"] = size(form().height);
      info_.sizes["width"] = size(form().width);
      info_.sizes["channels"] = size(form().channels);
    }
    info_.classes = static_cast<int>(outputs_);
    std::vector<std::string> sources;
    for (const Part& part : parts_) sources.push_back(part.source->info().from);
    info_.source = fmt::format("{}", fmt::join(sources, ", "));
    for (const std::int64_t mark : {99, 500, 2000})
      if (mark <= size(steps_)) info_.marks.push_back(mark);
  }

  /// The classes of a lifetime: those there are in stored order, or some of them in random order.
  std::vector<std::uint32_t> chosen_classes(const Part& part, const Place& place) const {
    if (ways_ == 0) return part.classes;
    DrawSequence draws(place.key(Purpose::classes));
    auto chosen = drawn_sample(draws, part.classes.size(), ways_);
    for (std::uint32_t& c : chosen) c = part.classes[c];
    return chosen;
  }

  /// All images of the chosen classes in random order, and in another when they are used up, until there are enough.
  std::shared_ptr<const Examples> shown(const Part& part, const Place& place) const {
    const std::size_t known = part.source->info().classes;
    const Images images = part.source->images(place, known > 0 ? 0 : drawn_classes(), steps_);
    std::vector<std::uint32_t> all, chosen;
    std::vector<double> labels_of_all, labels;
    const auto classes = chosen_classes(part, place);
    for (std::size_t label = 0; label < classes.size(); ++label) {
      const auto& list = (*images.of_class)[classes[label]];
      all.insert(all.end(), list.begin(), list.end());
      labels_of_all.resize(all.size(), static_cast<double>(label));
    }
    require_images(part, all.size());
    for (std::uint64_t pass = 0; chosen.size() < steps_; ++pass) {
      DrawSequence draws(place.key(Purpose::pictures, pass));
      for (const std::uint32_t i : drawn_sample(draws, all.size(), std::min(all.size(), steps_ - chosen.size()))) {
        chosen.push_back(all[i]);
        labels.push_back(labels_of_all[i]);
      }
    }
    return std::make_shared<ChosenExamples>(images.examples, std::move(chosen), std::move(labels));
  }

  void require_images(const Part& part, std::size_t count) const {
    if (count > 0) return;
    throw InputError(
        fmt::format("task online: the chosen classes of data={} have no images.", part.source->info().name));
  }

  /// Pixels in another order or mixed, in the share of lifetimes that has it.
  std::shared_ptr<const Examples> warped(std::shared_ptr<const Examples> examples, const Place& place) const {
    const std::size_t pixels = form().features / form().channels;
    if (uniform01(place.key(Purpose::warp), 0) < permute_) {
      DrawSequence draws(place.key(Purpose::permutation));
      std::vector<std::uint32_t> order;
      for (const std::uint32_t pixel : drawn_sample(draws, pixels, pixels))
        for (std::uint32_t c = 0; c < form().channels; ++c)
          order.push_back(pixel * static_cast<std::uint32_t>(form().channels) + c);
      examples =
          std::make_shared<ReorderedExamples>(examples, std::vector<std::vector<std::uint32_t>>{std::move(order)});
    }
    if (uniform01(place.key(Purpose::warp), 1) < project_)
      return mixed_features(*examples, form().features, place.key(Purpose::projection));
    return examples;
  }

  std::size_t steps_, ways_, outputs_ = 0;
  double permute_, project_;
  std::vector<Part> parts_;
  std::vector<double> weights_;
  TaskInfo info_;
};

}  // namespace

std::shared_ptr<const Task> make_online(const Options& options, const DataPaths& paths) {
  return std::make_shared<Online>(options, paths);
}

}  // namespace mlz::tasks
