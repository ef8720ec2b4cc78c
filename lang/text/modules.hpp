#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lang/text/compile.hpp"

namespace mlz::text {

/// A parsed file with what its imports mean.
struct Module {
  Program program;
  std::map<std::string, const FunctionDefinition*> helpers;
  std::map<std::string, const Module*> imports;                      ///< `import nn`
  std::map<std::string, std::pair<const Module*, std::string>> from;  ///< `from nn import lstm`
};

/// Loads the main program and, once each, every module it needs.
class ModuleLoader {
 public:
  ModuleLoader(const CompileOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}
  const Module* load_main(std::shared_ptr<const SourceFile> file);

 private:
  const Module* load(std::shared_ptr<const SourceFile> file);
  const Module* find(const Import& import, const SourceFile& from);
  void resolve(Module& module);

  const CompileOptions& options_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::unique_ptr<Module>> modules_;  // by file name; null while being loaded
};

/// Reads a whole text file of at most 16 MiB; throws InputError.
std::shared_ptr<const SourceFile> read_text_file(const std::string& path);

}  // namespace mlz::text
