#include "vm/adjoint/reversal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vm/adjoint/versions.hpp"

namespace mlz::vm {
namespace {

std::int64_t entries_of(const BoundProgram& program, const std::vector<RegisterId>& registers) {
  std::int64_t entries = 0;
  for (const RegisterId r : registers) entries += program.registers[r].size();
  return entries;
}

std::int64_t entry_bytes(const Machine& machine) { return machine.dtype() == DType::f64 ? 8 : 4; }

BoundProgram observing(BoundProgram program, const std::vector<RegisterId>& registers) {
  for (const RegisterId r : registers) program.registers[r].observed = true;
  return program;
}

}  // namespace

/// Values of some registers at several moments, as the machines hold them.
class Reversal::States {
 public:
  States(const Machine& machine, const std::vector<RegisterId>& registers)
      : registers_(registers),
        lane_entries_(static_cast<std::size_t>(entries_of(machine.program(), registers))),
        lanes_(machine.lanes()),
        wide_(machine.dtype() == DType::f64) {}

  void read(const Machine& machine, std::int64_t moment) {
    wide_ ? each(machine, doubles_, moment, [&](RegisterId r, int lane, auto part) { machine.read(r, lane, part); })
          : each(machine, floats_, moment, [&](RegisterId r, int lane, auto part) { machine.read(r, lane, part); });
  }

  void write(Machine& machine, std::int64_t moment) const {
    const auto put = [&]<class T>(RegisterId r, int lane, std::span<T> part) {
      machine.write(r, lane, std::span<const T>(part));
    };
    wide_ ? each(machine, doubles_, moment, put) : each(machine, floats_, moment, put);
  }

 private:
  std::vector<RegisterId> registers_;
  std::size_t lane_entries_;
  int lanes_;
  bool wide_;
  mutable std::vector<std::vector<double>> doubles_;  // by moment
  mutable std::vector<std::vector<float>> floats_;

  template <class T, class F>
  void each(const Machine& machine, std::vector<std::vector<T>>& moments, std::int64_t moment, F&& f) const {
    const auto at = static_cast<std::size_t>(moment);
    if (moments.size() <= at) moments.resize(at + 1);
    moments[at].resize(lane_entries_ * static_cast<std::size_t>(lanes_));
    std::span<T> rest(moments[at]);
    for (int lane = 0; lane < lanes_; ++lane) {
      for (const RegisterId r : registers_) {
        const auto size = static_cast<std::size_t>(machine.program().registers[r].size());
        f(r, lane, rest.first(size));
        rest = rest.subspan(size);
      }
    }
  }
};

Reversal::Reversal(const BoundProgram& program, std::string_view engine, const MachineOptions& machine,
                   const AdjointOptions& adjoint, const ReversalOptions& options)
    : Reversal(program, differentiate(program, adjoint), engine, machine, options) {}

Reversal::Reversal(const BoundProgram& program, const Adjoint& adjoint, std::string_view engine,
                   const MachineOptions& machine, const ReversalOptions& options)
    : adjoint_(adjoint), options_(options), carried_(replayed_registers(program)) {
  std::vector<RegisterId> read = carried_;
  read.insert(read.end(), adjoint_.kept.begin(), adjoint_.kept.end());
  forward_ = make_machine(engine, observing(program, read), machine);
  backward_ = make_machine(engine, adjoint_.program, machine);
  const std::vector<char> changed = adjoint::changed_by_steps(program);
  std::erase_if(carried_, [&](RegisterId r) { return changed[r] == 0; });
  late_ = std::make_unique<LateProducts>(adjoint_, *backward_, machine.blas);
  starts_ = std::make_unique<States>(*forward_, carried_);
  states_ = std::make_unique<States>(*forward_, adjoint_.state);
  kept_ = std::make_unique<States>(*forward_, adjoint_.kept);
  fixed_ = std::make_unique<States>(*forward_, adjoint_.fixed);
}

Reversal::~Reversal() = default;

std::int64_t Reversal::segment_for(std::int64_t steps) const {
  if (options_.segment > 0) return options_.segment;
  const double lanes = static_cast<double>(forward_->lanes()) * static_cast<double>(entry_bytes(*forward_));
  const double each = lanes * static_cast<double>(entries_of(adjoint_.program, adjoint_.state) +
                                                  entries_of(adjoint_.program, adjoint_.kept));
  const double replayed = lanes * static_cast<double>(entries_of(adjoint_.program, carried_));
  const auto limit = static_cast<double>(options_.max_bytes);
  if (each * static_cast<double>(steps) <= limit) return std::max<std::int64_t>(steps, 1);
  const double best = std::ceil(std::sqrt(static_cast<double>(steps) * replayed / each));
  const double needed = best * each + std::ceil(static_cast<double>(steps) / best) * replayed;
  if (needed > limit) {
    throw InputError(
        fmt::format("the gradient of {} steps keeps states of {:.0f} bytes at least, more than the allowed {}; "
                    "take fewer steps, fewer lifetimes at once or a smaller state",
                    steps, needed, options_.max_bytes));
  }
  return static_cast<std::int64_t>(best);
}

void Reversal::set_births(std::span<const Birth> births) {
  forward_->set_births(births);
  backward_->set_births(births);
}

void Reversal::run(Machine& machine, Function function, std::int64_t step) {
  if (!options_.trace) return machine.run(function);
  if (found_) return;
  const auto first = run_traced(machine, function);
  if (first) found_ = NonFiniteStep{&machine == backward_.get(), step, *first};
}

void Reversal::forward_step(const ReversibleSteps& steps, std::int64_t step, bool first_time) {
  steps.before_predict(*forward_, step);
  run(*forward_, Function::predict, step);
  if (first_time) steps.predicted(*forward_, step);
  steps.before_learn(*forward_, step);
  run(*forward_, Function::learn, step);
}

void Reversal::back_step(const ReversibleSteps& steps, std::int64_t step) {
  steps.before_back(*backward_, step);
  backward_->set_runs(Function::learn, static_cast<std::uint64_t>(step));
  run(*backward_, Function::learn, step);
  late_->take();
  if (steps.after_back) steps.after_back(*backward_, step);
}

void Reversal::run(const ReversibleSteps& steps) {
  const std::int64_t segment = segment_for(steps.count), segments = (steps.count + segment - 1) / segment;
  const auto keeping_step = [&](std::int64_t step, bool first_time) {
    states_->read(*forward_, step % segment);
    forward_step(steps, step, first_time);
    kept_->read(*forward_, step % segment);
  };
  found_.reset();
  forward_->reset();
  run(*forward_, Function::setup, 0);
  fixed_->read(*forward_, 0);
  for (std::int64_t step = 0; step < steps.count; ++step) {
    const std::int64_t of = step / segment;
    if (step % segment == 0 && of + 1 < segments) starts_->read(*forward_, of);
    of + 1 == segments ? keeping_step(step, true) : forward_step(steps, step, true);
  }
  backward_->reset();
  late_->clear();
  fixed_->write(*backward_, 0);
  for (std::int64_t of = segments; of-- > 0;) {
    const std::int64_t first = of * segment, last = std::min(first + segment, steps.count);
    if (of + 1 < segments) {
      starts_->write(*forward_, of);
      forward_->set_runs(Function::predict, static_cast<std::uint64_t>(first));
      forward_->set_runs(Function::learn, static_cast<std::uint64_t>(first));
      for (std::int64_t step = first; step < last; ++step) keeping_step(step, false);
    }
    for (std::int64_t step = last; step-- > first;) {
      states_->write(*backward_, step - first);
      kept_->write(*backward_, step - first);
      back_step(steps, step);
    }
  }
  late_->settle();
  backward_->set_runs(Function::setup, 0);
  run(*backward_, Function::setup, 0);
}

void Reversal::param_gradient(std::size_t param, int lane, std::vector<double>& out) const {
  const BoundRegister& reg = adjoint_.program.registers[adjoint_.program.params[param].id];
  out.resize(static_cast<std::size_t>(reg.size()));
  const RegisterId id = adjoint_.params[param];
  if (id == kNoRegister) return out.assign(out.size(), 0.0);
  backward_->read(id, lane, std::span<double>(out));
  late_->add_to(id, lane, out);
}

std::vector<double> Reversal::param_gradient(std::size_t param, int lane) const {
  std::vector<double> out;
  param_gradient(param, lane, out);
  return out;
}

}  // namespace mlz::vm
