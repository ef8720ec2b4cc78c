#pragma once
#include "tasks/options.hpp"

namespace mlz::tasks {

/// The tasks whose lifetimes are drawn anew each time, from images of some source: online and fewshot.
std::vector<TaskEntry> stream_tasks();

/// One example at a time, no epochs, nothing held back (after Kirsch and Schmidhuber 2021, arXiv 2012.14905): each
/// lifetime has a data set, classes, images and their order of its own. Options: data, steps, split, size, classes,
/// ways, outputs, normalise, permute, project.
std::shared_ptr<const Task> make_online(const Options& options, const DataPaths& paths);

}  // namespace mlz::tasks
