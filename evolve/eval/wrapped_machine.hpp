#pragma once
#include <memory>

#include "vm/machine.hpp"

namespace mlz::eval {

/// A machine that does what another one does; those that watch a lifetime add to it.
class WrappedMachine : public vm::Machine {
 public:
  explicit WrappedMachine(std::unique_ptr<vm::Machine> inner) : inner_(std::move(inner)) {}

  std::string_view engine() const override { return inner_->engine(); }
  vm::DType dtype() const override { return inner_->dtype(); }
  int lanes() const override { return inner_->lanes(); }
  const vm::BoundProgram& program() const override { return inner_->program(); }
  void reset() override { inner_->reset(); }
  void set_births(std::span<const vm::Birth> births) override { inner_->set_births(births); }
  void run(Function function) override { inner_->run(function); }
  void read(vm::RegisterId id, int lane, std::span<double> out) const override { inner_->read(id, lane, out); }
  void write(vm::RegisterId id, int lane, std::span<const double> in) override { inner_->write(id, lane, in); }
  void read(vm::RegisterId id, int lane, std::span<float> out) const override { inner_->read(id, lane, out); }
  void write(vm::RegisterId id, int lane, std::span<const float> in) override { inner_->write(id, lane, in); }
  void set_runs(Function function, std::uint64_t runs) override { inner_->set_runs(function, runs); }
  vm::Snapshot save() const override { return inner_->save(); }
  void restore(const vm::Snapshot& snapshot) override { inner_->restore(snapshot); }
  void set_draw_stream(std::uint32_t stream) override {
    stream_ = stream;
    inner_->set_draw_stream(stream);
  }

 protected:
  vm::Machine& inner() { return *inner_; }
  /// Whether it is the lifetime itself that runs, not a test on a copy of its memory.
  bool is_life() const { return stream_ == 0; }

 private:
  std::unique_ptr<vm::Machine> inner_;
  std::uint32_t stream_ = 0;
};

}  // namespace mlz::eval
