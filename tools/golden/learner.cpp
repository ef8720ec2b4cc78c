#include "tools/golden/learner.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lang/text/compile.hpp"
#include "tools/golden/json_values.hpp"

namespace mlz::golden {
namespace {

vm::BoundProgram bound(const std::shared_ptr<const SourceFile>& file,
                       const Learner::Settings& settings, const Learner::Sizes& sizes) {
  Diagnostics diagnostics;
  text::CompileOptions compile;
  compile.set = settings;
  const auto compiled = text::compile(file, compile, diagnostics);
  if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
  vm::BindOptions bind;
  bind.sizes = sizes;
  bind.observe = vm::Observe::all;
  vm::BoundProgram program = vm::bind(compiled->core, bind, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  return program;
}

}  // namespace

Learner::Learner(vm::BoundProgram program, const Options& options)
    : program_(std::move(program)), options_(options), params_(vm::initial_params(program_, 0)) {}

Learner::Learner(const std::string& program, const Settings& settings, const Sizes& sizes,
                 const Options& options)
    : Learner(bound(text::read_source("stdlib/" + program), settings, sizes), options) {}

Learner Learner::of_text(const std::string& text, const Sizes& sizes, const Options& options) {
  return {bound(std::make_shared<SourceFile>(SourceFile{"case", text}), {}, sizes), options};
}

vm::RegisterId Learner::find(const std::string& name) const {
  const auto found = program_.by_name.find(name);
  if (found == program_.by_name.end()) throw InputError("the program has no register " + name);
  return found->second;
}

void Learner::param(const std::string& name, std::vector<double> values) {
  const vm::RegisterId id = find(name);
  for (std::size_t i = 0; i < program_.params.size(); ++i) {
    if (program_.params[i].id != id) continue;
    const auto size = static_cast<std::size_t>(program_.registers[id].size());
    if (values.size() != size)
      throw InputError(
          fmt::format("param {} has {} numbers, the case {}", name, size, values.size()));
    params_[i] = std::move(values);
    return;
  }
  throw InputError(name + " is not a param of the program");
}

vm::MachineOptions Learner::machine_options() const {
  vm::MachineOptions machine;
  machine.dtype = options_.dtype;
  machine.params = params_;
  return machine;
}

vm::Reversal Learner::reversal(const vm::AdjointOptions& adjoint) const {
  return {program_, options_.engine, machine_options(), adjoint};
}

void Learner::start() {
  machine_ = vm::make_machine(options_.engine, program_, machine_options());
  machine_->reset();
  machine_->run(Function::setup);
}

void Learner::write(const std::string& name, std::span<const double> values) {
  const vm::RegisterId id = find(name);
  const std::int64_t size = program_.registers[id].size();
  if (static_cast<std::int64_t>(values.size()) != size)
    throw InputError(
        fmt::format("register {} has {} numbers, the case {}", name, size, values.size()));
  machine_->write(id, 0, values);
}

std::vector<double> Learner::read(const std::string& name) const {
  const vm::RegisterId id = find(name);
  std::vector<double> values(static_cast<std::size_t>(program_.registers[id].size()));
  machine_->read(id, 0, std::span<double>(values));
  return values;
}

void Learner::write_role(Role role, std::span<const double> values) {
  const vm::RegisterId id = program_.with_role(role);
  if (id == vm::kNoRegister) return;
  const auto size = static_cast<std::size_t>(program_.registers[id].size());
  if (values.size() == size) return machine_->write(id, 0, values);
  if (!values.empty()) {
    throw InputError(fmt::format("{} has {} numbers, the case {}", program_.registers[id].name,
                                 size, values.size()));
  }
  const std::vector<double> zeros(size, 0);
  machine_->write(id, 0, std::span<const double>(zeros));
}

void Learner::predict(std::span<const double> x) {
  x_.assign(x.begin(), x.end());
  write_role(Role::x, x_);
  write_role(Role::target, {});
  machine_->run(Function::predict);
}

void Learner::learn(std::span<const double> label) {
  write_role(Role::x, x_);
  write_role(Role::target, label);
  machine_->run(Function::learn);
}

std::vector<double> Learner::y() const {
  return read(program_.registers[program_.with_role(Role::y)].name);
}

void Comparison::numbers(const std::string& field, std::span<const double> expected,
                         std::span<const double> got) {
  if (difference_) return;
  if (expected.size() != got.size()) {
    difference_ =
        fmt::format("{}: expected {} numbers, got {}", field, expected.size(), got.size());
    return;
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const bool same = expected[i] == got[i] || (std::isnan(expected[i]) && std::isnan(got[i]));
    if (same || std::abs(got[i] - expected[i]) <= tolerance_ * (1 + std::abs(expected[i])))
      continue;
    difference_ = fmt::format("{}[{}]: expected {}, got {}", field, i, expected[i], got[i]);
    return;
  }
}

void Comparison::recorded(const std::string& field, const nlohmann::json& expected,
                          std::span<const double> got) {
  numbers(field, golden::numbers(expected), got);
}

void Comparison::exactly(const std::string& field, double expected, double got) {
  if (!difference_ && expected != got)
    difference_ = fmt::format("{}: expected {}, got {}", field, expected, got);
}

}  // namespace mlz::golden
