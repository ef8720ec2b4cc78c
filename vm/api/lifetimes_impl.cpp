#include "vm/api/lifetimes_impl.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace mlz {
namespace {

using Birth = vm::BoundRegister::Birth;

vm::RegisterId param_id(const vm::BoundProgram& p, const std::string& name, std::size_t& index) {
  for (index = 0; index < p.params.size(); ++index) {
    if (p.registers[p.params[index].id].name == name) return p.params[index].id;
  }
  std::vector<std::string> known;
  for (const auto& param : p.params) known.push_back(p.registers[param.id].name);
  const std::string near = closest(name, known);
  throw std::invalid_argument(fmt::format("the program has no param `{}`{}", name,
                                          near.empty() ? "" : fmt::format("; did you mean `{}`?", near)));
}

std::vector<std::vector<double>> replaced(const vm::BoundProgram& p, std::vector<std::vector<double>> values,
                                          const Params& given) {
  for (const auto& [name, entries] : given) {
    std::size_t index = 0;
    const vm::BoundRegister& r = p.registers[param_id(p, name, index)];
    if (static_cast<std::int64_t>(entries.size()) != r.size()) {
      throw std::invalid_argument(fmt::format("the param `{}` has {} entries; {} were given", name, r.size(), entries.size()));
    }
    values[index] = entries;
  }
  return values;
}

std::vector<std::vector<double>> first_params(const vm::BoundProgram& p, const StartOptions& options) {
  try {
    return replaced(p, vm::initial_params(p, options.seed), options.params);
  } catch (const std::invalid_argument& e) {
    throw InputError(e.what());
  }
}

vm::MachineOptions machine_options(const StartOptions& options, const std::vector<std::vector<double>>& params) {
  vm::MachineOptions out;
  out.dtype = options.dtype == DType::f64 ? vm::DType::f64 : vm::DType::f32;
  out.lanes = options.lifetimes;
  out.seed = options.seed;
  out.lifetimes = options.indices;
  out.params = params;
  out.blas = options.blas;
  return out;
}

}  // namespace

Port::Port(const vm::BoundProgram& program, Role role) : id(program.with_role(role)) {
  if (exists()) entries = static_cast<std::size_t>(program.registers[id].size());
}

Lifetimes::Impl::Impl(const BoundProgram& p, const StartOptions& options)
    : program(p),
      dtype(options.dtype),
      x(bound(), Role::x),
      y(bound(), Role::y),
      target(bound(), Role::target) {
  const auto first = first_params(bound(), options);
  machine = vm::make_machine(options.engine, bound(), machine_options(options, first));
  const auto lifetimes = static_cast<std::size_t>(options.lifetimes);
  params.assign(lifetimes, first);
  const std::size_t answers = lifetimes * (y.exists() ? y.entries : 1);
  y64.resize(answers);
  y32.resize(answers);
  zero64.resize(target.entries);
  zero32.resize(target.entries);
}

void Lifetimes::Impl::need_birth(const char* call) const {
  if (!born) throw std::logic_error(fmt::format("{} before setup(); call setup() first", call));
}

void Lifetimes::Impl::need_size(const Port& port, std::size_t given, const char* call, const char* what) const {
  const std::size_t all = port.entries * static_cast<std::size_t>(count());
  if (!port.exists() || given == port.entries || given == all) return;
  throw std::invalid_argument(fmt::format("{}: {} numbers for {}; the program takes {}{}", call, given, what, port.entries,
                                          count() == 1 ? "" : fmt::format(", or {} for all lifetimes", all)));
}

void Lifetimes::Impl::need_lifetime(int lifetime) const {
  if (lifetime >= 0 && lifetime < count()) return;
  throw std::invalid_argument(fmt::format("there is no lifetime {}; they are numbered 0 to {}", lifetime, count() - 1));
}

vm::RegisterId Lifetimes::Impl::id_of(std::string_view name) const {
  const auto found = bound().by_name.find(std::string(name));
  if (found != bound().by_name.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [other, id] : bound().by_name) known.push_back(other);
  const std::string near = closest(name, known);
  throw std::invalid_argument(fmt::format("the program has no register `{}`{}", name,
                                          near.empty() ? "" : fmt::format("; did you mean `{}`?", near)));
}

vm::RegisterId Lifetimes::Impl::readable(std::string_view name, int lifetime) const {
  need_lifetime(lifetime);
  const vm::RegisterId id = id_of(name);
  const vm::BoundRegister& r = bound().registers[id];
  if (r.observed || r.birth == Birth::param) return id;
  throw std::invalid_argument(fmt::format("`{}` cannot be read: name it in BindOptions::observe", name));
}

vm::RegisterId Lifetimes::Impl::writable(std::string_view name, int lifetime) const {
  need_lifetime(lifetime);
  const vm::RegisterId id = id_of(name);
  if (bound().registers[id].birth != Birth::param) return id;
  throw std::invalid_argument(fmt::format("`{}` is a param, the same for a whole life; use set_params()", name));
}

void Lifetimes::Impl::need_entries(vm::RegisterId id, std::size_t given) const {
  const vm::BoundRegister& r = bound().registers[id];
  if (static_cast<std::int64_t>(given) == r.size()) return;
  throw std::invalid_argument(fmt::format("`{}` has {} entries, not {}", r.name, r.size(), given));
}

/// The machine has the params it was made with; those set since then, and what starts as them, are written over.
void Lifetimes::Impl::give_params() {
  for (int lane = 0; lane < count(); ++lane) {
    const auto& values = params[static_cast<std::size_t>(lane)];
    std::vector<std::span<const double>> by_id(bound().registers.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      by_id[bound().params[i].id] = values[i];
      machine->write(bound().params[i].id, lane, std::span<const double>(values[i]));
    }
    for (vm::RegisterId id = 0; id < bound().registers.size(); ++id) {
      const vm::BoundRegister& r = bound().registers[id];
      if (r.birth == Birth::copy) machine->write(id, lane, by_id[r.copy_of]);
    }
  }
}

void Lifetimes::Impl::setup() {
  machine->reset();
  if (!bound().params.empty()) give_params();
  machine->run(Function::setup);
  born = true;
}

std::vector<std::vector<double>> Lifetimes::Impl::changed_params(const Params& given, int lifetime) const {
  need_lifetime(lifetime);
  return replaced(bound(), params[static_cast<std::size_t>(lifetime)], given);
}

Params Lifetimes::Impl::params_of(int lifetime) const {
  need_lifetime(lifetime);
  Params out;
  for (std::size_t i = 0; i < bound().params.size(); ++i) {
    out[bound().registers[bound().params[i].id].name] = params[static_cast<std::size_t>(lifetime)][i];
  }
  return out;
}

}  // namespace mlz
