#pragma once
#include <memory>
#include <optional>
#include <string>

#include "vm/machine.hpp"

namespace mlz::eval {

/// Where a NaN or an infinity first appeared in a register.
struct FirstNonFinite {
  Function function = Function::setup;
  std::int64_t run = 0;  ///< which run of that function, from 1
  vm::BoundLine line;
  std::string register_name;
  double value = 0;  ///< the first entry that is not finite
  bool assigned = false;  ///< handed in from outside, not computed; `line` is then empty

  std::string text() const;  ///< in words, for people
};

/// A machine on the reference engine that looks at every register after every function. Much slower than a plain one;
/// results are the same. The program must be bound with Observe::all.
class TracingMachine : public vm::Machine {
 public:
  TracingMachine(const vm::BoundProgram& program, const vm::MachineOptions& options);

  /// The first time that a register took a value that is not finite in the lifetime's own draws.
  const std::optional<FirstNonFinite>& found() const { return found_; }

  std::string_view engine() const override { return inner_->engine(); }
  vm::DType dtype() const override { return inner_->dtype(); }
  int lanes() const override { return inner_->lanes(); }
  const vm::BoundProgram& program() const override { return program_; }
  void reset() override;
  void run(Function function) override;
  void read(vm::RegisterId id, int lane, std::span<double> out) const override { inner_->read(id, lane, out); }
  void write(vm::RegisterId id, int lane, std::span<const double> in) override { inner_->write(id, lane, in); }
  void read(vm::RegisterId id, int lane, std::span<float> out) const override { inner_->read(id, lane, out); }
  void write(vm::RegisterId id, int lane, std::span<const float> in) override { inner_->write(id, lane, in); }
  vm::Snapshot save() const override { return inner_->save(); }
  void restore(const vm::Snapshot& snapshot) override { inner_->restore(snapshot); }
  void set_draw_stream(std::uint32_t stream) override;

 private:
  std::optional<double> bad_entry(const vm::Machine& machine, vm::RegisterId id) const;
  bool any_bad() const;
  void locate(Function function, const vm::Snapshot& before);

  vm::BoundProgram program_;
  vm::MachineOptions options_;
  std::unique_ptr<vm::Machine> inner_;
  std::array<std::int64_t, 3> runs_{};
  std::uint32_t stream_ = 0;
  std::optional<FirstNonFinite> found_;
};

}  // namespace mlz::eval
