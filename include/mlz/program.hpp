#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mlz/error.hpp"
#include "mlz/vm.hpp"

/// The language: text to programs. Link `mlz::mlz`.
///
/// Any text is safe to compile and to bind: time and memory are bounded, nothing is executed, and no file is read
/// unless CompileOptions names folders.
namespace mlz {

struct CompileOptions {
  std::string name = "<text>";                      ///< of the text in errors
  std::map<std::string, std::string> set = {};      ///< new values of sizes, consts and scalar params, as program text
  std::map<std::string, std::string> modules = {};  ///< texts of own modules by name; before them the standard library
  std::vector<std::string> import_folders = {};     ///< where further modules are read from; empty: nowhere
  std::size_t max_text_bytes = std::size_t{1} << 20;
};

/// Sizes by name: features, outputs, actions, ways, height, width, channels, steps.
using Sizes = std::map<std::string, std::int64_t>;

struct BindOptions {
  std::vector<std::string> observe = {};  ///< registers or families that stay readable besides y
  bool observe_all = false;          ///< every register does; none of their code is left out then
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of the registers of one lifetime, as f64
  std::int64_t max_instructions = 2'000'000;       ///< after unrolling
  double max_operations = 1e11;  ///< arithmetic operations of one call of Setup, Predict or Learn
};

/// A program that compiles, of no particular size; immutable, cheap to copy, to be used by any number of threads.
class Program {
 public:
  std::string doc() const;        ///< its docstring
  std::string core_text() const;  ///< canonical text of its core form: itself a program

  /// The program for these sizes. Errors: a size that is missing or not positive, shapes that do not fit with these
  /// sizes, an unknown name in `observe`, a limit.
  Result<BoundProgram> bind(const Sizes& sizes, const BindOptions& options = {}) const;

  struct Impl;
  explicit Program(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

/// Text to program; thread-safe.
Result<Program> compile(std::string_view text, const CompileOptions& options = {});

}  // namespace mlz
