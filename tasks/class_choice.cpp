#include "tasks/class_choice.hpp"

#include <fmt/format.h>

#include <numeric>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {

ClassChoice::ClassChoice(const std::string& task, const Options& options, std::size_t classes)
    : labels_(classes, -1) {
  for (const std::int64_t chosen : options.list("classes")) {
    if (chosen < 0 || chosen >= static_cast<std::int64_t>(classes)) {
      throw InputError(
          fmt::format("task {}: there is no class {} in classes={}; the classes are 0 to {}.", task,
                      chosen, options.text("classes"), classes - 1));
    }
    kept_.push_back(static_cast<std::uint32_t>(chosen));
  }
  if (kept_.empty()) {
    kept_.resize(classes);
    std::iota(kept_.begin(), kept_.end(), 0u);
  }
  if (kept_.size() < 2) {
    throw InputError(
        fmt::format("task {}: there is only one class to tell apart; keep at least two, such as "
                    "classes=3/5.",
                    task));
  }
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    int& label = labels_[kept_[k]];
    if (label >= 0)
      throw InputError(fmt::format("task {}: classes= names class {} twice.", task, kept_[k]));
    label = static_cast<int>(k);
  }
}

}  // namespace mlz::tasks
