#include "mlz/program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "lang/text/compile.hpp"
#include "vm/api/impl.hpp"

namespace mlz {

struct Program::Impl {
  CoreProgram core;
};

namespace {

text::CompileOptions inner(const CompileOptions& options) {
  text::CompileOptions out;
  out.set = options.set;
  out.path = options.import_folders;
  out.modules = options.modules;
  out.own_folder = false;
  return out;
}

vm::BindOptions inner(const Sizes& sizes, const BindOptions& options) {
  vm::BindOptions out;
  out.sizes = sizes;
  out.observed = options.observe;
  out.observe = options.observe_all         ? vm::Observe::all
                : options.observe.empty() ? vm::Observe::predictions
                                            : vm::Observe::named;
  out.max_bytes = options.max_bytes;
  out.max_instructions = options.max_instructions;
  return out;
}

/// A size that the program neither declares nor could be handed, as a misspelt one; empty when there is none.
std::string unknown_size(const CoreProgram& core, const Sizes& sizes) {
  std::vector<std::string> known = task_size_names();
  for (const Declaration& d : core.declarations) {
    if (d.kind == Declaration::Kind::size) known.push_back(d.name);
  }
  known.push_back("batch");
  for (const auto& [name, value] : sizes) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = closest(name, known);
    const std::string hint = near.empty() ? fmt::format("sizes are {}", fmt::join(task_size_names(), ", "))
                                          : fmt::format("did you mean `{}`?", near);
    return fmt::format("there is no size `{}`; {}", name, hint);
  }
  return {};
}

}  // namespace

Result<Program> compile(std::string_view text, const CompileOptions& options) {
  if (text.size() > options.max_text_bytes) {
    return failed<Program>(fmt::format("{}: the program has {} bytes; {} are allowed", options.name, text.size(),
                                       options.max_text_bytes));
  }
  Diagnostics diagnostics;
  try {
    auto source = std::make_shared<SourceFile>(SourceFile{options.name, std::string(text)});
    auto compiled = text::compile(std::move(source), inner(options), diagnostics);
    if (!compiled) return failed<Program>(diagnostics);
    return Program(std::make_shared<Program::Impl>(Program::Impl{std::move(compiled->core)}));
  } catch (const InputError& e) {  // a module's file that cannot be read
    return failed<Program>(e.what());
  }
}

std::string Program::doc() const { return impl_->core.doc; }
std::string Program::core_text() const { return print(impl_->core); }

Result<BoundProgram> Program::bind(const Sizes& sizes, const BindOptions& options) const {
  const std::string unknown = unknown_size(impl_->core, sizes);
  if (!unknown.empty()) return failed<BoundProgram>(unknown);
  Diagnostics diagnostics;
  auto impl = std::make_shared<BoundProgram::Impl>();
  impl->program = vm::bind(impl_->core, inner(sizes, options), diagnostics);
  if (!diagnostics.ok()) return failed<BoundProgram>(diagnostics);
  const std::string excess = excess_operations(impl->program, options.max_operations);
  if (!excess.empty()) return failed<BoundProgram>(excess);
  return BoundProgram(std::move(impl));
}

}  // namespace mlz
