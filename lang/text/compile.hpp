#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lang/core/core_program.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/text/ast.hpp"

namespace mlz::text {

struct CompileOptions {
  /// New values of sizes, consts and scalar params by name, as program text (`--set name=value`).
  std::map<std::string, std::string> set;
  /// Folders searched for imports after the standard library and the program's own folder.
  std::vector<std::string> path;
  /// Texts of further modules by name; the standard library comes before them, folders after them.
  std::map<std::string, std::string> modules = {};
  /// Whether the program's own folder is searched, too. Without it and `path` no file is read.
  bool own_folder = true;
};

struct Compiled {
  Program ast;
  CoreProgram core;
  std::string typed;  ///< surface text, each assignment with the shape that was found
};

/// Text to core form: parse, import, check, lower. Errors go to `diagnostics`; nothing is returned then.
std::optional<Compiled> compile(std::shared_ptr<const SourceFile> file, const CompileOptions& options,
                                Diagnostics& diagnostics);

/// Reads a program file; a missing "stdlib/NAME.mlz" is taken from the library inside the binary. Throws InputError.
std::shared_ptr<const SourceFile> read_source(const std::string& path);

}  // namespace mlz::text
