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

std::string require_part(const fs::path& folder, const std::string& first,
                         const std::string& name) {
  if (auto found = find_part(folder, name)) return *found;
  throw InputError(fmt::format(
      "the data folder {} has {} but lacks {} (plain or .gz). Add the missing file or name another "
      "folder with --data.",
      folder.string(), first, name));
}

[[noreturn]] void missing(const std::string& task, const std::string& file,
                          const std::vector<std::string>& tried, const std::string& how_to_get) {
  throw InputError(fmt::format(
      "no data for the task {0}: no file {1} or {1}.gz in any of\n  {2}\n{3}\nOr give the folder "
      "that has it with --data FOLDER or in $MLZ_DATA. The task 'digits' needs no data: --task "
      "digits",
      task, file, fmt::join(tried, "\n  "), how_to_get));
}

/// The first folder with the file `name`, plain or .gz, among `subfolders` of the data folders and
/// these themselves; throws with all places tried.
fs::path folder_with(const std::string& name, const std::vector<std::string>& subfolders,
                     const DataPaths& paths, const std::string& task,
                     const std::string& how_to_get) {
  std::vector<std::string> tried;
  for (const fs::path base : paths.folders) {
    std::vector<fs::path> places;
    for (const std::string& subfolder : subfolders) places.push_back(base / subfolder);
    places.push_back(base);
    for (const fs::path& folder : places) {
      tried.push_back(folder.string());
      if (find_part(folder, name)) return folder;
    }
  }
  missing(task, name, tried, how_to_get);
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
  const std::string first = "train-images-" + known.kind + "-ubyte";
  const fs::path folder = folder_with(first, known.subfolders, paths, known.name, known.how_to_get);
  const auto part = [&](const std::string& name) { return require_part(folder, first, name); };
  return {part(first), part("train-labels-idx1-ubyte"),
          part("t10k-images-" + known.kind + "-ubyte"), part("t10k-labels-idx1-ubyte")};
}

TableFiles find_table(const KnownTable& known, const DataPaths& paths) {
  const fs::path folder =
      folder_with(known.train, {"tabular"}, paths, known.name, known.how_to_get);
  return {require_part(folder, known.train, known.train),
          known.test.empty() ? "" : require_part(folder, known.train, known.test)};
}

OmniglotFiles find_omniglot(const DataPaths& paths) {
  const std::string first = "classes.tsv";
  const fs::path folder = folder_with(first, {"omniglot"}, paths, "omniglot", "Fetch it with scripts/fetch-data.sh omniglot");
  const auto part = [&](const std::string& name) { return require_part(folder, first, name); };
  return {part("images-idx3-ubyte"), part("labels-idx1-int32"), part(first)};
}

std::string find_file(const std::string& path, const DataPaths& paths) {
  if (present(path) || fs::path(path).is_absolute()) return path;
  for (const fs::path base : paths.folders) {
    if (present(base / path)) return (base / path).string();
  }
  return path;
}

}  // namespace mlz::tasks
