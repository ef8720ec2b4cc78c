#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "vm/lanes.hpp"
#include "vm/lanes_plan.hpp"
#include "vm/machine_setup.hpp"
#include "vm/random_ops.hpp"
#include "vm/subnormals.hpp"

namespace mlz::vm {
namespace {

template <class T>
class LanesMachine final : public Machine {
 public:
  LanesMachine(const BoundProgram& program, const MachineOptions& options, Level level)
      : program_(program),
        lanes_(options.lanes),
        births_(lane_births(program, options)),
        optimised_(options.optimise ? optimise(program, dtype()) : unoptimised(program, dtype())),
        plan_(optimised_, options.lanes, level),
        drawn_(static_cast<std::size_t>(plan_.largest_draw())) {
    reset();
  }

  std::string_view engine() const override { return "lanes"; }
  DType dtype() const override { return std::is_same_v<T, double> ? DType::f64 : DType::f32; }
  int lanes() const override { return lanes_; }
  const BoundProgram& program() const override { return program_; }

  void reset() override;
  void set_births(std::span<const Birth> births) override { births_ = lane_births(program_, births, lanes_); }
  void run(Function function) override;
  void read(RegisterId id, int lane, std::span<double> out) const override {
    read_as(id, lane, out);
  }
  void write(RegisterId id, int lane, std::span<const double> in) override {
    write_as(id, lane, in);
  }
  void read(RegisterId id, int lane, std::span<float> out) const override {
    read_as(id, lane, out);
  }
  void write(RegisterId id, int lane, std::span<const float> in) override {
    write_as(id, lane, in);
  }
  void set_runs(Function function, std::uint64_t runs) override { runs_[static_cast<std::size_t>(function)] = runs; }
  Snapshot save() const override;
  void restore(const Snapshot& snapshot) override;
  void set_draw_stream(std::uint32_t stream) override { stream_ = stream; }

 private:
  BoundProgram program_;
  int lanes_;
  std::uint32_t stream_ = kLifetimeStream;
  std::vector<Birth> births_;
  Optimised optimised_;
  lanes::Plan<T> plan_;
  std::vector<double> drawn_;
  std::array<std::uint64_t, 3> runs_{};
  bool fixed_is_old_ = true;  // the results of Optimised::fixed

  void run(const std::vector<lanes::Step<T>>& steps, std::uint64_t runs);
  void fill(RegisterId id, double value);
  void set_params();
  void draw(const BoundInstruction& i, std::uint64_t runs);
  template <class E>
  void read_as(RegisterId id, int lane, std::span<E> out) const;
  template <class E>
  void write_as(RegisterId id, int lane, std::span<const E> in);
};

template <class T>
void LanesMachine<T>::fill(RegisterId id, double value) {
  std::fill_n(plan_.at(id), optimised_.program.registers[id].size() * plan_.width(), static_cast<T>(value));
}

template <class T>
void LanesMachine<T>::reset() {
  runs_ = {};
  fixed_is_old_ = true;
  const std::vector<BoundRegister>& registers = optimised_.program.registers;
  const std::int64_t width = plan_.width();
  std::ranges::fill(plan_.registers(), T(0));
  for (RegisterId id = 0; id < registers.size(); ++id) {
    const BoundRegister& r = registers[id];
    if (r.birth == BoundRegister::Birth::constant) fill(id, r.constant);
  }
  set_params();
  for (RegisterId id = 0; id < registers.size(); ++id) {
    const BoundRegister& r = registers[id];
    if (r.birth == BoundRegister::Birth::copy && optimised_.kept[id] != 0)
      std::copy_n(plan_.at(r.copy_of), r.size() * width, plan_.at(id));
  }
}

/// Lanes beyond the last one are there to fill a cache line, and live as the first.
template <class T>
void LanesMachine<T>::set_params() {
  const std::int64_t width = plan_.width();
  for (std::int64_t lane = 0; lane < width; ++lane) {
    const ParamValues& params = *births_[lane < lanes_ ? static_cast<std::size_t>(lane) : 0].params;
    for (std::size_t p = 0; p < params.size(); ++p) {
      T* entry = plan_.at(program_.params[p].id) + lane;
      for (const double value : params[p]) {
        *entry = static_cast<T>(value);
        entry += width;
      }
    }
  }
}

template <class T>
void LanesMachine<T>::run(Function function) {
  const SubnormalsAsZero guard(std::is_same_v<T, float>);
  if (function == Function::setup) {
    fixed_is_old_ = true;
  } else if (fixed_is_old_) {
    run(plan_.fixed_steps(), 0);
    fixed_is_old_ = false;
  }
  run(plan_.steps(function), runs_[static_cast<std::size_t>(function)]++);
}

template <class T>
void LanesMachine<T>::run(const std::vector<lanes::Step<T>>& steps, std::uint64_t runs) {
  for (const lanes::Step<T>& step : steps) {
    if (step.draw != nullptr) {
      draw(*step.draw, runs);
      continue;
    }
    step.kernel(step.call);
    if (step.copy_to != nullptr) std::copy_n(step.call.out, step.copy_count, step.copy_to);
  }
}

template <class T>
void LanesMachine<T>::draw(const BoundInstruction& i, std::uint64_t runs) {
  const std::span<double> out(drawn_.data(),
                              static_cast<std::size_t>(program_.registers[i.out].size()));
  for (int lane = 0; lane < lanes_; ++lane) {
    const Birth& birth = births_[static_cast<std::size_t>(lane)];
    const DrawKey key{birth.seed, stream_, birth.lifetime, i.sampler,
                      i.draw_first + i.draw_stride * runs};
    const auto arg = [&](std::size_t k) { return static_cast<double>(plan_.at(i.in[k])[lane]); };
    const double a = arg(0), b = i.in_count > 1 ? arg(1) : 0;
    draw_numbers(i.op, key, a, b, out);
    T* entry = plan_.at(i.out) + lane;
    for (std::size_t k = 0; k < out.size(); ++k)
      entry[static_cast<std::int64_t>(k) * plan_.width()] = drawn_as<T>(i.op, out[k], a, b);
  }
}

template <class T>
template <class E>
void LanesMachine<T>::read_as(RegisterId id, int lane, std::span<E> out) const {
  check_read(*this, id, lane, out.size());
  const T* entry = plan_.at(id) + lane;
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = static_cast<E>(entry[static_cast<std::int64_t>(k) * plan_.width()]);
}

template <class T>
template <class E>
void LanesMachine<T>::write_as(RegisterId id, int lane, std::span<const E> in) {
  check_write(*this, id, lane, in.size());
  if (optimised_.kept[id] == 0) return;
  if (optimised_.feeds_fixed[id] != 0) fixed_is_old_ = true;
  T* entry = plan_.at(id) + lane;
  for (std::size_t k = 0; k < in.size(); ++k)
    entry[static_cast<std::int64_t>(k) * plan_.width()] = static_cast<T>(in[k]);
}

template <class T>
Snapshot LanesMachine<T>::save() const {
  Snapshot snapshot;
  const auto bytes = std::as_bytes(plan_.registers());
  snapshot.memory.assign(bytes.begin(), bytes.end());
  snapshot.runs = runs_;
  return snapshot;
}

template <class T>
void LanesMachine<T>::restore(const Snapshot& snapshot) {
  const auto bytes = std::as_writable_bytes(plan_.registers());
  if (snapshot.memory.size() != bytes.size()) {
    throw std::logic_error(
        "this snapshot was saved by a machine of another program or with other lanes");
  }
  std::ranges::copy(snapshot.memory, bytes.begin());
  runs_ = snapshot.runs;
  fixed_is_old_ = true;
}

template <class T>
std::string dump_as(const Optimised& optimised, const MachineOptions& options) {
  const lanes::Plan<T> plan(optimised, options.lanes, kernel_level());
  return fmt::format("# lanes, {}, {} loops, {} lifetimes\n# registers: {} bytes; {} if none shared memory\n",
                     dtype_name(options.dtype), level_name(kernel_level()), options.lanes,
                     plan.places().entries * static_cast<std::int64_t>(sizeof(T)),
                     plan.places().apart * static_cast<std::int64_t>(sizeof(T))) +
         print(optimised);
}

}  // namespace

std::string dump_lanes(const BoundProgram& program, const MachineOptions& options) {
  const Optimised optimised =
      options.optimise ? optimise(program, options.dtype) : unoptimised(program, options.dtype);
  return options.dtype == DType::f64 ? dump_as<double>(optimised, options) : dump_as<float>(optimised, options);
}

std::unique_ptr<Machine> make_lanes(const BoundProgram& program, const MachineOptions& options,
                                    std::optional<Level> level) {
  if (!level) level = kernel_level();
  if (options.dtype == DType::f32)
    return std::make_unique<LanesMachine<float>>(program, options, *level);
  return std::make_unique<LanesMachine<double>>(program, options, *level);
}

std::unique_ptr<Machine> make_lanes(const BoundProgram& program, const MachineOptions& options) {
  return make_lanes(program, options, std::nullopt);
}

}  // namespace mlz::vm
