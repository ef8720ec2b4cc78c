#include "vm/machine_setup.hpp"

#include <fmt/format.h>

#include "vm/random_ops.hpp"

namespace mlz::vm {
namespace {

std::vector<double> first_value(const BoundProgram& program, std::size_t index,
                                std::uint64_t seed) {
  const BoundProgram::Param& param = program.params[index];
  std::vector<double> out(static_cast<std::size_t>(program.registers[param.id].size()), 0.0);
  const DrawKey key{seed, kParamStream, 0, static_cast<std::uint32_t>(index), 0};
  const auto arg = [&](std::size_t i) { return i < param.args.size() ? param.args[i] : 0.0; };
  if (!draw_numbers(param.draw, key, arg(0), arg(1), out)) out.assign(out.size(), arg(0));
  return out;
}

/// Whether there is a whole value for every param.
bool fits(const BoundProgram& program, const ParamValues& values) {
  if (values.size() != program.params.size()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (static_cast<std::int64_t>(values[i].size()) != program.registers[program.params[i].id].size()) return false;
  }
  return true;
}

/// One value per param: those given, first values where they are left out.
std::shared_ptr<const ParamValues> complete(const BoundProgram& program, const Birth& birth) {
  const std::size_t count = program.params.size();
  if (birth.params && fits(program, *birth.params)) return birth.params;
  ParamValues out = birth.params ? *birth.params : ParamValues{};
  if (!out.empty() && out.size() != count)
    throw InputError(fmt::format("the program has {} params; {} values were given", count, out.size()));
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const BoundRegister& r = program.registers[program.params[i].id];
    if (out[i].empty()) out[i] = first_value(program, i, birth.seed);
    if (static_cast<std::int64_t>(out[i].size()) != r.size()) {
      throw InputError(fmt::format("the param `{}` has {} entries; {} were given", r.name, r.size(),
                                   out[i].size()));
    }
  }
  return std::make_shared<const ParamValues>(std::move(out));
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

ParamValues initial_params(const BoundProgram& program, std::uint64_t seed) {
  ParamValues out;
  for (std::size_t i = 0; i < program.params.size(); ++i)
    out.push_back(first_value(program, i, seed));
  return out;
}

std::vector<Birth> lane_births(const BoundProgram& program, std::span<const Birth> births, int lanes) {
  if (births.size() != static_cast<std::size_t>(lanes))
    throw InputError(fmt::format("{} lanes need as many births, not {}", lanes, births.size()));
  std::vector<Birth> out(births.begin(), births.end());
  for (std::size_t lane = 0; lane < out.size(); ++lane) {
    const bool as_before = lane > 0 && births[lane].params && births[lane].params == births[lane - 1].params;
    out[lane].params = as_before ? out[lane - 1].params : complete(program, births[lane]);
  }
  return out;
}

std::vector<Birth> lane_births(const BoundProgram& program, const MachineOptions& options) {
  if (options.lanes < 1)
    throw InputError(fmt::format("a machine needs at least one lane, not {}", options.lanes));
  if (!options.births.empty()) return lane_births(program, options.births, options.lanes);
  const auto lanes = static_cast<std::size_t>(options.lanes);
  if (!options.lifetimes.empty() && options.lifetimes.size() != lanes) {
    throw InputError(fmt::format("{} lanes need as many lifetimes, not {}", options.lanes, options.lifetimes.size()));
  }
  const auto params = complete(program, {options.seed, 0, std::make_shared<ParamValues>(options.params)});
  std::vector<Birth> births;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const auto lifetime = options.lifetimes.empty() ? static_cast<std::uint32_t>(lane) : options.lifetimes[lane];
    births.push_back({options.seed, lifetime, params});
  }
  return births;
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
