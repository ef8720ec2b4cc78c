#include "tools/golden/run_cases.hpp"

#include <fmt/format.h>

#include "evolve/eval/lifetime.hpp"
#include "lang/text/compile.hpp"
#include "tools/golden/compare.hpp"

namespace mlz::golden {
namespace {

constexpr Tolerance kProgramTolerance{1e-9, 1};
// Below 1e-302 a number counts as zero: subnormal remains of sums depend on the order of their
// terms.
constexpr Tolerance kOpTolerance{1e-12, 1e-290};

std::unique_ptr<vm::Machine> machine_for(const std::string& name, const std::string& text,
                                         const std::map<std::string, std::int64_t>& sizes,
                                         const Options& options) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>(SourceFile{name, text});
  const auto compiled = text::compile(file, {}, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  vm::BindOptions bind;
  bind.sizes = sizes;
  bind.observe = vm::Observe::all;
  const vm::BoundProgram bound = vm::bind(compiled->core, bind, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  vm::MachineOptions machine_options;
  machine_options.dtype = options.dtype;
  return vm::make_machine(options.engine, bound, machine_options);
}

std::vector<double> value_of(const vm::Machine& machine, vm::RegisterId id) {
  std::vector<double> values(static_cast<std::size_t>(machine.program().registers[id].size()));
  machine.read(id, 0, std::span<double>(values));
  return values;
}

/// s0, v2, m1 ...: the registers of AutoML-Zero.
bool is_bank_register(const std::string& name) {
  return name.size() > 1 && std::string_view("svm").find(name[0]) != std::string_view::npos &&
         name.find_first_not_of("0123456789", 1) == std::string::npos;
}

/// The final value of a register; one that the program lacks is zero unless the evaluation assigns
/// it.
std::vector<double> final_value(const std::string& name, std::size_t size,
                                const vm::Machine& machine, const eval::AutomlRecord& record) {
  const auto found = machine.program().by_name.find(name);
  if (found != machine.program().by_name.end()) return value_of(machine, found->second);
  if (name == "s0") return {record.target};
  if (name == "s1") return {record.y};
  if (name == "v0") return record.x;
  return std::vector<double>(size, 0);
}

std::optional<std::string> memory_difference(const ProgramCase& recorded,
                                             const vm::Machine& machine,
                                             const eval::AutomlRecord& record) {
  for (const auto& [name, expected] : recorded.memory) {
    const auto got = final_value(name, expected.size(), machine, record);
    if (auto text = difference("final_memory." + name, expected, got, kProgramTolerance))
      return text;
  }
  for (const auto& [name, id] : machine.program().by_name) {
    if (!is_bank_register(name) || recorded.memory.count(name)) continue;
    const auto got = value_of(machine, id);
    const std::vector<double> zeros(got.size(), 0);
    if (auto text = difference("final_memory." + name, zeros, got, kProgramTolerance)) return text;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check(const ProgramCase& recorded, const TaskCase& task,
                                 const Options& options) {
  const auto machine = machine_for(recorded.id, recorded.program, task.info.sizes, options);
  eval::AutomlRecord record;
  eval::Settings settings;
  settings.protocol = eval::Protocol::automl;
  settings.max_abs_error = recorded.max_abs_error;
  settings.curve_points = 0;
  settings.record = &record;
  const eval::Outcome outcome = eval::run_lifetime(*machine, task.info, task.problem, settings);
  if (record.outcome != recorded.outcome) {
    return fmt::format("outcome: expected {}, got {}", recorded.outcome, record.outcome);
  }
  if (outcome.steps != recorded.train_steps) {
    return fmt::format("train_steps: expected {}, got {}", recorded.train_steps, outcome.steps);
  }
  const struct {
    const char* field;
    std::vector<double> expected, got;
  } lists[] = {{"train_abs_errors", recorded.train_abs_errors, record.train_abs_errors},
               {"valid_predictions", recorded.valid_predictions, record.valid_predictions},
               {"fitness", {recorded.fitness}, {outcome.score}}};
  for (const auto& [field, expected, got] : lists) {
    if (auto text = difference(field, expected, got, kProgramTolerance)) return text;
  }
  return memory_difference(recorded, *machine, record);
}

std::optional<std::string> check(const OpCase& recorded, const Options& options) {
  const std::string text = "def Setup():\ndef Predict():\n  " + recorded.text + "\ndef Learn():\n";
  const auto machine =
      machine_for(recorded.id, text, {{"features", recorded.features}, {"outputs", 1}}, options);
  const auto find = [&](const std::string& name) {
    const auto found = machine->program().by_name.find(name);
    if (found == machine->program().by_name.end())
      throw InputError("the program has no register " + name);
    return found->second;
  };
  machine->reset();
  machine->run(Function::setup);
  for (const auto& [name, values] : recorded.in)
    machine->write(find(name), 0, std::span<const double>(values));
  machine->run(Function::predict);
  if (recorded.out_register.empty()) return std::nullopt;
  const auto got = value_of(*machine, find(recorded.out_register));
  return difference(recorded.out_register, recorded.out, got, kOpTolerance);
}

}  // namespace mlz::golden
