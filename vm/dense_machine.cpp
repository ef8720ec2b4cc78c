#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

#include "vm/dense.hpp"
#include "vm/dense_entry.hpp"
#include "vm/machine_setup.hpp"
#include "vm/subnormals.hpp"

namespace mlz::vm {
namespace dense {
namespace {

/// Entries that begin a cache line, with one line more behind them, which kernels may read.
template <class T>
class Memory {
 public:
  explicit Memory(std::int64_t size) : size_(static_cast<std::size_t>(size)) {
    constexpr std::size_t line = 64;
    data_.reset(static_cast<T*>(::operator new (bytes() + line, std::align_val_t{line})));
    std::memset(static_cast<void*>(data_.get()), 0, bytes() + line);
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::size_t size_;
  std::unique_ptr<T, Free> data_;
};

template <class T>
class DenseMachine final : public Machine {
 public:
  DenseMachine(const BoundProgram& program, const MachineOptions& options, const Tuning& tuning)
      : program_(program),
        births_(lane_births(program, options)),
        optimised_(options.optimise ? optimise(program, dtype()) : unoptimised(program, dtype())),
        code_(make_code<T>(optimised_, plan_of(optimised_, options, tuning), options.blas,
                           tuning)),
        memory_(code_.lane_entries * options.lanes),
        tiles_(code_.tile_entries),
        draws_(std::is_same_v<T, double> ? 0 : code_.draw_entries),
        held_(births_.size()) {
    find_blank();
    reset();
  }

  std::string_view engine() const override { return "dense"; }
  DType dtype() const override { return std::is_same_v<T, double> ? DType::f64 : DType::f32; }
  int lanes() const override { return static_cast<int>(births_.size()); }
  const BoundProgram& program() const override { return program_; }

  void reset() override {
    runs_ = {};
    fixed_is_old_ = true;
    for (int lane = 0; lane < lanes(); ++lane) begin_life(lane);
  }

  void set_births(std::span<const Birth> births) override { births_ = lane_births(program_, births, lanes()); }

  void run(Function function) override {
    const SubnormalsAsZero guard(std::is_same_v<T, float>);
    if (function == Function::setup) {
      fixed_is_old_ = true;
    } else if (fixed_is_old_) {
      run(code_.entries[kFixed], 0);
      fixed_is_old_ = false;
    }
    const auto f = static_cast<std::size_t>(function);
    run(code_.entries[f], runs_[f]++);
  }

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

  Snapshot save() const override {
    Snapshot snapshot;
    snapshot.memory.resize(memory_.bytes());
    std::memcpy(snapshot.memory.data(), memory_.data(), memory_.bytes());
    snapshot.runs = runs_;
    return snapshot;
  }

  void restore(const Snapshot& snapshot) override {
    if (snapshot.memory.size() != memory_.bytes()) {
      throw std::logic_error(
          "this snapshot was saved by a machine of another program or with other lanes");
    }
    std::memcpy(memory_.data(), snapshot.memory.data(), memory_.bytes());
    runs_ = snapshot.runs;
    fixed_is_old_ = true;
    std::ranges::fill(held_, nullptr);
  }

  void set_draw_stream(std::uint32_t stream) override { key_.stream = stream; }

 private:
  BoundProgram program_;
  std::vector<Birth> births_;
  Optimised optimised_;
  Code<T> code_;
  Memory<T> memory_, tiles_;
  Memory<double> draws_;
  std::array<std::uint64_t, 3> runs_{};
  struct Part {
    std::int64_t first, count;
  };
  std::vector<Part> blank_;  ///< of a lane: all but params that nothing writes to
  std::vector<char> stays_;  ///< by param: whether nothing writes to it
  std::vector<std::shared_ptr<const ParamValues>> held_;  ///< by lane: whose values are in the params that stay
  bool fixed_is_old_ = true;  // the results of Optimised::fixed
  DrawKey key_;

  void run(const std::vector<Entry<T>>& entries, std::uint64_t runs) {
    Frame<T> frame{nullptr,    tiles_.data(),       draws_.data(), code_.kernels,
                   code_.blas, code_.chains.data(), key_,          runs};
    for (int lane = 0; lane < lanes(); ++lane) {
      frame.memory = memory_of(lane);
      frame.key.seed = births_[static_cast<std::size_t>(lane)].seed;
      frame.key.lifetime = births_[static_cast<std::size_t>(lane)].lifetime;
      for (const Entry<T>& entry : entries) entry.run(entry, frame);
    }
  }

  T* memory_of(int lane) { return memory_.data() + lane * code_.lane_entries; }
  T* entries(RegisterId id, int lane) { return memory_of(lane) + code_.offset[id]; }
  const T* entries(RegisterId id, int lane) const {
    return memory_.data() + lane * code_.lane_entries + code_.offset[id];
  }

  /// Params keep their values from life to life where they have room of their own; programs cannot write to them.
  void find_blank() {
    std::vector<std::pair<std::int64_t, RegisterId>> places;
    for (RegisterId id = 0; id < code_.offset.size(); ++id) {
      if (code_.offset[id] != kNowhere) places.emplace_back(code_.offset[id], id);
    }
    std::ranges::sort(places);
    std::vector<char> alone(code_.offset.size(), 1);
    std::int64_t end = 0;  // of all registers before, of which `last` reaches furthest
    RegisterId last = kNoRegister;
    for (const auto& [offset, id] : places) {
      if (last != kNoRegister && offset < end) alone[id] = alone[last] = 0;
      const std::int64_t its_end = offset + optimised_.program.registers[id].size();
      if (its_end > end) {
        end = its_end;
        last = id;
      }
    }
    std::vector<Part> staying;
    for (const BoundProgram::Param& p : program_.params) {
      stays_.push_back(code_.offset[p.id] != kNowhere && alone[p.id] != 0);
      if (stays_.back() != 0) staying.push_back({code_.offset[p.id], program_.registers[p.id].size()});
    }
    std::ranges::sort(staying, {}, &Part::first);
    std::int64_t at = 0;
    for (const Part& part : staying) {
      blank_.push_back({at, part.first - at});
      at = part.first + part.count;
    }
    blank_.push_back({at, code_.lane_entries - at});
  }

  void begin_life(int lane) {
    const auto convert = [](double v) { return static_cast<T>(v); };
    const auto& params = births_[static_cast<std::size_t>(lane)].params;
    auto& held = held_[static_cast<std::size_t>(lane)];
    for (const Part& part : blank_) std::fill_n(memory_of(lane) + part.first, part.count, T(0));
    for (std::size_t i = 0; i < params->size(); ++i) {
      if (stays_[i] != 0 && held == params) continue;
      std::ranges::transform((*params)[i], entries(program_.params[i].id, lane), convert);
    }
    held = params;
    const std::vector<BoundRegister>& registers = optimised_.program.registers;
    for (RegisterId id = 0; id < registers.size(); ++id) {
      const BoundRegister& r = registers[id];
      if (r.birth == BoundRegister::Birth::constant)
        std::fill_n(entries(id, lane), r.size(), convert(r.constant));
      if (r.birth == BoundRegister::Birth::copy && optimised_.kept[id] != 0)
        std::copy_n(entries(r.copy_of, lane), r.size(), entries(id, lane));
    }
  }

  template <class To>
  void read_as(RegisterId id, int lane, std::span<To> out) const {
    check_read(*this, id, lane, out.size());
    std::transform(entries(id, lane), entries(id, lane) + out.size(), out.begin(),
                   [](T v) { return static_cast<To>(v); });
  }

  template <class From>
  void write_as(RegisterId id, int lane, std::span<const From> in) {
    check_write(*this, id, lane, in.size());
    if (optimised_.kept[id] == 0) return;
    if (program_.registers[id].birth == BoundRegister::Birth::param) held_[static_cast<std::size_t>(lane)] = nullptr;
    if (optimised_.feeds_fixed[id] != 0) fixed_is_old_ = true;
    std::transform(in.begin(), in.end(), entries(id, lane),
                   [](From v) { return static_cast<T>(v); });
  }
};

}  // namespace
}  // namespace dense

std::unique_ptr<Machine> make_dense(const BoundProgram& program, const MachineOptions& options,
                                    const dense::Tuning& tuning) {
  if (options.dtype == DType::f64)
    return std::make_unique<dense::DenseMachine<double>>(program, options, tuning);
  return std::make_unique<dense::DenseMachine<float>>(program, options, tuning);
}

std::unique_ptr<Machine> make_dense(const BoundProgram& program, const MachineOptions& options) {
  return make_dense(program, options, {});
}

}  // namespace mlz::vm
