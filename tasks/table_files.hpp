#pragma once
#include "tasks/data_paths.hpp"
#include "tasks/options.hpp"

namespace mlz::tasks {

/// The task `csv`: files named by the options train and test.
std::shared_ptr<const Task> make_csv_task(const Options& options, const DataPaths& paths);

/// The tasks `npy` and `npz`: arrays x and y, and test_x and test_y.
std::shared_ptr<const Task> make_npy_task(const Options& options, const DataPaths& paths);
std::shared_ptr<const Task> make_npz_task(const Options& options, const DataPaths& paths);

/// A known CSV table with classes in its last column. `side` > 0: its features are square images of
/// that side. `divisor`: what features are divided by.
std::shared_ptr<const Task> make_known_table(const KnownTable& known, std::size_t side,
                                             double divisor, const Options& options,
                                             const DataPaths& paths);

}  // namespace mlz::tasks
