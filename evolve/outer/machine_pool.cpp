#include "evolve/outer/machine_pool.hpp"

namespace mlz::outer {

std::unique_ptr<vm::Machine> MachinePool::take(const std::vector<vm::Birth>& births) {
  std::unique_ptr<vm::Machine> machine;
  {
    const std::lock_guard guard(lock_);
    if (!idle_.empty()) {
      machine = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (machine) {
    machine->set_births(births);
    return machine;
  }
  vm::MachineOptions options = options_;
  options.births = births;
  return vm::make_machine(engine_, program_, options);
}

void MachinePool::give_back(std::unique_ptr<vm::Machine> machine) {
  const std::lock_guard guard(lock_);
  idle_.push_back(std::move(machine));
}

}  // namespace mlz::outer
