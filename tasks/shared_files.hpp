#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mlz::tasks {

/// What `read()` makes of the file `path`; while it is in use, callers with the same path and `how`
/// share it. Safe to call from any thread.
template <class Content, class Read>
std::shared_ptr<const Content> shared_file(const std::string& path, const std::string& how,
                                           Read read) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const Content>> in_use;
  const std::lock_guard lock(mutex);
  std::error_code error;
  const auto absolute = std::filesystem::weakly_canonical(path, error);
  auto& known = in_use[how + ":" + (error ? path : absolute.string())];
  if (auto found = known.lock()) return found;
  auto made = std::make_shared<const Content>(read());
  known = made;
  return made;
}

}  // namespace mlz::tasks
