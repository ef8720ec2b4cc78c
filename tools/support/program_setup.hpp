#pragma once
#include <memory>
#include <string>

#include "evolve/eval/lifetime.hpp"
#include "lang/text/compile.hpp"
#include "tasks/task.hpp"
#include "tools/support/run_options.hpp"
#include "vm/bound_program.hpp"

namespace mlz::tools {

/// Reads and compiles the program of a command line. Throws InputError with all errors.
text::Compiled compile_program(const RunOptions& options);

/// A program with the task it is to learn.
struct Setup {
  std::shared_ptr<const tasks::Task> task;
  eval::Protocol protocol = eval::Protocol::stream;
  vm::DType dtype = vm::DType::f64;
  vm::BoundProgram program;

  const tasks::TaskInfo& info() const { return task->info(); }
};

/// Finds the task, chooses protocol and number type, binds, and checks that program and task fit.
/// Throws InputError.
Setup set_up(const RunOptions& options, const CoreProgram& core);
/// The same for a task that is there already.
Setup set_up(const RunOptions& options, const CoreProgram& core, std::shared_ptr<const tasks::Task> task);

/// A number that tells programs apart: 64 bits of FNV-1a over the canonical core text, as 16
/// hexadecimal digits.
std::string program_hash(const CoreProgram& core);

/// Comment lines with what a result depends on besides the program: task, protocol, seed, dtype,
/// engine.
std::string comment_header(const std::string& task, const std::string& protocol, std::uint64_t seed,
                           const std::string& dtype, const std::string& engine);

/// The text of one stage of a program for --dump.
std::string dump(const RunOptions& options, const text::Compiled& compiled);

}  // namespace mlz::tools
