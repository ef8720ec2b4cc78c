#include "tasks/data_paths.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// The user's cache by the XDG base directory specification, which ignores relative values; empty
/// if unknown.
fs::path user_cache() {
  const fs::path stated = environment("XDG_CACHE_HOME");
  if (stated.is_absolute()) return stated;
  const fs::path home = environment("HOME");
  return home.is_absolute() ? home / ".cache" : fs::path();
}

std::optional<std::string> find_part(const fs::path& folder, const std::string& name) {
  for (const char* ending : {".gz", ""}) {
    const fs::path path = folder / (name + ending);
    if (present(path)) return path.string();
  }
  return std::nullopt;
}

std::string require_part(const fs::path& folder, const std::string& name) {
  if (auto found = find_part(folder, name)) return *found;
  throw InputError(fmt::format(
      "the data folder {} has train-images-idx3-ubyte but lacks {} (plain or .gz). Add the "
      "missing file or name another folder with --data.",
      folder.string(), name));
}

[[noreturn]] void missing(const KnownImages& known, const std::vector<std::string>& tried) {
  throw InputError(fmt::format(
      "no data for the task {0}: no file train-images-idx3-ubyte or "
      "train-images-idx3-ubyte.gz in any of\n  {1}\n{2}\nOr give the folder that has it with "
      "--data FOLDER or in $MLZ_DATA. The task 'digits' needs no data: --task digits",
      known.name, fmt::join(tried, "\n  "), known.how_to_get));
}

}  // namespace

DataPaths DataPaths::standard(const std::string& data_option) {
  DataPaths out;
  if (!data_option.empty()) {
    std::error_code error;
    if (!fs::is_directory(data_option, error)) {
      throw InputError(fmt::format("--data {} is not a folder that can be read.", data_option));
    }
    out.folders.push_back(data_option);
  }
  if (const std::string folder = environment("MLZ_DATA"); !folder.empty())
    out.folders.push_back(folder);
  if (const fs::path cache = user_cache(); !cache.empty())
    out.folders.push_back((cache / "mlz").string());
  for (const char* folder : {"/usr/share/mlz", "/usr/local/share/mlz", "/usr/share"})
    out.folders.push_back(folder);
  return out;
}

ImageFiles find_images(const KnownImages& known, const DataPaths& paths) {
  std::vector<std::string> tried;
  for (const fs::path base : paths.folders) {
    std::vector<fs::path> places;
    for (const std::string& subfolder : known.subfolders) places.push_back(base / subfolder);
    places.push_back(base);
    for (const fs::path& folder : places) {
      tried.push_back(folder.string());
      const auto images = find_part(folder, "train-images-idx3-ubyte");
      if (!images) continue;
      return {*images, require_part(folder, "train-labels-idx1-ubyte"),
              require_part(folder, "t10k-images-idx3-ubyte"),
              require_part(folder, "t10k-labels-idx1-ubyte")};
    }
  }
  missing(known, tried);
}

std::string find_file(const std::string& path, const DataPaths& paths) {
  if (present(path) || fs::path(path).is_absolute()) return path;
  for (const fs::path base : paths.folders) {
    if (present(base / path)) return (base / path).string();
  }
  return path;
}

}  // namespace mlz::tasks
