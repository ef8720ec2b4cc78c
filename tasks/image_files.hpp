#pragma once
#include "tasks/data_paths.hpp"
#include "tasks/options.hpp"

namespace mlz::tasks {

/// Classification of images read from IDX files; test files may both be empty. Options: train,
/// valid, test, epochs, classes, standardise. Images have 2 to 4 dimensions: [n][features],
/// [n][height][width] or [n][height][width][channels].
std::shared_ptr<const Task> make_image_task(const std::string& name, const ImageFiles& files,
                                            const Options& options);

/// The task `idx`: files named by the options images, labels, test_images and test_labels.
std::shared_ptr<const Task> make_idx_task(const Options& options, const DataPaths& paths);

}  // namespace mlz::tasks
