#include "evolve/outer/final_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "evolve/outer/bind_to_task.hpp"

namespace mlz::outer {
namespace {

using Birth = vm::BoundRegister::Birth;

/// Registers that begin as a param.
std::vector<std::string> born_of_params(const vm::BoundProgram& program) {
  std::vector<std::string> names;
  for (const vm::BoundRegister& r : program.registers) {
    if (r.birth == Birth::copy) names.push_back(r.name);
  }
  return names;
}

bool all_finite(const Vector& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

FinalEvaluator::FinalEvaluator(const CoreProgram& program, std::vector<std::shared_ptr<const tasks::Task>> tasks,
                               EvaluatorOptions options)
    : options_(std::move(options)) {
  if (tasks.size() != 1) throw InputError("a lifetime that hands its states on takes one task; there are more");
  task_ = std::move(tasks[0]);
  const tasks::TaskInfo& info = task_->info();
  const std::int64_t bytes = options_.max_bytes;
  program_ = bind_to_task(program, info, bytes, born_of_params(bind_to_task(program, info, bytes)));
  options_.settings.protocol = eval::protocol_of(options_.protocol.empty() ? info.protocol : options_.protocol);
  eval::check_fit(program_, info, options_.settings.protocol);
  vm::MachineOptions machine;
  machine.dtype = options_.dtype;
  machines_ = std::make_unique<MachinePool>(options_.engine, program_, machine);
  find_parts();
  if (std::count(handed_on_.begin(), handed_on_.end(), 1) == 0) {
    throw InputError("no state begins as a param, so a lifetime leaves nothing to hand on; write `state W = W0`");
  }
}

void FinalEvaluator::find_parts() {
  for (const auto& param : program_.params) {
    const vm::BoundRegister& value = program_.registers[param.id];
    Part part{handed_on_.size(), static_cast<std::size_t>(value.size()), vm::kNoRegister};
    for (vm::RegisterId r = 0; r < program_.registers.size(); ++r) {
      if (program_.registers[r].birth != Birth::copy || program_.registers[r].copy_of != param.id) continue;
      if (part.state != vm::kNoRegister) {
        throw InputError(fmt::format("both `{}` and `{}` begin as `{}`, and one alone can be handed on as its value; give "
                                     "each a param of its own",
                                     program_.registers[part.state].name, program_.registers[r].name, value.name));
      }
      part.state = r;
    }
    handed_on_.resize(part.first + part.size, part.state == vm::kNoRegister ? 0 : 1);
    parts_.push_back(part);
  }
}

void FinalEvaluator::read_final(const vm::Machine& machine, Vector& params) const {
  for (const Part& part : parts_) {
    if (part.state == vm::kNoRegister) continue;
    machine.read(part.state, 0, std::span<double>(params).subspan(part.first, part.size));
  }
}

Lived FinalEvaluator::live(std::span<const double> params, std::uint64_t seed, std::uint32_t index) const {
  if (params.size() != handed_on_.size()) throw std::invalid_argument("a vector of params has the wrong size");
  auto values = std::make_shared<vm::ParamValues>();
  for (const Part& part : parts_) {
    const auto own = params.subspan(part.first, part.size);
    values->emplace_back(own.begin(), own.end());
  }
  const tasks::Problem problem = task_->problem(seed, index);
  const eval::LaneLifetime lifetime{&problem, seed, index};
  Lived lived;
  machines_->with({vm::Birth{seed, index, std::move(values)}}, [&](vm::Machine& machine) {
    const auto outcome = eval::run_lifetimes(machine, task_->info(), {&lifetime, 1}, options_.settings).at(0);
    lived.judged.steps = outcome.steps;
    if (outcome.failed() || !std::isfinite(outcome.score)) return;
    lived.judged.score = outcome.score;
    lived.final.assign(params.begin(), params.end());
    read_final(machine, lived.final);
  });
  if (!all_finite(lived.final)) lived.final.clear();
  return lived;
}

}  // namespace mlz::outer
