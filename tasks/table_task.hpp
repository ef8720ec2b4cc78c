#pragma once
#include <optional>

#include "tasks/transforms.hpp"

namespace mlz::tasks {

/// The examples of one file, or of a pair of files for features and labels.
struct TableFile {
  std::shared_ptr<const Array> table;  ///< a row per example
  std::vector<double> labels;          ///< label_width for each row
  std::size_t label_width = 1;
  std::string features_from, labels_from;  ///< file names, for error messages
};

/// What the loaders of all formats hand on.
struct TableData {
  TableFile train;
  std::optional<TableFile> test;
  Form form;
  std::size_t classes = 0;   ///< 0 when the labels are numbers
  double divisor = 1;        ///< features are values divided by this, unless standardised
  double test_fraction = 0;  ///< of the training rows, drawn for each problem; 0: no test part
  bool in_order = false;     ///< parts and epochs keep the order of the rows; the last ones are the test part
  const char* train_count = "train";  ///< options for how many examples; they have other names
  const char* test_count = "test";    ///< where these name files
};

/// The task of some tables. Options: the two counts, valid, epochs, classes, and those of
/// Transforms. Without test_fraction training takes the first and validation the last rows of the
/// file; with it the rows are shuffled first, unless they are to stay in order. Throws InputError for files that do not
/// fit together.
std::shared_ptr<const Task> make_table_task(const std::string& name, TableData data,
                                            const Options& options);

}  // namespace mlz::tasks
