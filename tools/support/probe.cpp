#include "tools/support/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evolve/eval/wrapped_machine.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/core/roles.hpp"
#include "tools/support/files.hpp"

namespace mlz::tools {
namespace {

constexpr const char* kColumns = "seed,step,register,value,mean,deviation,norm";
constexpr std::int64_t kMostRows = 5'000'000;

/// What a name stands for: a register, or the one that serves as x, y, target, action, reward or done.
std::string register_called(const std::string& name, const vm::BoundProgram& program) {
  if (program.by_name.contains(name)) return name;
  for (const Role role : {Role::x, Role::y, Role::target, Role::action, Role::reward, Role::done}) {
    const vm::RegisterId id = program.with_role(role);
    if (role_name(role) == name && id != vm::kNoRegister) return program.registers[id].name;
  }
  return name;
}

bool belongs_to(const std::string& name, const std::string& family) {
  return name == family || name.starts_with(family + "[");
}

/// value,mean,deviation,norm; what a register of that shape does not have stays empty.
std::string summary(const vm::BoundRegister& r, const std::vector<double>& values) {
  if (r.kind == Kind::scalar) return fmt::format("{:.9g},,,", values[0]);
  double sum = 0, squares = 0, spread = 0;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) sum += v;
  for (const double v : values) {
    squares += v * v;
    spread += (v - sum / n) * (v - sum / n);
  }
  return fmt::format(",{:.9g},{:.9g},{:.9g}", sum / n, std::sqrt(spread / n), std::sqrt(squares));
}

}  // namespace

/// Tells the probe of steps. A step ends with Learn; tests on a copy of the memory are none.
class Probe::Machine : public eval::WrappedMachine {
 public:
  Machine(std::unique_ptr<vm::Machine> machine, Probe& probe, std::uint64_t seed)
      : WrappedMachine(std::move(machine)), probe_(probe), seed_(seed) {}

  void reset() override {
    inner().reset();
    step_ = -1;
  }
  void run(Function function) override {
    if (is_life() && function == Function::predict && step_ < 0) look(0);
    inner().run(function);
    if (is_life() && function == Function::learn) look(step_ + 1);
  }

 private:
  void look(std::int64_t step) {
    step_ = step;
    if (step % probe_.every_ == 0) probe_.take(inner(), seed_, step);
  }
  Probe& probe_;
  std::uint64_t seed_;
  std::int64_t step_ = -1;
};

Probe::Probe(const RunOptions& options, const vm::BoundProgram& program)
    : every_(options.probe_every), file_(options.probe_file) {
  for (const std::string& name : registers_of(options.probe, program)) registers_.push_back(program.by_name.at(name));
  if (file_.empty()) {
    fmt::print("{}\n", kColumns);
  } else {
    rows_ = fmt::format("{}\n", kColumns);
  }
}

std::vector<std::string> Probe::registers_of(const std::vector<std::string>& names, const vm::BoundProgram& program) {
  std::vector<std::string> out, known;
  for (const vm::BoundRegister& r : program.registers) {
    if (program.by_name.contains(r.name)) known.push_back(r.name);
  }
  for (const std::string& name : names) {
    const std::size_t before = out.size();
    const std::string called = register_called(name, program);
    std::ranges::copy_if(known, std::back_inserter(out), [&](const std::string& r) { return belongs_to(r, called); });
    if (out.size() > before) continue;
    const std::string near = closest(name, known);
    throw InputError(fmt::format("--probe {}: the program has no register of this name{}; --dump=bound lists them", name,
                                 near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  return out;
}

std::unique_ptr<vm::Machine> Probe::watched(std::unique_ptr<vm::Machine> machine, std::uint64_t seed) {
  return std::make_unique<Machine>(std::move(machine), *this, seed);
}

void Probe::take(const vm::Machine& machine, std::uint64_t seed, std::int64_t step) {
  for (const vm::RegisterId id : registers_) {
    const vm::BoundRegister& r = machine.program().registers[id];
    std::vector<double> values(static_cast<std::size_t>(r.size()));
    machine.read(id, 0, std::span<double>(values));
    const bool quote = r.name.find(',') != std::string::npos;
    add_row(fmt::format("{},{},{},{}\n", seed, step, quote ? fmt::format("\"{}\"", r.name) : r.name, summary(r, values)));
  }
}

/// What is written later is bounded, so that a run without end does not fill the memory.
void Probe::add_row(const std::string& row) {
  if (file_.empty()) return fmt::print("{}", row);
  if (count_++ < kMostRows) rows_ += row;
  if (count_ == kMostRows) {
    fmt::print(stderr, "--probe: {} has room for {} rows; later steps are left out, so take a larger --probe-every\n", file_,
               kMostRows);
  }
}

void Probe::finish() const {
  if (!file_.empty()) write_file(file_, rows_);
}

}  // namespace mlz::tools
