#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "vm/api/lifetimes_impl.hpp"
#include "vm/cost.hpp"
#include "vm/model.hpp"
#include "vm/program_file.hpp"

namespace mlz {
namespace {

Register describe(const vm::BoundRegister& r) {
  using Birth = vm::BoundRegister::Birth;
  const bool param = r.birth == Birth::param;
  return {r.name, static_cast<int>(r.kind), r.rows, r.cols, param, param || r.observed};
}

std::optional<Register> with_role(const vm::BoundProgram& p, Role role) {
  const vm::RegisterId id = p.with_role(role);
  if (id == vm::kNoRegister) return {};
  return describe(p.registers[id]);
}

/// Of 8 bytes, those that an engine takes for an entry. Each may be a factor that is stored in bf16 besides.
double share_of_bytes(const StartOptions& options) {
  if (options.dtype == DType::f64) return 1;
  const auto is_bf16 = [&](const vm::EngineInfo& e) {
    return e.name == options.engine && e.factors == vm::Factors::bf16;
  };
  return std::ranges::any_of(vm::engines(), is_bf16) ? 0.75 : 0.5;
}

/// Where the options ask for more than allowed; empty otherwise.
std::string excess_bytes(const vm::BoundProgram& p, const StartOptions& options) {
  const double each = static_cast<double>(p.bytes_f64) * share_of_bytes(options);
  const double all = each * options.lifetimes;
  if (all <= static_cast<double>(options.max_bytes)) return {};
  return fmt::format("{} lifetimes need {:.0f} bytes for their registers; {} are allowed", options.lifetimes, all,
                     options.max_bytes);
}

}  // namespace

const char* version() { return MLZ_VERSION; }

std::vector<std::string> engine_names(DType dtype) {
  std::vector<std::string> out;
  for (const vm::EngineInfo& e : vm::engines()) {
    if (!e.has(dtype == DType::f64 ? vm::DType::f64 : vm::DType::f32)) continue;
    if (e.usable == nullptr || e.usable()) out.emplace_back(e.name);
  }
  return out;
}

std::string excess_operations(const vm::BoundProgram& program, double limit) {
  for (const Function f : kFunctions) {
    const double needed = vm::operations(program, f);
    if (needed <= limit) continue;
    return fmt::format("one call of {} takes {:.3g} arithmetic operations; {:.3g} are allowed", function_name(f), needed,
                       limit);
  }
  return {};
}

Result<BoundProgram> BoundProgram::load(std::span<const unsigned char> bytes, const LoadLimits& limits) {
  try {
    auto impl = std::make_shared<Impl>();
    impl->program = vm::read_program(bytes, {limits.max_bytes, limits.max_instructions});
    const std::string excess = excess_operations(impl->program, limits.max_operations);
    if (!excess.empty()) return failed<BoundProgram>(excess);
    return BoundProgram(std::move(impl));
  } catch (const InputError& e) {
    return failed<BoundProgram>(e.what());
  }
}

std::vector<unsigned char> BoundProgram::to_bytes() const { return vm::write_program(impl_->program); }

std::vector<Register> BoundProgram::registers() const {
  std::vector<Register> out;
  for (const vm::BoundRegister& r : impl_->program.registers) {
    if (r.birth != vm::BoundRegister::Birth::constant) out.push_back(describe(r));
  }
  return out;
}

std::optional<Register> BoundProgram::find(std::string_view name) const {
  const auto found = impl_->program.by_name.find(std::string(name));
  if (found == impl_->program.by_name.end()) return {};
  return describe(impl_->program.registers[found->second]);
}

std::optional<Register> BoundProgram::x() const { return with_role(impl_->program, Role::x); }
std::optional<Register> BoundProgram::y() const { return with_role(impl_->program, Role::y); }
std::optional<Register> BoundProgram::target() const { return with_role(impl_->program, Role::target); }
std::int64_t BoundProgram::batch() const { return impl_->program.batch; }
std::int64_t BoundProgram::bytes() const { return impl_->program.bytes_f64; }

std::int64_t BoundProgram::instructions() const {
  std::int64_t live = 0;
  for (const auto& code : impl_->program.code) {
    live += std::count_if(code.begin(), code.end(), [](const vm::BoundInstruction& i) { return i.live; });
  }
  return live;
}

double BoundProgram::operations_per_step() const {
  return vm::operations(impl_->program, Function::predict) + vm::operations(impl_->program, Function::learn);
}

Params BoundProgram::initial_params(std::uint64_t seed) const {
  Params out;
  const auto values = vm::initial_params(impl_->program, seed);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[impl_->program.registers[impl_->program.params[i].id].name] = values[i];
  }
  return out;
}

Result<Model> BoundProgram::read_model(std::span<const unsigned char> safetensors, const std::string& name) const {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(safetensors.data()), safetensors.size());
    const vm::BoundProgram& program = impl_->program;
    vm::Model found = vm::take_model(vm::from_safetensors(bytes, name), name, program);
    Model model;
    for (std::size_t i = 0; i < found.params.size(); ++i) {
      model.params[program.registers[program.params[i].id].name] = std::move(found.params[i]);
    }
    for (auto& [id, values] : found.state) model.state[program.registers[id].name] = std::move(values);
    return model;
  } catch (const InputError& e) {
    return failed<Model>(e.what());
  } catch (const std::bad_alloc&) {
    return failed<Model>("there is not enough memory for what the file holds");
  }
}

Result<Lifetimes> BoundProgram::start(const StartOptions& options) const {
  try {
    if (options.lifetimes < 1) throw InputError(fmt::format("at least one lifetime is needed, not {}", options.lifetimes));
    const std::string excess = excess_bytes(impl_->program, options);
    if (!excess.empty()) throw InputError(excess);
    return Lifetimes(std::make_unique<Lifetimes::Impl>(*this, options));
  } catch (const InputError& e) {
    return failed<Lifetimes>(e.what());
  } catch (const std::bad_alloc&) {
    return failed<Lifetimes>("there is not enough memory for these lifetimes");
  }
}

}  // namespace mlz
