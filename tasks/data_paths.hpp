#pragma once
#include "tasks/task.hpp"

namespace mlz::tasks {

/// The four files of an image data set in the layout of MNIST.
struct ImageFiles {
  std::string train_images, train_labels, test_images, test_labels;
};

/// Where one known data set lies and how to get it.
struct KnownImages {
  std::string name;
  std::vector<std::string> subfolders;  ///< tried in each data folder, then the data folder itself
  std::string how_to_get;               ///< a sentence for the error message
  std::string kind = "idx3";            ///< in train-images-KIND-ubyte: idx4 for channels
};

/// Where the files of a known table lie and how to get them.
struct KnownTable {
  std::string name, train, test;  ///< of the task and its files; an empty test means none
  std::string how_to_get;         ///< a sentence for the error message
};

struct TableFiles {
  std::string train, test;
};

/// Finds train-images-idx3-ubyte and its three companions, plain or .gz. Throws InputError that
/// lists the places tried and says what to do.
ImageFiles find_images(const KnownImages& known, const DataPaths& paths);

/// Finds the CSV files of a table in the folder tabular of a data folder, or in the data folder
/// itself, plain or .gz. Throws InputError as find_images does.
TableFiles find_table(const KnownTable& known, const DataPaths& paths);

/// Drawings of characters with their classes, and what those are.
struct OmniglotFiles {
  std::string images, labels, classes;
};

/// Finds images-idx3-ubyte, labels-idx1-int32 and classes.tsv in the folder omniglot of a data folder, or in the data
/// folder itself, plain or .gz. Throws InputError as find_images does.
OmniglotFiles find_omniglot(const DataPaths& paths);

/// `path` as it stands if it exists, else the first data folder's file of that name, else `path`
/// unchanged.
std::string find_file(const std::string& path, const DataPaths& paths);

}  // namespace mlz::tasks
