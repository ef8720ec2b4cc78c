#pragma once
#include <functional>

#include "lang/core/draws.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// The oracle: f64, one instruction and one lifetime at a time, every op written in the plainest
/// way.
class ReferenceMachine final : public Machine {
 public:
  ReferenceMachine(const BoundProgram& program, const MachineOptions& options);

  std::string_view engine() const override { return "reference"; }
  DType dtype() const override { return DType::f64; }
  int lanes() const override { return lanes_; }
  const BoundProgram& program() const override { return program_; }

  void reset() override;
  void set_births(std::span<const Birth> births) override;
  void run(Function function) override;
  void read(RegisterId id, int lane, std::span<double> out) const override;
  void write(RegisterId id, int lane, std::span<const double> in) override;
  void read(RegisterId id, int lane, std::span<float> out) const override;
  void write(RegisterId id, int lane, std::span<const float> in) override;
  void set_runs(Function function, std::uint64_t runs) override { runs_[static_cast<std::size_t>(function)] = runs; }
  Snapshot save() const override;
  void restore(const Snapshot& snapshot) override;
  void set_draw_stream(std::uint32_t stream) override { stream_ = stream; }

  /// Called after each live instruction for each lane with what it wrote.
  using Watch = std::function<void(const BoundInstruction&, int lane, std::span<const double>)>;
  void run(Function function, const Watch& watch);
  std::uint32_t lifetime(int lane) const { return births_[static_cast<std::size_t>(lane)].lifetime; }
  std::uint64_t runs(Function function) const { return runs_[static_cast<std::size_t>(function)]; }

 private:
  BoundProgram program_;
  int lanes_;
  std::uint32_t stream_ = kLifetimeStream;
  std::vector<Birth> births_;
  std::vector<std::size_t> offset_;  // of each register in a lane
  std::size_t lane_size_ = 0;
  std::vector<double> memory_;  // lane after lane
  std::array<std::uint64_t, 3> runs_{};

  std::span<double> values(RegisterId id, int lane);
  void step(const BoundInstruction& instruction, int lane, std::uint64_t runs);
};

std::unique_ptr<Machine> make_reference(const BoundProgram& program, const MachineOptions& options);

}  // namespace mlz::vm
