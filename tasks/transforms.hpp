#pragma once
#include "tasks/array.hpp"
#include "tasks/examples.hpp"
#include "tasks/options.hpp"

namespace mlz::tasks {

/// How the features of an example lie: height x width x channels when height > 0, else plain.
struct Form {
  std::size_t features = 0, height = 0, width = 0, channels = 1;

  static Form image(std::size_t height, std::size_t width, std::size_t channels) {
    return {height * width * channels, height, width, channels};
  }
  static Form plain(std::size_t features) { return {features, 0, 0, 1}; }
  /// Of a file with 2 to 4 dimensions: rows, then features or height, width and channels.
  static Form of(const std::vector<std::size_t>& dims);
  bool is_image() const { return height > 0; }
};

/// Rows of a table with their labels: what becomes a set of examples.
struct Rows {
  std::shared_ptr<const Array> table;  ///< null: no examples
  std::vector<std::uint32_t> rows;
  std::vector<double> labels;  ///< label_width for each row
  std::size_t label_width = 1;
};

struct RowSets {
  Rows train, valid, test;
};

/// What the options grey, resize (which tasks without images lack), standardise, permute and project
/// do to features, in this order:
/// - grey: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)
/// - resize: each of n x n pixels is the mean of the area it covers
/// - standardise: mean 0 and deviation 1 over the training part, per channel of images and per
///   feature of tables; else bytes become 0 .. 1
/// - permute: pixels, all channels of a pixel together, in an order new for each problem
/// - project: see projection.hpp, with a matrix new for each problem
class Transforms {
 public:
  /// `stored`: the form of the data before. Throws InputError for options it does not allow.
  Transforms(const std::string& task, const Options& options, const Form& stored);

  /// The sizes that a program sees.
  std::map<std::string, std::int64_t> sizes(std::size_t outputs) const;
  /// Whether problems differ in more than the order of examples.
  bool drawn() const { return permute_ || project_ > 0; }
  std::size_t features() const { return project_ > 0 ? project_ : form_.features; }  ///< at the end
  /// Bytes that a projection takes for each example.
  double drawn_bytes() const { return 12.0 * static_cast<double>(project_); }

  /// Bytes that prepare() takes for a table of so many rows.
  double prepared_bytes(std::size_t rows) const;
  /// grey and resize, on a whole table.
  std::shared_ptr<const Array> prepare(std::shared_ptr<const Array> table) const;
  /// The scales for prepared tables: those of the training rows, or one that divides by `divisor`.
  std::vector<Scale> scales(const Rows& train, double divisor) const;
  /// The sets of one problem from rows of prepared tables.
  Sets examples(RowSets rows, const std::vector<Scale>& scales, std::uint64_t seed,
                std::uint32_t index) const;

 private:
  Form stored_, form_;  ///< before, and after grey and resize
  bool grey_, standardise_, permute_;
  std::size_t resize_, project_;
};

}  // namespace mlz::tasks
