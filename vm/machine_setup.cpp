#include "vm/machine_setup.hpp"

#include <fmt/format.h>

#include <numeric>

#include "lang/core/draws.hpp"

namespace mlz::vm {
namespace {

std::vector<double> first_value(const BoundProgram& program, std::size_t index,
                                std::uint64_t seed) {
  const BoundProgram::Param& param = program.params[index];
  std::vector<double> out(static_cast<std::size_t>(program.registers[param.id].size()), 0.0);
  const DrawKey key{seed, kParamStream, 0, static_cast<std::uint32_t>(index), 0};
  const auto arg = [&](std::size_t i) { return i < param.args.size() ? param.args[i] : 0.0; };
  switch (param.draw) {
    case OpId::uniform:
      draw_uniform(key, arg(0), arg(1), out);
      break;
    case OpId::normal:
      draw_normal(key, arg(0), arg(1), out);
      break;
    case OpId::truncated_normal:
      draw_truncated_normal(key, arg(0), arg(1), out);
      break;
    case OpId::bernoulli:
      draw_bernoulli(key, arg(0), out);
      break;
    default:
      out.assign(out.size(), arg(0));
  }
  return out;
}

void check_access(const Machine& machine, RegisterId id, int lane, std::size_t size) {
  const std::vector<BoundRegister>& registers = machine.program().registers;
  if (id >= registers.size())
    throw std::logic_error(fmt::format("there is no register number {}", id));
  if (lane < 0 || lane >= machine.lanes()) {
    throw std::logic_error(
        fmt::format("there is no lane {}; the machine has {}", lane, machine.lanes()));
  }
  const BoundRegister& r = registers[id];
  if (static_cast<std::int64_t>(size) != r.size()) {
    throw std::logic_error(fmt::format("`{}` has {} entries, not {}", r.name, r.size(), size));
  }
}

}  // namespace

std::vector<std::uint32_t> lane_lifetimes(const MachineOptions& options) {
  if (options.lanes < 1)
    throw InputError(fmt::format("a machine needs at least one lane, not {}", options.lanes));
  std::vector<std::uint32_t> lifetimes = options.lifetimes;
  if (lifetimes.empty()) {
    lifetimes.resize(static_cast<std::size_t>(options.lanes));
    std::iota(lifetimes.begin(), lifetimes.end(), 0u);
  }
  if (lifetimes.size() == static_cast<std::size_t>(options.lanes)) return lifetimes;
  throw InputError(
      fmt::format("{} lanes need as many lifetimes, not {}", options.lanes, lifetimes.size()));
}

std::vector<std::uint32_t> same_lanes(const Machine& machine, const MachineOptions& options) {
  std::vector<std::uint32_t> lifetimes = lane_lifetimes(options);
  if (options.lanes == machine.lanes()) return lifetimes;
  throw InputError(fmt::format("the machine has {} lanes, not {}", machine.lanes(), options.lanes));
}

std::vector<std::vector<double>> initial_params(const BoundProgram& program, std::uint64_t seed) {
  std::vector<std::vector<double>> out;
  for (std::size_t i = 0; i < program.params.size(); ++i)
    out.push_back(first_value(program, i, seed));
  return out;
}

std::vector<std::vector<double>> param_values(const BoundProgram& program,
                                              const MachineOptions& options) {
  std::vector<std::vector<double>> out;
  assign_params(program, options, out);
  return out;
}

void assign_params(const BoundProgram& program, const MachineOptions& options,
                   std::vector<std::vector<double>>& values) {
  const std::size_t count = program.params.size();
  if (!options.params.empty() && options.params.size() != count) {
    throw InputError(fmt::format("the program has {} params; {} values were given", count,
                                 options.params.size()));
  }
  values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const BoundRegister& r = program.registers[program.params[i].id];
    const bool given = !options.params.empty() && !options.params[i].empty();
    if (given && static_cast<std::int64_t>(options.params[i].size()) != r.size()) {
      throw InputError(fmt::format("the param `{}` has {} entries; {} were given", r.name, r.size(),
                                   options.params[i].size()));
    }
    if (given) {
      values[i] = options.params[i];
    } else {
      values[i] = first_value(program, i, options.seed);
    }
  }
}

void check_read(const Machine& machine, RegisterId id, int lane, std::size_t size) {
  check_access(machine, id, lane, size);
  const BoundRegister& r = machine.program().registers[id];
  const bool fixed =
      r.birth == BoundRegister::Birth::param || r.birth == BoundRegister::Birth::constant;
  if (!r.observed && !fixed) {
    throw std::logic_error(
        fmt::format("`{}` cannot be read: the program was bound without observing it", r.name));
  }
}

void check_write(const Machine& machine, RegisterId id, int lane, std::size_t size) {
  check_access(machine, id, lane, size);
  const BoundRegister& r = machine.program().registers[id];
  if (r.birth == BoundRegister::Birth::constant) {
    throw std::logic_error(fmt::format("the constant {} cannot be written", r.name));
  }
}

}  // namespace mlz::vm
