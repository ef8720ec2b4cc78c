#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "vm/cuda/engine.hpp"
#include "vm/cuda/memory.hpp"
#include "vm/machine_setup.hpp"
#include "vm/subnormals.hpp"

namespace mlz::vm {
namespace cuda {
namespace {

std::string_view engine_name(Factors factors) {
  return factors == Factors::tf32 ? "cuda-tf32" : factors == Factors::bf16 ? "cuda-bf16" : "cuda";
}

template <class T>
class Engine final : public CudaMachine {
 public:
  Engine(const BoundProgram& program, const MachineOptions& options, std::unique_ptr<Device> device,
         const Tuning& tuning)
      : program_(program),
        options_(options),
        tuning_(tuning),
        births_(lane_births(program, options)),
        optimised_(options.optimise ? optimise(program, dtype()) : unoptimised(program, dtype())),
        device_(std::move(device)),
        state_memory_(*device_, sizeof(DrawState)),
        keys_memory_(*device_, births_.size() * sizeof(LaneKey)) {
    options_.lanes = lanes();
    reset();
  }

  std::string_view engine() const override { return engine_name(options_.factors); }
  DType dtype() const override { return std::is_same_v<T, double> ? DType::f64 : DType::f32; }
  int lanes() const override { return static_cast<int>(births_.size()); }
  const BoundProgram& program() const override { return program_; }
  const Device& device() const override { return *device_; }
  const CudaPlan& plan() const override { return *plan_; }

  void reset() override {
    std::ranges::fill(state_.runs, 0u);
    send_state();
    send_keys();
    fixed_is_old_ = true;
    if (const std::vector<char> apart = params_apart(); !plan_ || apart != apart_) {
      apart_ = apart;
      build();
    } else {
      registers_->zero();
    }
    begin_lives();
  }

  void set_births(std::span<const Birth> births) override { births_ = lane_births(program_, births, lanes()); }

  void run(Function function) override {
    before(function);
    run_code(static_cast<std::size_t>(function));
    ++state_.runs[static_cast<std::size_t>(function)];
  }

  std::vector<float> time(Function function) override {
    before(function);
    registers_->changed();
    ++state_.runs[static_cast<std::size_t>(function)];
    return device_->time(sequence_[static_cast<std::size_t>(function)]);
  }

  void read(RegisterId id, int lane, std::span<double> out) const override { read_as(id, lane, out); }
  void read(RegisterId id, int lane, std::span<float> out) const override { read_as(id, lane, out); }
  void write(RegisterId id, int lane, std::span<const double> in) override { write_as(id, lane, in); }
  void write(RegisterId id, int lane, std::span<const float> in) override { write_as(id, lane, in); }

  void set_runs(Function function, std::uint64_t runs) override {
    state_.runs[static_cast<std::size_t>(function)] = runs;
    send_state();
  }

  Snapshot save() const override {
    const std::vector<T> saved = registers_->save(optimised_.kept);
    Snapshot snapshot;
    const auto bytes = std::as_bytes(std::span(saved));
    snapshot.memory.assign(bytes.begin(), bytes.end());
    std::ranges::copy(state_.runs, snapshot.runs.begin());
    return snapshot;
  }

  void restore(const Snapshot& snapshot) override {
    const std::size_t entries = Registers<T>::saved_entries(program(), plan_->layout, optimised_.kept);
    if (snapshot.memory.size() != entries * sizeof(T)) {
      throw std::logic_error("this snapshot was saved by a machine of another program or with other lanes");
    }
    std::vector<T> saved(entries);
    std::memcpy(saved.data(), snapshot.memory.data(), snapshot.memory.size());
    if (!registers_->fits(optimised_.kept, saved)) unshare();
    registers_->restore(optimised_.kept, saved);
    std::ranges::copy(snapshot.runs, state_.runs);
    send_state();
    fixed_is_old_ = true;
  }

  void set_draw_stream(std::uint32_t stream) override {
    state_.stream = stream;
    send_state();
  }

 private:
  BoundProgram program_;
  MachineOptions options_;
  Tuning tuning_;
  std::vector<Birth> births_;
  Optimised optimised_;
  std::unique_ptr<Device> device_;
  Allocation state_memory_, keys_memory_;
  std::vector<char> apart_;  // by register: whether lanes were born with values of their own
  std::unique_ptr<CudaPlan> plan_;
  std::unique_ptr<Registers<T>> registers_;
  std::array<int, 4> sequence_{};
  DrawState state_;  // as on the device
  bool fixed_is_old_ = true;

  /// Plans, and makes room. The values of registers are lost.
  void build() {
    plan_ = std::make_unique<CudaPlan>(make_plan(optimised_, options_, tuning_, apart_));
    registers_.reset();
    registers_ = std::make_unique<Registers<T>>(*device_, optimised_.program, plan_->layout);
    device_->clear();
    device_->begin({std::is_same_v<T, double>, options_.factors == Factors::tf32, registers_->data(),
                    state_memory_.template as<DrawState>(), keys_memory_.template as<LaneKey>()});
    for (std::size_t f = 0; f < sequence_.size(); ++f) sequence_[f] = device_->add(plan_->code[f]);
  }

  /// Gives every lane its own copy of all registers.
  void unshare() {
    const std::vector<T> saved = registers_->save(optimised_.kept);
    tuning_.share = false;
    build();
    begin_lives();
    registers_->restore(optimised_.kept, saved);
    fixed_is_old_ = true;
  }

  void send_state() { device_->upload(state_memory_.template as<void>(), &state_, sizeof(DrawState)); }

  void send_keys() {
    std::vector<LaneKey> keys;
    for (const Birth& birth : births_) keys.push_back({birth.seed, birth.lifetime});
    device_->upload(keys_memory_.template as<void>(), keys.data(), keys.size() * sizeof(LaneKey));
  }

  /// By register: whether it starts as a param that is not the same in all lanes.
  std::vector<char> params_apart() const {
    const std::vector<BoundRegister>& registers = optimised_.program.registers;
    std::vector<char> apart(registers.size(), 0);
    for (std::size_t k = 0; k < program_.params.size(); ++k) {
      const auto differs = [&](const Birth& birth) {
        return birth.params != births_[0].params && (*birth.params)[k] != (*births_[0].params)[k];
      };
      apart[program_.params[k].id] = std::ranges::any_of(births_, differs);
    }
    for (RegisterId id = 0; id < registers.size(); ++id) {
      if (registers[id].birth == BoundRegister::Birth::copy) apart[id] = apart[registers[id].copy_of];
    }
    return apart;
  }

  void begin_lives() {
    const std::vector<BoundRegister>& registers = optimised_.program.registers;
    for (RegisterId id = 0; id < registers.size(); ++id) {
      const BoundRegister& r = registers[id];
      if (plan_->layout.offset[id] == kNowhere) continue;
      if (r.birth == BoundRegister::Birth::param) start_as_param(id, id);
      if (r.birth == BoundRegister::Birth::copy && optimised_.kept[id] != 0) start_as_param(id, r.copy_of);
      if (r.birth == BoundRegister::Birth::constant)
        registers_->fill(id, std::vector<T>(static_cast<std::size_t>(r.size()), static_cast<T>(r.constant)));
    }
    registers_->flush();
  }

  void start_as_param(RegisterId id, RegisterId param) {
    const auto found = std::ranges::find(program_.params, param, &BoundProgram::Param::id);
    const auto k = static_cast<std::size_t>(found - program_.params.begin());
    const auto values = [&](int lane) {
      const std::vector<double>& from = (*births_[static_cast<std::size_t>(lane)].params)[k];
      return std::vector<T>(from.begin(), from.end());
    };
    if (apart_[id] == 0) return registers_->fill(id, values(0));
    for (int lane = 0; lane < lanes(); ++lane) registers_->write(id, lane, values(lane));
  }

  void before(Function function) {
    registers_->flush();
    if (function == Function::setup) {
      fixed_is_old_ = true;
    } else if (fixed_is_old_) {
      run_code(dense::kFixed);
      fixed_is_old_ = false;
    }
  }

  void run_code(std::size_t f) {
    registers_->changed();
    const SubnormalsAsZero guard(std::is_same_v<T, float>);  // for loops on the processor
    try {
      device_->run(sequence_[f]);
    } catch (const DeviceError& e) {
      throw std::runtime_error(fmt::format("cuda: {}{}", e.what(), place_of(f, e.launch)));
    }
  }

  /// " in `a = b + c`, line 3 of Predict"
  std::string place_of(std::size_t f, int launch) const {
    if (launch < 0 || static_cast<std::size_t>(launch) >= plan_->code[f].size()) return {};
    const std::uint32_t line = plan_->code[f][static_cast<std::size_t>(launch)].line;
    if (line >= program_.lines.size()) return {};
    return fmt::format(" in `{}` of {}", program_.lines[line].text, function_name(program_.lines[line].function));
  }

  template <class To>
  void read_as(RegisterId id, int lane, std::span<To> out) const {
    check_read(*this, id, lane, out.size());
    const std::vector<T> values = registers_->read(id, lane);
    std::ranges::transform(values, out.begin(), [](T v) { return static_cast<To>(v); });
  }

  template <class From>
  void write_as(RegisterId id, int lane, std::span<const From> in) {
    check_write(*this, id, lane, in.size());
    if (optimised_.kept[id] == 0) return;
    std::vector<T> values(in.size());
    std::ranges::transform(in, values.begin(), [](From v) { return static_cast<T>(v); });
    if (plan_->layout.shared[id] != 0) {
      const std::vector<T> now = registers_->read(id, lane);
      if (std::memcmp(now.data(), values.data(), values.size() * sizeof(T)) == 0) return;
      unshare();
    }
    if (optimised_.feeds_fixed[id] != 0 || plan_->rounded_once[id] != 0) fixed_is_old_ = true;
    registers_->write(id, lane, std::move(values));
  }
};

}  // namespace

std::unique_ptr<CudaMachine> make_machine(const BoundProgram& program, const MachineOptions& options,
                                          std::unique_ptr<Device> device, const Tuning& tuning) {
  if (options.dtype == DType::f64) return std::make_unique<Engine<double>>(program, options, std::move(device), tuning);
  return std::make_unique<Engine<float>>(program, options, std::move(device), tuning);
}

}  // namespace cuda

std::unique_ptr<Machine> make_cuda(const BoundProgram& program, const MachineOptions& options) {
  return cuda::make_machine(program, options, cuda::open_gpu());
}

bool has_gpu() {
  static const bool found = [] {
    try {
      return cuda::open_gpu() != nullptr;
    } catch (const InputError&) {
      return false;
    }
  }();
  return found;
}

}  // namespace mlz::vm
