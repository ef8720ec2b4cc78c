#include <fmt/format.h>

#include "lang/core/diagnostics.hpp"
#include "tasks/data_paths.hpp"
#include "tasks/digits.hpp"
#include "tasks/image_files.hpp"
#include "tasks/options.hpp"
#include "tasks/regression.hpp"

namespace mlz::tasks {
namespace {

constexpr double kMostExamples = 1e7;
constexpr double kMostEpochs = 1000;

TaskOption whole(const char* name, const char* value, double lo, double hi, const char* meaning) {
  return {name, value, meaning, OptionKind::whole, lo, hi};
}

std::vector<TaskOption> regression_options(double least_features, const char* train) {
  return {whole("features", "4", least_features, 4096, "numbers in an example"),
          whole("train", train, 1, kMostExamples, "training examples"),
          whole("valid", "100", 0, kMostExamples, "validation examples"),
          whole("test", "100", 0, kMostExamples, "test examples"),
          whole("epochs", "1", 1, kMostEpochs,
                "passes over the training examples; later ones in shuffled order")};
}

TaskOption image_epochs() {
  return whole("epochs", "3", 1, kMostEpochs,
               "passes over the training examples, each in an order of its own");
}

TaskOption classes() {
  return {"classes",        "", "keep only these classes, numbered from 0 in this order, as in 3/5",
          OptionKind::list, 0,  65535};
}

std::vector<TaskOption> image_options() {
  return {
      whole("train", "0", 0, kMostExamples, "training examples, the first of the file; 0 for all"),
      whole("valid", "0", 0, kMostExamples, "validation examples, the last of the training file"),
      whole("test", "0", 0, kMostExamples, "test examples; 0 for all"),
      image_epochs(),
      classes(),
      whole("standardise", "0", 0, 1,
            "1: features with mean 0 and deviation 1 over the training part")};
}

std::vector<TaskOption> idx_options() {
  std::vector<TaskOption> out{{"images", "", "file of training images (no commas in its name)"},
                              {"labels", "", "file of their classes"},
                              {"test_images", "", "file of test images"},
                              {"test_labels", "", "file of their classes"}};
  const std::vector<TaskOption> common = image_options();
  out.insert(out.end(), common.begin(), common.end());
  return out;
}

std::vector<TaskOption> digits_options() {
  return {whole("size", "16", 8, 32, "height and width of an image"),
          whole("train", "5000", 1, 1e6, "training examples"),
          whole("valid", "0", 0, 1e6, "validation examples"),
          whole("test", "1000", 0, 1e6, "test examples"),
          image_epochs(),
          classes(),
          {"noise", "0.1", "deviation of the noise on each pixel, where 1 is full ink",
           OptionKind::number, 0, 1}};
}

using Given = std::map<std::string, std::string>;

auto regression(const char* name, Teacher teacher) {
  return [=](const Given& given, const DataPaths&) {
    return make_regression(name, teacher, Options(given));
  };
}

auto images(const KnownImages& known) {
  return [=](const Given& given, const DataPaths& paths) {
    return make_image_task(known.name, find_images(known, paths), Options(given));
  };
}

KnownImages mnist() {
  return {"mnist",
          {"mnist"},
          "Put the four files of MNIST (train- and t10k-, images-idx3-ubyte and labels-idx1-ubyte, "
          "plain or .gz) into "
          "one of them."};
}

KnownImages fashion_mnist() {
  return {"fashion_mnist",
          {"fashion_mnist", "fashion-mnist", "datasets/fashion-mnist"},
          "On Debian and Ubuntu: apt install dataset-fashion-mnist"};
}

}  // namespace

const std::vector<TaskEntry>& registry() {
  static const std::vector<TaskEntry> entries{
      {"linear", "regression on w.x, all normal", regression_options(1, "100"),
       regression("linear", Teacher::linear)},
      {"affine", "regression on w.x + b, all normal", regression_options(1, "100"),
       regression("affine", Teacher::affine)},
      {"nn", "regression on u.relu(M x), the two-layer network of AutoML-Zero",
       regression_options(4, "1000"), regression("nn", Teacher::network)},
      {"digits", "images of the digits 0 to 9 drawn by mlz itself; needs no data", digits_options(),
       [](const Given& given, const DataPaths&) { return make_digits("digits", Options(given)); }},
      {"mnist", "28 x 28 images of handwritten digits", image_options(), images(mnist())},
      {"fashion_mnist", "28 x 28 images of ten kinds of clothing", image_options(),
       images(fashion_mnist())},
      {"idx", "images and classes from your own files in IDX format, plain or .gz", idx_options(),
       [](const Given& given, const DataPaths& paths) {
         return make_idx_task(Options(given), paths);
       }},
  };
  return entries;
}

std::shared_ptr<const Task> make_task(const std::string& text, const DataPaths& paths) {
  const auto colon = text.find(':');
  const TaskEntry& entry = find_task(text.substr(0, colon));
  return entry.make(
      complete_options(entry, colon == std::string::npos ? "" : text.substr(colon + 1)), paths);
}

std::string list_tasks() {
  std::string out = "Tasks, used as --task NAME or --task NAME:key=value,key=value\n";
  for (const TaskEntry& entry : registry()) {
    out += fmt::format("\n{}: {}\n", entry.name, entry.meaning);
    for (const TaskOption& option : entry.options) {
      const std::string range =
          option.kind == OptionKind::whole || option.kind == OptionKind::number
              ? fmt::format(" ({} to {})", option.lo, option.hi)
              : std::string();
      out += fmt::format("  {:<18} {}{}\n", option.name + "=" + option.default_value,
                         option.meaning, range);
    }
  }
  return out;
}

}  // namespace mlz::tasks
