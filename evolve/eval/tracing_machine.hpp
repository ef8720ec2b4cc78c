#pragma once
#include <memory>
#include <optional>

#include "vm/machine.hpp"
#include "vm/trace.hpp"

namespace mlz::eval {

/// A machine on the reference engine that watches every instruction for the first infinity or NaN
/// of a lifetime's own draws; tests on a copy of the memory are not watched. Results are those of
/// the plain machine. f64 only; numbers beyond `largest` are found, too.
class TracingMachine : public vm::Machine {
 public:
  TracingMachine(const vm::BoundProgram& program, const vm::MachineOptions& options,
                 double largest = std::numeric_limits<double>::max())
      : inner_(vm::make_machine("reference", program, options)), largest_(largest) {}

  const std::optional<vm::FirstNonFinite>& found() const { return found_; }

  std::string_view engine() const override { return inner_->engine(); }
  vm::DType dtype() const override { return inner_->dtype(); }
  int lanes() const override { return inner_->lanes(); }
  const vm::BoundProgram& program() const override { return inner_->program(); }
  void reset() override {
    inner_->reset();
    found_.reset();
  }
  void set_births(std::span<const vm::Birth> births) override { inner_->set_births(births); }
  void run(Function function) override {
    if (found_ || stream_ != 0) {
      inner_->run(function);
    } else {
      found_ = vm::run_traced(*inner_, function, largest_);
    }
  }
  void read(vm::RegisterId id, int lane, std::span<double> out) const override {
    inner_->read(id, lane, out);
  }
  void write(vm::RegisterId id, int lane, std::span<const double> in) override {
    inner_->write(id, lane, in);
  }
  void read(vm::RegisterId id, int lane, std::span<float> out) const override {
    inner_->read(id, lane, out);
  }
  void write(vm::RegisterId id, int lane, std::span<const float> in) override {
    inner_->write(id, lane, in);
  }
  void set_runs(Function function, std::uint64_t runs) override { inner_->set_runs(function, runs); }
  vm::Snapshot save() const override { return inner_->save(); }
  void restore(const vm::Snapshot& snapshot) override { inner_->restore(snapshot); }
  void set_draw_stream(std::uint32_t stream) override {
    stream_ = stream;
    inner_->set_draw_stream(stream);
  }

 private:
  std::unique_ptr<vm::Machine> inner_;
  double largest_;
  std::uint32_t stream_ = 0;
  std::optional<vm::FirstNonFinite> found_;
};

}  // namespace mlz::eval
