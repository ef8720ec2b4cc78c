#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lang/core/diagnostics.hpp"
#include "tasks/control_task.hpp"
#include "tasks/data_paths.hpp"
#include "tasks/digits.hpp"
#include "tasks/image_files.hpp"
#include "tasks/mixture.hpp"
#include "tasks/online.hpp"
#include "tasks/options.hpp"
#include "tasks/projected.hpp"
#include "tasks/regression.hpp"
#include "tasks/table_files.hpp"

namespace mlz::tasks {
namespace {

constexpr double kMostExamples = 1e7;
constexpr double kMostEpochs = 1000;

TaskOption whole(const char* name, const char* value, double lo, double hi, const char* meaning) {
  return {name, value, meaning, OptionKind::whole, lo, hi};
}

using TaskOptions = std::vector<TaskOption>;

TaskOptions joined(TaskOptions first, const TaskOptions& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TaskOptions regression_options(double least_features, const char* train) {
  return {whole("features", "4", least_features, 4096, "numbers in an example"),
          whole("outputs", "1", 1, 4096,
                "numbers to predict, each with a teacher of its own; more than 1 for the protocol "
                "stream"),
          whole("train", train, 1, kMostExamples, "training examples"),
          whole("valid", "100", 0, kMostExamples, "validation examples"),
          whole("test", "100", 0, kMostExamples, "test examples"),
          whole("fixed", "0", 0, 1e9,
                "number of one problem for every seed, so that only what programs draw differs; 0: a new one each time"),
          {"scale", "1", "what labels are multiplied by; 0: every label is 0", OptionKind::number, 0, 1e6},
          whole("epochs", "1", 1, kMostEpochs,
                "passes over the training examples; later ones in shuffled order")};
}

TaskOption epochs(const char* count) {
  return whole("epochs", count, 1, kMostEpochs,
               "passes over the training examples, each in an order of its own");
}

TaskOption classes() {
  return {"classes",        "", "keep only these classes, numbered from 0 in this order, as in 3/5",
          OptionKind::list, 0,  65535};
}

/// What Transforms reads, in the order in which it is applied.
TaskOptions transforms(const char* standardise = "0") {
  return {
      whole("grey", "0", 0, 1, "1: red, green and blue become one channel"),
      whole("resize", "0", 0, 512, "side of the images after shrinking by area means; 0 as stored"),
      whole("standardise", standardise, 0, 1,
            "1: mean 0, deviation 1 over the training part, per channel or per table column"),
      whole("permute", "0", 0, 1, "1: pixels in a random order, new for each problem"),
      whole("project", "0", 0, 4096,
            "numbers left by a random projection, new for each problem, standardised; 0 for none")};
}

TaskOptions image_options() {
  return joined(
      {whole("train", "0", 0, kMostExamples, "training examples, the first of the file; 0 for all"),
       whole("valid", "0", 0, kMostExamples, "validation examples, the last of the training file"),
       whole("test", "0", 0, kMostExamples, "test examples; 0 for all"), epochs("3"), classes()},
      transforms());
}

TaskOptions idx_options() {
  return joined({{"images", "", "file of training images"},
                 {"labels", "", "file of their classes"},
                 {"test_images", "", "file of test images"},
                 {"test_labels", "", "file of their classes"}},
                image_options());
}

TaskOption test_fraction() {
  return {
      "test_fraction",    "0.2", "part of the rows drawn for testing where there is no test file",
      OptionKind::number, 0,     0.9};
}

/// Options of tables; `train` and `test` are the names of the two counts.
TaskOptions table_options(const char* train, const char* test, const char* standardise) {
  return joined(
      {whole(train, "0", 0, kMostExamples, "training examples; 0 for all"),
       whole("valid", "0", 0, kMostExamples, "validation examples, from the training part"),
       whole(test, "0", 0, kMostExamples, "test examples; 0 for all"), test_fraction(), epochs("3"),
       classes()},
      transforms(standardise));
}

TaskOptions table_form(const char* target_meaning) {
  return {{"target", "class", target_meaning, OptionKind::choice, 0, 0, {"class", "number"}},
          {"shape", "", "features are images of height/width or height/width/channels", OptionKind::list, 1, 65536},
          {"order", "shuffled",
           "of rows: anew for each problem and epoch; or stored, for series: epochs keep it, the last rows are the test",
           OptionKind::choice, 0, 0, {"shuffled", "stored"}}};
}

TaskOptions csv_options() {
  return joined(
      joined(
          {{"train", "", "file with a line of column names, then numbers"},
           {"test", "", "file of test examples with the same columns"},
           {"label", "", "column to predict, or several as in a/b; the last if empty"}},
          table_form("whether labels are classes, numbers or names, or numbers to predict")),
      table_options("train_rows", "test_rows", "0"));
}

TaskOptions array_options(TaskOptions sources) {
  return joined(joined(std::move(sources), table_form("whether labels are classes or numbers to predict")),
                table_options("train", "test", "0"));
}

TaskOptions npy_options() {
  return array_options(
      {{"x", "", "file of features [n][features] or images [n][height][width][channels]"},
       {"y", "", "file of labels [n], or [n][outputs] for several numbers"},
       {"test_x", "", "file of test features"},
       {"test_y", "", "file of test labels"}});
}

TaskOptions npz_options() {
  return array_options(
      {{"file", "", "the archive"},
       {"x", "x", "array of features [n][features] or images [n][height][width][channels]"},
       {"y", "y", "array of labels [n], or [n][outputs] for several numbers"},
       {"test_x", "", "array of test features"},
       {"test_y", "", "array of test labels"}});
}

TaskOptions projected_options() {
  return {
      {"data", "mnist", "a task with classes, with options as in data=(cifar10:grey=1)"},
      whole("features", "16", 0, 4096, "numbers left by the projection; 0 for all, unprojected"),
      {"pair", "random",
       "the classes with labels 0 and 1, as in 3/5; random: new for each problem"},
      {"split",
       "search",
       "pairs to draw from: the nine held out for final tests, or the others",
       OptionKind::choice,
       0,
       0,
       {"search", "held_out", "all"}},
      whole("train", "8000", 1, kMostExamples, "training examples, half of each class"),
      whole("valid", "1000", 0, kMostExamples, "validation examples"),
      whole("test", "1000", 0, kMostExamples, "test examples"),
      whole("epochs", "1", 1, kMostEpochs,
            "passes over the training examples; later ones in shuffled order")};
}

TaskOptions digits_options() {
  return joined({whole("size", "16", 8, 32, "height and width of an image"),
                 whole("train", "5000", 1, 1e6, "training examples"),
                 whole("valid", "0", 0, 1e6, "validation examples"),
                 whole("test", "1000", 0, 1e6, "test examples"),
                 epochs("3"),
                 classes(),
                 {"noise", "0.1", "deviation of the noise on each pixel, where 1 is full ink",
                  OptionKind::number, 0, 1}},
                transforms());
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
          "Fetch it with scripts/fetch-data.sh mnist, or put its four files (train- and t10k-, "
          "images-idx3-ubyte and labels-idx1-ubyte, plain or .gz) into one of them."};
}

KnownImages fashion_mnist() {
  return {"fashion_mnist",
          {"fashion_mnist", "fashion-mnist", "datasets/fashion-mnist"},
          "On Debian and Ubuntu: apt install dataset-fashion-mnist. Else: scripts/fetch-data.sh "
          "fashion_mnist"};
}

KnownImages cifar10() {
  return {"cifar10", {"cifar10"}, "Fetch it with scripts/fetch-data.sh cifar10", "idx4"};
}

/// A table in one file, which is split by drawing.
TaskEntry table(const char* name, const char* meaning) {
  const KnownTable known{name, std::string(name) + ".csv", "",
                         std::string("Fetch it with scripts/fetch-data.sh ") + name};
  TaskOptions options = table_options("train", "test", "1");
  std::erase_if(options, [](const auto& o) { return o.name == "grey" || o.name == "resize"; });
  for (TaskOption& option : options)
    if (option.name == "epochs") option.default_value = "20";
  return {name, meaning, options, [known](const Given& given, const DataPaths& paths) {
            return make_known_table(known, 0, 1, Options(given), paths);
          }};
}

auto optdigits() {
  return [](const Given& given, const DataPaths& paths) {
    const KnownTable known{"optdigits", "optdigits_train.csv", "optdigits_test.csv",
                           "Fetch it with scripts/fetch-data.sh optdigits"};
    return make_known_table(known, 8, 16, Options(given), paths);
  };
}

/// Adapts a maker of tasks that find files.
template <class Make>
auto from_files(Make make) {
  return [make](const Given& given, const DataPaths& paths) { return make(Options(given), paths); };
}

std::vector<TaskEntry> drawn_tasks() {
  return {
      {"linear", "regression on w.x, all normal", regression_options(1, "100"),
       regression("linear", Teacher::linear)},
      {"affine", "regression on w.x + b, all normal", regression_options(1, "100"),
       regression("affine", Teacher::affine)},
      {"nn", "regression on u.relu(M x), the two-layer network of AutoML-Zero",
       regression_options(4, "1000"), regression("nn", Teacher::network)},
      {"digits", "images of the digits 0 to 9 drawn by mlz itself; needs no data", digits_options(),
       [](const Given& given, const DataPaths&) { return make_digits("digits", Options(given)); }}};
}

auto in_world(WorldInfo (*world)()) {
  return [world](const Given& given, const DataPaths&) { return make_control_task(world(), Options(given)); };
}

TaskOptions bandit_options(TaskOptions more) {
  TaskOptions options{whole("arms", "2", 2, 1000, "arms to choose from"),
                      {"good", "0.9", "probability that the good arm pays 1", OptionKind::number, 0, 1},
                      {"bad", "0.1", "probability that another arm pays 1", OptionKind::number, 0, 1},
                      whole("first", "-1", -1, 999, "the good arm when an episode begins, from 0; -1: drawn")};
  return joined(joined(std::move(options), more), control_options("1", "100"));
}

auto slot_machine() {
  return [](const Given& given, const DataPaths&) {
    const Options options(given);
    BanditOptions bandit_of{options.count("arms"), options.number("good"), options.number("bad")};
    bandit_of.first = options.whole("first");
    if (options.has("period")) bandit_of.period = options.whole("period");
    if (options.has("chance")) bandit_of.chance = options.number("chance");
    return make_control_task(
        bandit(options.has("period") ? "swapping_bandit" : "bandit", bandit_of, options.whole("steps")), options);
  };
}

std::vector<TaskEntry> control_tasks() {
  return {{"cartpole", "keep a pole upright on a cart: CartPole-v1", control_options("8", "500"), in_world(cartpole)},
          {"acrobot", "swing two links up by the joint between them: Acrobot-v1", control_options("8", "500"),
           in_world(acrobot)},
          {"mountain_car", "rock a car out of a valley: MountainCar-v0", control_options("8", "200"),
           in_world(mountain_car)},
          {"pendulum", "swing a pendulum up and hold it: Pendulum-v1; y is the torque", control_options("8", "200"),
           in_world(pendulum)},
          {"bandit", "find the arm that pays; a new one is the good one in each episode", bandit_options({}),
           slot_machine()},
          {"swapping_bandit", "a bandit whose good arm moves on",
           bandit_options({whole("period", "25", 0, 1e7, "pulls after which the next arm is the good one; 0: never"),
                           {"chance", "0", "probability of the same before each pull", OptionKind::number, 0, 1}}),
           slot_machine()}};
}

std::vector<TaskEntry> file_tasks() {
  return {{"mnist", "28 x 28 images of handwritten digits", image_options(), images(mnist())},
          {"fashion_mnist", "28 x 28 images of ten kinds of clothing", image_options(),
           images(fashion_mnist())},
          {"cifar10", "32 x 32 colour images of ten kinds of animals and vehicles", image_options(),
           images(cifar10())},
          {"optdigits", "8 x 8 images of handwritten digits, UCI", image_options(), optdigits()},
          table("iris", "three kinds of iris by 4 measures, UCI"),
          table("wine", "three cultivars by 13 measures of their wine, UCI"),
          table("wdbc", "benign or malignant by 30 measures of cell nuclei, UCI"),
          table("sonar", "mine or rock by 60 sonar energies, UCI"),
          table("ionosphere", "bad or good radar echo by 34 values, UCI"),
          table("banknote", "two classes of banknotes by 4 image statistics, UCI"),
          {"idx", "images and classes from your own files in IDX format, plain or .gz",
           idx_options(), from_files(make_idx_task)},
          {"csv", "a table from your own file of comma-separated values, plain or .gz",
           csv_options(), from_files(make_csv_task)},
          {"npy", "features and labels from your own NPY files", npy_options(),
           from_files(make_npy_task)},
          {"npz", "features and labels from your own NPZ file", npz_options(),
           from_files(make_npz_task)}};
}

std::vector<TaskEntry> combining_tasks() {
  return {{"projected",
           "two classes of another task's training part, projected at random, as in AutoML-Zero",
           projected_options(), from_files(make_projected)},
          {"mix",
           "each problem from one of several tasks of equal sizes, drawn by weight",
           {{"tasks", "", "as in mix:tasks=(2*mnist:resize=14 + fashion_mnist:resize=14)"}},
           from_files(make_mixture)}};
}

/// Tasks within tasks, such as projected:data=(mix:tasks=(...)), go no deeper than this.
constexpr int kDeepest = 8;
thread_local int depth = 0;

struct Deeper {
  Deeper() { ++depth; }
  ~Deeper() { --depth; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
};

}  // namespace

const std::vector<TaskEntry>& registry() {
  static const std::vector<TaskEntry> entries = [] {
    std::vector<TaskEntry> out = drawn_tasks();
    for (auto&& more : {control_tasks(), file_tasks(), stream_tasks(), combining_tasks()})
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }();
  return entries;
}

std::shared_ptr<const Task> make_task(const std::string& text, const DataPaths& paths) {
  const Deeper deeper;
  if (depth > kDeepest) {
    throw InputError(
        fmt::format("tasks stand inside tasks more than {} deep; use fewer.", kDeepest));
  }
  const auto colon = text.find(':');
  const TaskEntry& entry = find_task(text.substr(0, colon));
  return entry.make(
      complete_options(entry, colon == std::string::npos ? "" : text.substr(colon + 1)), paths);
}

namespace {

std::string allowed_values(const TaskOption& option) {
  if (option.kind == OptionKind::whole || option.kind == OptionKind::number)
    return fmt::format(" ({} to {})", option.lo, option.hi);
  if (option.kind == OptionKind::choice)
    return fmt::format(" ({})", fmt::join(option.choices, ", "));
  return {};
}

/// The first task with the same options and defaults.
const TaskEntry& first_alike(const TaskEntry& entry) {
  const auto same = [](const TaskOption& a, const TaskOption& b) {
    return a.name == b.name && a.default_value == b.default_value && a.meaning == b.meaning &&
           allowed_values(a) == allowed_values(b);
  };
  return *std::ranges::find_if(registry(), [&](const TaskEntry& other) {
    return std::ranges::equal(other.options, entry.options, same);
  });
}

std::string option_lines(const TaskEntry& entry) {
  const TaskEntry& first = first_alike(entry);
  if (first.name != entry.name) return fmt::format("  (options as for {})\n", first.name);
  std::string out;
  for (const TaskOption& option : entry.options) {
    out += fmt::format("  {:<18} {}{}\n", option.name + "=" + option.default_value, option.meaning,
                       allowed_values(option));
  }
  return out;
}

}  // namespace

std::string list_tasks() {
  std::string out =
      "Tasks, used as --task NAME or --task NAME:key=value,key=value\n"
      "A value in parentheses may hold commas: key=(value,with,commas). Changes to features are "
      "made\n"
      "in the order grey, resize, standardise, permute, project.\n";
  for (const TaskEntry& entry : registry())
    out += fmt::format("\n{}: {}\n", entry.name, entry.meaning) + option_lines(entry);
  return out;
}

}  // namespace mlz::tasks
