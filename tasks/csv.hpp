#pragma once
#include <string>
#include <vector>

#include "tasks/array.hpp"

namespace mlz::tasks {

/// What to make of the columns of a CSV file.
struct CsvRequest {
  std::vector<std::string> labels;  ///< names of label columns; empty: the last column
  bool numbers = false;             ///< labels are numbers; else one column of classes
};

/// A CSV file as features and labels.
struct CsvTable {
  std::vector<std::string> columns;  ///< names of all columns
  Array features;                    ///< f64 [rows][columns without labels]
  std::vector<double> labels;        ///< label_width for each row; classes are indices of `classes`
  std::size_t label_width = 1;
  std::vector<std::string> classes;  ///< names, in order of their numbers or of the alphabet
};

/// Reads comma-separated values, plain or .gz: a line of column names, then lines of numbers.
/// Classes may be names or numbers; they count from 0 in order. Values may stand in double quotes,
/// without line ends inside. `train`: the table whose columns and classes must be matched, or null.
/// Throws InputError with line and column for missing values and for what is not a number. Memory
/// grows with what is read, to 4 GiB of values at most.
CsvTable read_csv(const std::string& path, const CsvRequest& request, const CsvTable* train);

}  // namespace mlz::tasks
