#pragma once
#include "tasks/draw_keys.hpp"
#include "tasks/examples.hpp"
#include "tasks/transforms.hpp"

namespace mlz::tasks {

/// Whose draws: a lifetime's, and which of its parts.
struct Place {
  std::uint64_t seed = 0;
  std::uint32_t index = 0;
  std::uint64_t part = 0;

  DrawKey key(Purpose purpose, std::uint64_t run = 0) const { return task_key(seed, index, purpose, part << 40 | run); }
};

/// The examples of each class.
using ClassLists = std::vector<std::vector<std::uint32_t>>;

/// Labelled images to draw from: example i has the class label(i).
struct Images {
  std::shared_ptr<const Examples> examples;
  std::shared_ptr<const ClassLists> of_class;
};

/// The lists for a set of examples with labels 0 .. classes-1.
std::shared_ptr<const ClassLists> class_lists(const Examples& examples, std::size_t classes);

struct SourceInfo {
  std::string name;  ///< as it stands in data=
  std::string from;  ///< where the images came from, for reports
  Form form;
  std::size_t classes = 0;  ///< 0: as many as are asked for
  bool fixed = false;       ///< every lifetime has the same images
  Scale scale;              ///< what normalise does
  bool turned = false;      ///< whether rotations=auto turns images
};

/// Where images of lifetimes come from: files, another task, or draws.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual const SourceInfo& info() const = 0;
  /// Images of a lifetime. Drawn ones have `classes` classes, where info().classes is 0, with `per_class` images each.
  /// Pure: equal arguments give equal images.
  virtual Images images(const Place& place, std::size_t classes, std::size_t per_class) const = 0;
};

/// What the options of a task ask of a source.
struct SourceRequest {
  std::string task;             ///< that asks, for error messages
  std::string data;             ///< omniglot, glyphs, digits, random, sum_sign, or a task with classes and its options
  std::string split;            ///< train, valid, test; of omniglot also background, evaluation
  std::size_t size = 0;         ///< side of the images; 0: as stored
  std::size_t count = 0;        ///< images a lifetime shows, where there is no end of them
  bool normalise = false;       ///< less the set's mean, divided by its deviation: one number each for all pixels
  std::string rotations = "0";  ///< 1: images turned by 90, 180 and 270 degrees are further classes; auto, 0
};

/// Throws InputError for what there is not.
std::shared_ptr<const ImageSource> make_image_source(const SourceRequest& request, const DataPaths& paths);

}  // namespace mlz::tasks
