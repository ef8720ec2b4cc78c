#include "tasks/few_shot.hpp"
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
       "omniglot, drawn glyphs, digits, random or sum_sign, or a task with classes as in data=(cifar10:grey=1); "
       "several, "
       "as in data=(2*mnist + fashion_mnist): one of them for each lifetime, drawn by weight"},
      whole("steps", "2000", 1, 1e6, "examples of a lifetime"),
      choice("split", {"train", "valid", "test", "background", "evaluation"},
             "part of the data; the last two of omniglot"),
      whole("size", "0", 0, 512, "side of the images after shrinking by area means; 0 as stored, 28 where drawn"),
      {"classes", "", "keep only these classes, numbered from 0 in this order, as in 3/5", OptionKind::list, 0, 65535},
      whole("ways", "0", 0, 65536,
            "so many of the classes, drawn for each lifetime and numbered anew; 0: all as they are"),
      whole("outputs", "0", 0, 65536,
            "classes a learner must reckon with, where some data sets have fewer; 0: the most there are"),
      whole("normalise", "1", 0, 1, "1: less the mean, divided by the deviation of the set's pixels; 0: from 0 to 1"),
      share("permute", "share of lifetimes with their pixels in a random order"),
      share("project", "share of lifetimes with every image multiplied by a random matrix of full size")};
}

std::vector<TaskOption> few_shot_options() {
  return {
      {"data", "glyphs",
       "glyphs (characters drawn from the seed), omniglot, or a task with classes as in "
       "data=(mnist:classes=0/1/2/3/4); with "
       "labels=after several in one episode, as in data=(omniglot + mnist)"},
      whole("ways", "5", 2, 1000, "classes of an episode, drawn anew for each"),
      whole("shots", "1", 1, 1000, "images of each class with their labels"),
      whole("queries", "1", 0, 1000, "images asked about at the end, of labels=with"),
      choice("labels", {"with", "after"},
             "with: the label stands behind the pixels, as a one-hot of ways numbers; after: the program gets it in "
             "Learn"),
      choice("blank", {"first", "zeros"}, "what stands in the place of a query's label: class 0, or nothing"),
      choice("order", {"random", "given"}, "of the data sets of an episode"),
      whole("shorten", "0", 0, 1e6, "each part of labels=after loses a random number up to this of its last examples"),
      choice("split", {"train", "valid", "test", "background", "evaluation"},
             "part of the data; of omniglot, characters apart from those of the other splits"),
      whole("size", "0", 0, 512, "side of the images after shrinking by area means; 0 as stored, 28 where drawn"),
      choice("rotations", {"auto", "0", "1"},
             "1: images turned by 90, 180 and 270 degrees are further classes; auto: of omniglot"),
      whole("normalise", "0", 0, 1, "1: less the mean, divided by the deviation of the set's pixels; 0: from 0 to 1")};
}

}  // namespace

std::vector<TaskEntry> stream_tasks() {
  return {
      {"online", "a stream of images, one at a time and each lifetime with its own, as VSML learns from",
       online_options(), [](const auto& given, const DataPaths& paths) { return make_online(Options(given), paths); }},
      {"fewshot", "classes seen for the first time, a few images of each; needs no data with data=glyphs",
       few_shot_options(),
       [](const auto& given, const DataPaths& paths) { return make_few_shot(Options(given), paths); }}};
}

}  // namespace mlz::tasks
