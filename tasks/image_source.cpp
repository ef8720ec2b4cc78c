#include "tasks/image_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "lang/core/diagnostics.hpp"
#include "tasks/changed_examples.hpp"
#include "tasks/drawn_images.hpp"
#include "tasks/omniglot.hpp"

namespace mlz::tasks {
namespace {

/// Mean and deviation of all pixels, as published with the experiments of Kirsch and Schmidhuber 2021 (arXiv
/// 2012.14905). Omniglot's are those of dark ink on white turned round: here ink is 1 on 0.
struct KnownScale {
  const char* name;
  Scale scale;
};
constexpr KnownScale kKnownScales[] = {
    {"mnist", {0.13066, 0.30811}},
    {"fashion_mnist", {0.13066, 0.30811}},
    {"cifar10", {0.47336, 0.25157}},
    {"omniglot", {1 - 0.92206, 0.26808}},
    {"random", {0, 1}},
    {"sum_sign", {0, 1}},
};

/// Mean and deviation of all numbers of the first images there are.
Scale measured_scale(const ImageSource& source) {
  constexpr std::size_t kMost = 1000, kClasses = 20, kPerClass = 20;
  const Images images = source.images({}, kClasses, kPerClass);
  std::vector<double> x(source.info().form.features);
  double sum = 0, squares = 0, count = 0;
  for (std::size_t i = 0; i < std::min(images.examples->size(), kMost); ++i) {
    images.examples->features(i, std::span(x));
    for (const double value : x) sum += value, squares += value * value;
    count += static_cast<double>(x.size());
  }
  const double mean = sum / count, variance = squares / count - mean * mean;
  return {mean, variance > 0 ? std::sqrt(variance) : 1.0};
}

Scale scale_of(const ImageSource& source, const std::string& data) {
  const std::string name = data.substr(0, data.find(':'));
  const auto known = std::ranges::find(kKnownScales, name, &KnownScale::name);
  return known != std::end(kKnownScales) ? known->scale : measured_scale(source);
}

/// Where the pixels of an image turned by quarters of a circle stand in the stored one.
std::vector<std::uint32_t> turned_order(const Form& form, int quarters) {
  const std::size_t side = form.height;
  std::vector<std::uint32_t> order;
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      std::size_t r = row, c = column;
      for (int q = 0; q < quarters; ++q) r = std::exchange(c, side - 1 - r);
      for (std::size_t k = 0; k < form.channels; ++k)
        order.push_back(static_cast<std::uint32_t>((r * side + c) * form.channels + k));
    }
  }
  return order;
}

/// A source with its images normalised or turned.
class ChangedSource final : public ImageSource {
 public:
  ChangedSource(std::shared_ptr<const ImageSource> source, const SourceRequest& request)
      : source_(std::move(source)), info_(source_->info()), normalise_(request.normalise) {
    if (normalise_) info_.scale = scale_of(*source_, request.data);
    if (request.rotations == "1" || (request.rotations == "auto" && info_.turned)) turn(request);
    if (info_.fixed) fixed_ = changed(source_->images({}, 0, 0));
  }

  const SourceInfo& info() const override { return info_; }
  Images images(const Place& place, std::size_t classes, std::size_t per_class) const override {
    return fixed_ ? *fixed_ : changed(source_->images(place, classes, per_class));
  }

 private:
  void turn(const SourceRequest& request) {
    const Form& form = info_.form;
    if (!form.is_image() || form.height != form.width || info_.classes == 0) {
      throw InputError(
          fmt::format("task {}: rotations=1 needs square images in classes of their own, but data={} has {}.",
                      request.task, request.data, info_.classes == 0 ? "new characters in every lifetime" : "others"));
    }
    for (int quarters = 0; quarters < 4; ++quarters) orders_.push_back(turned_order(form, quarters));
    info_.classes *= orders_.size();
  }

  Images changed(Images images) const {
    if (normalise_) images.examples = std::make_shared<ScaledExamples>(images.examples, info_.scale);
    if (orders_.empty()) return images;
    images.examples = std::make_shared<ReorderedExamples>(images.examples, orders_);
    images.of_class = class_lists(*images.examples, info_.classes);
    return images;
  }

  std::shared_ptr<const ImageSource> source_;
  SourceInfo info_;
  bool normalise_;
  std::vector<std::vector<std::uint32_t>> orders_;
  std::optional<Images> fixed_;
};

/// The task text with options that are at their defaults replaced.
std::string with_options(const std::string& text, const std::map<std::string, std::string>& wanted) {
  const auto colon = text.find(':');
  const TaskEntry& entry = find_task(text.substr(0, colon));
  auto options = complete_options(entry, colon == std::string::npos ? "" : text.substr(colon + 1));
  for (const TaskOption& option : entry.options) {
    const auto found = wanted.find(option.name);
    if (found != wanted.end() && options[option.name] == option.default_value) options[option.name] = found->second;
  }
  return Options(options).full_name(entry.name);
}

std::shared_ptr<const Task> task_of(const SourceRequest& request, const DataPaths& paths) {
  std::map<std::string, std::string> wanted{{"epochs", "1"}};
  const auto is = [&](const char* name) {
    return request.data == name || request.data.starts_with(std::string(name) + ":");
  };
  if (request.size > 0) wanted[is("digits") ? "size" : "resize"] = fmt::format("{}", request.size);
  return make_task(with_options(request.data, wanted), paths);
}

/// One part of another task that has classes.
class TaskSource final : public ImageSource {
 public:
  TaskSource(const SourceRequest& request, const DataPaths& paths)
      : task_(task_of(request, paths)), split_(request.split) {
    const TaskInfo& info = task_->info();
    if (info.metric != Metric::accuracy || info.classes < 2 || !info.sizes.contains("features")) {
      throw InputError(fmt::format("task {}: data={} has no classes to tell apart.", request.task, request.data));
    }
    if (split_ != "train" && split_ != "valid" && split_ != "test") {
      throw InputError(fmt::format("task {}: split={} is one of omniglot; data={} has train, valid and test.",
                                   request.task, split_, request.data));
    }
    info_ = {request.data,    info.source, form_of(info), static_cast<std::size_t>(info.classes),
             info.fixed_sets, {},          false};
    check(request);
  }

  const SourceInfo& info() const override { return info_; }
  Images images(const Place& place, std::size_t, std::size_t) const override {
    return info_.fixed ? fixed_ : read(place);
  }

 private:
  static Form form_of(const TaskInfo& info) {
    const auto size = [&](const char* name) { return static_cast<std::size_t>(info.sizes.at(name)); };
    if (!info.sizes.contains("height")) return Form::plain(size("features"));
    return Form::image(size("height"), size("width"), size("channels"));
  }

  void check(const SourceRequest& request) {
    if (request.size > 0 && info_.form.height != request.size) {
      throw InputError(fmt::format("task {}: size={} needs images that can be resized, but data={} has {} features.",
                                   request.task, request.size, request.data, info_.form.features));
    }
    fixed_ = read({});
    if (fixed_.examples->size() > 0) return;
    throw InputError(fmt::format("task {}: data={} has no images for split={}{}.", request.task, request.data, split_,
                                 split_ == "valid" ? "; ask for some, as in data=(mnist:valid=5000)" : ""));
  }

  Images read(const Place& place) const {
    const Problem problem = task_->problem(place.seed, place.index);
    auto examples = split_ == "train" ? problem.train : split_ == "valid" ? problem.valid : problem.test;
    auto lists = class_lists(*examples, info_.classes);
    return {std::move(examples), std::move(lists)};
  }

  std::shared_ptr<const Task> task_;
  std::string split_;
  SourceInfo info_;
  Images fixed_;
};

std::shared_ptr<const ImageSource> plain_source(const SourceRequest& request, const DataPaths& paths) {
  if (request.data == "omniglot") return make_omniglot(request, paths);
  if (is_drawn(request.data)) return make_drawn_images(request);
  return std::make_shared<TaskSource>(request, paths);
}

}  // namespace

std::shared_ptr<const ClassLists> class_lists(const Examples& examples, std::size_t classes) {
  auto out = std::make_shared<ClassLists>(classes);
  for (std::uint32_t i = 0; i < examples.size(); ++i) (*out)[static_cast<std::size_t>(examples.label(i))].push_back(i);
  return out;
}

std::shared_ptr<const ImageSource> make_image_source(const SourceRequest& request, const DataPaths& paths) {
  return std::make_shared<ChangedSource>(plain_source(request, paths), request);
}

}  // namespace mlz::tasks
