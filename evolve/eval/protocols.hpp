#pragma once
#include <algorithm>

#include "evolve/eval/lifetime.hpp"
#include "lang/core/draws.hpp"

namespace mlz::eval {

template <class T>
Outcome run_automl(vm::Machine& machine, const tasks::TaskInfo& task, const tasks::Problem& problem,
                   const Settings& settings);
template <class T>
std::vector<Outcome> run_stream(vm::Machine& machine, const tasks::TaskInfo& task, std::span<const LaneLifetime> lifetimes,
                                const Settings& settings);
template <class T>
std::vector<Outcome> run_control(vm::Machine& machine, std::span<const LaneLifetime> lifetimes, const Settings& settings);
/// check_fit of the control protocol.
void check_control(const vm::BoundProgram& program, const tasks::TaskInfo& task);

/// Whether live code of a function writes a register.
inline bool writes(const vm::BoundProgram& program, Function function, vm::RegisterId id) {
  const auto& code = program.code[static_cast<std::size_t>(function)];
  return std::any_of(code.begin(), code.end(), [id](const auto& i) { return i.live && i.out == id; });
}

/// Runs `look` on a copy of the memory with draws of its own, so that the lifetime goes on as if it
/// had not been.
template <class F>
void on_a_copy(vm::Machine& machine, F&& look) {
  const vm::Snapshot snapshot = machine.save();
  machine.set_draw_stream(kTestStream);
  look();
  machine.restore(snapshot);
  machine.set_draw_stream(kLifetimeStream);
}

}  // namespace mlz::eval
