#include "tasks/image_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lang/core/diagnostics.hpp"
#include "tasks/idx.hpp"
#include "tasks/table_task.hpp"

namespace mlz::tasks {
namespace {

TableFile load(const std::string& images_path, const std::string& labels_path) {
  TableFile out{shared_idx(images_path), {}, 1, images_path, labels_path};
  const std::vector<std::size_t>& dims = out.table->dims;
  if (dims.size() < 2 || dims.size() > 4) {
    throw InputError(fmt::format(
        "the image file {} has {} dimension{}; expected 2 to 4: images, then features or "
        "height, width and channels. Are images and labels swapped?",
        images_path, dims.size(), dims.size() == 1 ? "" : "s"));
  }
  const std::vector<std::uint32_t> classes = class_labels(*shared_idx(labels_path), labels_path);
  out.labels.assign(classes.begin(), classes.end());
  return out;
}

}  // namespace

std::shared_ptr<const Task> make_image_task(const std::string& name, const ImageFiles& files,
                                            const Options& options) {
  TableData data;
  data.train = load(files.train_images, files.train_labels);
  if (!files.test_images.empty()) data.test = load(files.test_images, files.test_labels);
  data.form = Form::of(data.train.table->dims);
  const std::vector<double>& labels = data.train.labels;
  data.classes = static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())) + 1;
  if (data.train.table->bytes()) data.divisor = 255;
  return make_table_task(name, std::move(data), options);
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
