#include "tasks/online.hpp"

namespace mlz::tasks {
namespace {

TaskOption whole(const char* name, const char* value, double lo, double hi, const char* meaning) {
  return {name, value, meaning, OptionKind::whole, lo, hi};
}

TaskOption share(const char* name, const char* meaning) { return {name, "0", meaning, OptionKind::number, 0, 1}; }

TaskOption choice(const char* name, std::vector<std::string> words, const char* meaning) {
  return {name, words[0], meaning, OptionKind::choice, 0, 0, std::move(words)};
}

std::vector<TaskOption> online_options() {
  return {
      {"data", "mnist",
       "omniglot, drawn glyphs, digits, random or sum_sign, or a task with classes as in data=(cifar10:grey=1); several, "
       "as in data=(2*mnist + fashion_mnist): one of them for each lifetime, drawn by weight"},
      whole("steps", "2000", 1, 1e6, "examples of a lifetime"),
      choice("split", {"train", "valid", "test", "background", "evaluation"}, "part of the data; the last two of omniglot"),
      whole("size", "0", 0, 512, "side of the images after shrinking by area means; 0 as stored, 28 where drawn"),
      {"classes", "", "keep only these classes, numbered from 0 in this order, as in 3/5", OptionKind::list, 0, 65535},
      whole("ways", "0", 0, 65536, "so many of the classes, drawn for each lifetime and numbered anew; 0: all as they are"),
      whole("outputs", "0", 0, 65536, "classes a learner must reckon with, where some data sets have fewer; 0: the most there are"),
      whole("normalise", "1", 0, 1, "1: less the mean, divided by the deviation of the set's pixels; 0: from 0 to 1"),
      share("permute", "share of lifetimes with their pixels in a random order"),
      share("project", "share of lifetimes with every image multiplied by a random matrix of full size")};
}

}  // namespace

std::vector<TaskEntry> stream_tasks() {
  return {{"online", "a stream of images, one at a time and each lifetime with its own, as VSML learns from",
           online_options(),
           [](const auto& given, const DataPaths& paths) { return make_online(Options(given), paths); }}};
}

}  // namespace mlz::tasks
