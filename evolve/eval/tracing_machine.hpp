#pragma once
#include <limits>
#include <memory>
#include <optional>

#include "evolve/eval/wrapped_machine.hpp"
#include "vm/trace.hpp"

namespace mlz::eval {

/// A machine on the reference engine that watches every instruction for the first infinity or NaN
/// of a lifetime's own draws; tests on a copy of the memory are not watched. Results are those of
/// the plain machine. f64 only; numbers beyond `largest` are found, too.
class TracingMachine : public WrappedMachine {
 public:
  TracingMachine(const vm::BoundProgram& program, const vm::MachineOptions& options,
                 double largest = std::numeric_limits<double>::max())
      : WrappedMachine(vm::make_machine("reference", program, options)), largest_(largest) {}

  const std::optional<vm::FirstNonFinite>& found() const { return found_; }

  void reset() override {
    inner().reset();
    found_.reset();
  }
  void run(Function function) override {
    if (found_ || !is_life()) {
      inner().run(function);
    } else {
      found_ = vm::run_traced(inner(), function, largest_);
    }
  }

 private:
  double largest_;
  std::optional<vm::FirstNonFinite> found_;
};

}  // namespace mlz::eval
