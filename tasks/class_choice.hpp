#pragma once
#include <span>

#include "tasks/options.hpp"

namespace mlz::tasks {

/// The classes that the option classes=a/b/... keeps, in the order given: label k stands for
/// kept[k]. All of them when the option is empty. Throws InputError for classes that do not exist,
/// come twice, or are fewer than two.
class ClassChoice {
 public:
  ClassChoice(const std::string& task, const Options& options, std::size_t classes);

  std::size_t size() const { return kept_.size(); }
  std::uint32_t original(std::size_t label) const { return kept_[label]; }
  /// The new label of an original class, or -1 when it is left out.
  int label(std::uint32_t original) const {
    return original < labels_.size() ? labels_[original] : -1;
  }

 private:
  std::vector<std::uint32_t> kept_;
  std::vector<int> labels_;
};

}  // namespace mlz::tasks
