#include "lang/text/modules.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "lang/text/parser.hpp"
#include "stdlib/library.hpp"

namespace mlz::text {
namespace {

constexpr std::uintmax_t kLargestFile = 16u << 20;

std::shared_ptr<const SourceFile> embedded(const std::string& name) {
  for (const LibraryFile& file : library_files()) {
    if (file.name == name) {
      return std::make_shared<SourceFile>(SourceFile{"stdlib/" + name, std::string(file.text)});
    }
  }
  return nullptr;
}

bool entry_function(const std::string& name) { return name == "Setup" || name == "Predict" || name == "Learn"; }

}  // namespace

std::shared_ptr<const SourceFile> read_text_file(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ec;
  if (fs::is_directory(path, ec)) throw InputError(fmt::format("{}: is a folder; expected a program file", path));
  if (fs::exists(path, ec) && !fs::is_regular_file(path, ec)) {  // reading a pipe could wait for ever
    throw InputError(fmt::format("{}: is a device or pipe; expected a program file", path));
  }
  const std::uintmax_t size = fs::file_size(path, ec);
  if (!ec && size > kLargestFile) {
    throw InputError(fmt::format("{}: {} bytes; a program may have at most 16 MiB", path, size));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(fmt::format("{}: cannot be read; check the path and its permissions", path));
  std::string text(kLargestFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kLargestFile) throw InputError(fmt::format("{}: a program may have at most 16 MiB", path));
  return std::make_shared<SourceFile>(SourceFile{path, std::move(text)});
}

std::shared_ptr<const SourceFile> read_source(const std::string& path) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec) && path.rfind("stdlib/", 0) == 0) {
    if (auto found = embedded(path.substr(7))) return found;
    std::string known;
    for (const LibraryFile& file : library_files()) known += " stdlib/" + std::string(file.name);
    throw InputError(fmt::format("{}: no such program in the standard library; it has{}", path, known));
  }
  return read_text_file(path);
}

const Module* ModuleLoader::load_main(std::shared_ptr<const SourceFile> file) { return load(std::move(file)); }

const Module* ModuleLoader::load(std::shared_ptr<const SourceFile> file) {
  const std::string name = file->name;
  modules_[name] = nullptr;
  auto module = std::make_unique<Module>();
  module->program = parse(std::move(file), diagnostics_);
  for (const FunctionDefinition& f : module->program.functions) {
    if (!entry_function(f.name) && !module->helpers.emplace(f.name, &f).second) {
      diagnostics_.error(f.where, fmt::format("helper `{}` is defined twice", f.name), "rename one of them");
    }
  }
  resolve(*module);
  modules_[name] = std::move(module);
  return modules_[name].get();
}

void ModuleLoader::resolve(Module& module) {
  for (const Import& import : module.program.imports) {
    const Module* found = find(import, *module.program.file);
    if (found == nullptr) continue;
    if (import.names.empty()) module.imports[import.module] = found;
    for (const std::string& name : import.names) {
      if (found->helpers.count(name)) {
        module.from[name] = {found, name};
        continue;
      }
      std::vector<std::string> known;
      for (const auto& [helper, definition] : found->helpers) known.push_back(helper);
      const std::string near = closest(name, known);
      diagnostics_.error(import.where, fmt::format("module `{}` has no helper `{}`", import.module, name),
                         near.empty() ? "" : fmt::format("did you mean `{}`?", near));
    }
  }
}

const Module* ModuleLoader::find(const Import& import, const SourceFile& from) {
  namespace fs = std::filesystem;
  const std::string file_name = import.module + ".mlz";
  std::shared_ptr<const SourceFile> source = embedded(file_name);
  if (const auto given = options_.modules.find(import.module); !source && given != options_.modules.end()) {
    source = std::make_shared<SourceFile>(SourceFile{file_name, given->second});
  }
  std::vector<std::string> folders;
  if (options_.own_folder) folders.push_back(fs::path(from.name).parent_path().string());
  folders.insert(folders.end(), options_.path.begin(), options_.path.end());
  std::string searched;
  std::error_code ec;
  for (const std::string& folder : folders) {
    const fs::path path = fs::path(folder) / file_name;
    searched += (searched.empty() ? "" : ", ") + path.string();
    if (!source && fs::is_regular_file(path, ec)) source = read_text_file(path.string());
  }
  if (!source) {
    diagnostics_.error(import.where, fmt::format("module `{}` was not found", import.module),
                       searched.empty()
                           ? "only the standard library was searched"
                           : fmt::format("looked for {} besides the standard library; add its folder with --path", searched));
    return nullptr;
  }
  const auto known = modules_.find(source->name);
  if (known == modules_.end()) return load(std::move(source));
  if (known->second == nullptr) {
    diagnostics_.error(import.where, fmt::format("`{}` imports itself, directly or by way of others", import.module));
  }
  return known->second.get();
}

}  // namespace mlz::text
