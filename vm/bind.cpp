#include "vm/binder.hpp"

namespace mlz::vm {

Binder::Binder(const CoreProgram& program, const BindOptions& options, Diagnostics& diagnostics)
    : program_(program), options_(options), scope_(program, options, diagnostics) {
  for (const RegisterInfo& info : program.registers) infos_.emplace(info.name, &info);
}

BoundProgram Binder::bind() {
  declare_registers();
  for (const Function function : kFunctions) {
    function_ = function;
    const std::vector<CoreLine>& lines = program_.functions[static_cast<std::size_t>(function)];
    number_lines(lines);
    bind_lines(lines);
  }
  assign_roles();
  mark_observed();
  if (!scope_.failed()) mark_live(out_, options_.observe != Observe::predictions);
  return std::move(out_);
}

BoundProgram bind(const CoreProgram& program, const BindOptions& options,
                  Diagnostics& diagnostics) {
  return Binder(program, options, diagnostics).bind();
}

}  // namespace mlz::vm
