#include "evolve/eval/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlz::eval {

std::string FirstNonFinite::text() const {
  const std::string what = fmt::format("`{}` became {} in run {} of {}", register_name, value, run,
                                       function_name(function));
  if (assigned) return what + ", before its first line: the value came from the task or a file";
  const std::string place = line.where.known() ? fmt::format(" at {}:{}", line.where.file->name, line.where.line) : "";
  return fmt::format("{}{}: {}", what, place, line.text);
}

TracingMachine::TracingMachine(const vm::BoundProgram& program, const vm::MachineOptions& options)
    : program_(program), options_(options), inner_(vm::make_machine("reference", program, options)) {}

void TracingMachine::reset() {
  inner_->reset();
  runs_ = {};
  found_.reset();
}

void TracingMachine::set_draw_stream(std::uint32_t stream) {
  stream_ = stream;
  inner_->set_draw_stream(stream);
}

void TracingMachine::run(Function function) {
  if (found_ || stream_ != 0) {
    inner_->run(function);
    return;
  }
  ++runs_[static_cast<std::size_t>(function)];
  const vm::Snapshot before = inner_->save();
  inner_->run(function);
  if (any_bad()) locate(function, before);
}

std::optional<double> TracingMachine::bad_entry(const vm::Machine& machine, vm::RegisterId id) const {
  std::vector<double> values(static_cast<std::size_t>(program_.registers[id].size()));
  machine.read(id, 0, std::span<double>(values));
  const auto bad = std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  return bad == values.end() ? std::nullopt : std::optional(*bad);
}

bool TracingMachine::any_bad() const {
  for (vm::RegisterId id = 0; id < program_.registers.size(); ++id) {
    if (bad_entry(*inner_, id)) return true;
  }
  return false;
}

/// Runs the function again one instruction at a time. Each instruction is a program of its own on the same registers;
/// the counts of runs are put back after each, because draws depend on them.
void TracingMachine::locate(Function function, const vm::Snapshot& before) {
  const auto f = static_cast<std::size_t>(function);
  FirstNonFinite first{function, runs_[f], {}, {}, 0, true};
  vm::BoundProgram single = program_;
  for (auto& code : single.code) code.clear();
  vm::Snapshot state = before;
  const auto check = [&](const vm::Machine& machine, vm::RegisterId id) {
    const auto bad = bad_entry(machine, id);
    if (bad) {
      first.register_name = program_.registers[id].name;
      first.value = *bad;
      found_ = first;
    }
    return bad.has_value();
  };
  const auto probe = vm::make_machine("reference", single, options_);
  probe->restore(before);
  for (vm::RegisterId id = 0; id < program_.registers.size(); ++id) {
    if (check(*probe, id)) return;
  }
  first.assigned = false;
  for (const auto& instruction : program_.code[f]) {
    if (instruction.out == vm::kNoRegister) continue;
    single.code[f] = {instruction};
    const auto machine = vm::make_machine("reference", single, options_);
    machine->restore(state);
    machine->run(function);
    first.line = program_.lines[instruction.line];
    if (check(*machine, instruction.out)) return;
    state = machine->save();
    state.runs = before.runs;
  }
}

}  // namespace mlz::eval
