#include "tasks/image_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <type_traits>

#include "lang/core/diagnostics.hpp"
#include "tasks/class_choice.hpp"
#include "tasks/examples.hpp"
#include "tasks/idx.hpp"
#include "tasks/orders.hpp"

namespace mlz::tasks {
namespace {

/// Images with their classes, as they lie in two files.
struct Labelled {
  std::shared_ptr<const IdxArray> images;
  std::vector<std::uint32_t> labels;

  std::size_t width() const {
    std::size_t product = 1;
    for (std::size_t d = 1; d < images->dims.size(); ++d) product *= images->dims[d];
    return product;
  }
  std::size_t channels() const { return images->dims.size() == 4 ? images->dims[3] : 1; }
  std::size_t classes() const {
    return labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1;
  }
};

Labelled load(const std::string& images_path, const std::string& labels_path) {
  Labelled out{shared_idx(images_path), class_labels(*shared_idx(labels_path), labels_path)};
  const std::vector<std::size_t>& dims = out.images->dims;
  if (dims.size() < 2 || dims.size() > 4) {
    throw InputError(fmt::format(
        "the image file {} has {} dimension{}; expected 2 to 4: images, then features or "
        "height, width and channels. Are images and labels swapped?",
        images_path, dims.size(), dims.size() == 1 ? "" : "s"));
  }
  if (dims[0] != out.labels.size()) {
    throw InputError(
        fmt::format("{} has {} images but {} has {} labels; they must belong together.",
                    images_path, dims[0], labels_path, out.labels.size()));
  }
  return out;
}

/// Rows of a file that keep their class, and their new labels.
struct Chosen {
  std::vector<std::uint32_t> rows;
  std::vector<double> labels;
};

Chosen choose(const Labelled& data, const ClassChoice& classes) {
  Chosen out;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    const int label = classes.label(data.labels[i]);
    if (label < 0) continue;
    out.rows.push_back(static_cast<std::uint32_t>(i));
    out.labels.push_back(label);
  }
  return out;
}

Chosen part(const Chosen& all, std::size_t first, std::size_t count) {
  const auto from = static_cast<std::ptrdiff_t>(first),
             to = static_cast<std::ptrdiff_t>(first + count);
  return {{all.rows.begin() + from, all.rows.begin() + to},
          {all.labels.begin() + from, all.labels.begin() + to}};
}

/// Mean and deviation per channel of the chosen rows.
template <class Value>
std::vector<Scale> standard_scales(const std::vector<Value>& table, std::size_t width,
                                   std::size_t channels, const std::vector<std::uint32_t>& rows) {
  std::vector<Scale> scales(channels);
  const double count = static_cast<double>(rows.size() * (width / channels));
  const auto mean_of = [&](std::size_t c, auto term) {
    double sum = 0;
    for (const std::uint32_t row : rows) {
      for (std::size_t j = c; j < width; j += channels)
        sum += term(static_cast<double>(table[row * width + j]));
    }
    return sum / count;
  };
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = mean_of(c, [](double v) { return v; });
    const double deviation =
        std::sqrt(mean_of(c, [&](double v) { return (v - mean) * (v - mean); }));
    scales[c] = {mean, deviation > 0 ? deviation : 1.0};
  }
  return scales;
}

template <class Value>
std::vector<Scale> make_scales(const std::vector<Value>& table, const Labelled& data,
                               const Chosen& train, bool standardise) {
  if (standardise) return standard_scales(table, data.width(), data.channels(), train.rows);
  return std::vector<Scale>(data.channels(),
                            Scale{0, std::is_same_v<Value, std::uint8_t> ? 255.0 : 1.0});
}

std::vector<Scale> make_scales(const Labelled& data, const Chosen& train, bool standardise) {
  return std::visit([&](const auto& table) { return make_scales(table, data, train, standardise); },
                    data.images->values);
}

std::shared_ptr<const Examples> make_examples(const Labelled& data, Chosen chosen,
                                              const std::vector<Scale>& scales) {
  if (!data.images)
    return std::make_shared<DenseExamples>(std::vector<double>(), 0, std::vector<double>());
  return std::visit(
      [&](const auto& table) -> std::shared_ptr<const Examples> {
        using Table = std::decay_t<decltype(table)>;
        // Shares ownership of the whole array, so that the file stays known as in use.
        return std::make_shared<TableExamples<typename Table::value_type>>(
            std::shared_ptr<const Table>(data.images, &table), data.width(), std::move(chosen.rows),
            std::move(chosen.labels), scales);
      },
      data.images->values);
}

std::map<std::string, std::int64_t> sizes_of(const Labelled& data, std::size_t classes) {
  std::map<std::string, std::int64_t> sizes{{"features", data.width()}, {"outputs", classes}};
  const std::vector<std::size_t>& dims = data.images->dims;
  if (dims.size() >= 3) {
    sizes["height"] = static_cast<std::int64_t>(dims[1]);
    sizes["width"] = static_cast<std::int64_t>(dims[2]);
    sizes["channels"] = static_cast<std::int64_t>(data.channels());
  }
  return sizes;
}

/// `asked` of `available`, where 0 means all.
std::size_t take(const std::string& task, const char* option, std::size_t asked,
                 std::size_t available) {
  if (asked <= available) return asked == 0 ? available : asked;
  throw InputError(fmt::format("task {}: {}={} asks for more examples than the {} there are.", task,
                               option, asked, available));
}

class ImageTask final : public Task {
 public:
  ImageTask(const std::string& name, const ImageFiles& files, const Options& options)
      : epochs_(static_cast<int>(options.whole("epochs"))) {
    const Labelled data = load(files.train_images, files.train_labels);
    const ClassChoice classes(name, options, data.classes());
    const std::vector<Scale> scales = split_train(name, data, classes, options);
    add_test(name, data, files, classes, options, scales);
    require_memory(name, 4.0 * epochs_ * static_cast<double>(train_->size()));
    info_.name = options.full_name(name);
    info_.sizes = sizes_of(data, classes.size());
    info_.classes = static_cast<int>(classes.size());
    info_.source = files.train_images;
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    return {train_, valid_, test_, epochs_,
            epoch_orders(seed, index, epochs_, train_->size(), FirstEpoch::shuffled)};
  }

 private:
  /// Validation takes the last examples of the training file, training the first of the others.
  /// Returns the scales that all parts use.
  std::vector<Scale> split_train(const std::string& name, const Labelled& data,
                                 const ClassChoice& classes, const Options& options) {
    const Chosen all = choose(data, classes);
    const std::size_t valid = options.count("valid");
    if (valid >= all.rows.size()) {
      throw InputError(
          fmt::format("task {}: valid={} leaves nothing to train on; there are {} examples.", name,
                      valid, all.rows.size()));
    }
    const std::size_t rest = all.rows.size() - valid;
    const Chosen train = part(all, 0, take(name, "train", options.count("train"), rest));
    std::vector<Scale> scales = make_scales(data, train, options.flag("standardise"));
    train_ = make_examples(data, train, scales);
    valid_ = make_examples(data, part(all, rest, valid), scales);
    return scales;
  }

  void add_test(const std::string& name, const Labelled& train, const ImageFiles& files,
                const ClassChoice& classes, const Options& options,
                const std::vector<Scale>& scales) {
    if (files.test_images.empty()) {
      test_ = make_examples({}, {}, {});
      return;
    }
    const Labelled data = load(files.test_images, files.test_labels);
    if (!std::equal(data.images->dims.begin() + 1, data.images->dims.end(),
                    train.images->dims.begin() + 1, train.images->dims.end()) ||
        data.images->values.index() != train.images->values.index()) {
      throw InputError(fmt::format("{} and {} hold images of different sizes or types.",
                                   files.train_images, files.test_images));
    }
    if (data.classes() > train.classes()) {
      throw InputError(fmt::format("{} has the class {}, which {} has not.", files.test_labels,
                                   data.classes() - 1, files.train_labels));
    }
    const Chosen all = choose(data, classes);
    test_ = make_examples(
        data, part(all, 0, take(name, "test", options.count("test"), all.rows.size())), scales);
  }

  int epochs_;
  TaskInfo info_;
  std::shared_ptr<const Examples> train_, valid_, test_;
};

}  // namespace

std::shared_ptr<const Task> make_image_task(const std::string& name, const ImageFiles& files,
                                            const Options& options) {
  return std::make_shared<ImageTask>(name, files, options);
}

std::shared_ptr<const Task> make_idx_task(const Options& options, const DataPaths& paths) {
  if (options.text("images").empty() || options.text("labels").empty()) {
    throw InputError(
        "task idx: name the files, as in idx:images=train-images.gz,labels=train-labels.gz.");
  }
  if (options.text("test_images").empty() != options.text("test_labels").empty()) {
    throw InputError(
        "task idx: test_images and test_labels belong together; give both or neither.");
  }
  if (options.whole("test") > 0 && options.text("test_images").empty()) {
    throw InputError("task idx: test= needs the files test_images=PATH and test_labels=PATH.");
  }
  const auto path = [&](const char* option) {
    const std::string& given = options.text(option);
    return given.empty() ? given : find_file(given, paths);
  };
  return make_image_task(
      "idx", {path("images"), path("labels"), path("test_images"), path("test_labels")}, options);
}

}  // namespace mlz::tasks
