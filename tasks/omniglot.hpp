#pragma once
#include "tasks/image_source.hpp"

namespace mlz::tasks {

/// The characters of one split of Omniglot (Lake, Salakhutdinov, Tenenbaum 2015): train, valid and test as Vinyals et
/// al. 2016 have it, where rotations=auto turns images, or background and evaluation as the data set itself does. Ink
/// is 1 on 0. Throws InputError for files that are not there, damaged, or do not belong together.
std::shared_ptr<const ImageSource> make_omniglot(const SourceRequest& request, const DataPaths& paths);

/// Which classes of a table belong to a split, a flag for each id: a line of names, of which id and split or vinyals_split are
/// used, then one line for each class, columns apart by tabs. Throws InputError with the line.
std::vector<bool> classes_of_split(const std::string& path, std::string_view split);

}  // namespace mlz::tasks
