#include "evolve/outer/bind_to_task.hpp"

namespace mlz::outer {

vm::BoundProgram bind_to_task(const CoreProgram& program, const tasks::TaskInfo& task, std::int64_t max_bytes,
                              std::vector<std::string> observed) {
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = task.sizes;
  bind.max_bytes = max_bytes;
  if (!observed.empty()) {
    bind.observe = vm::Observe::named;
    bind.observed = std::move(observed);
  }
  vm::BoundProgram result = vm::bind(program, bind, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  return result;
}

}  // namespace mlz::outer
