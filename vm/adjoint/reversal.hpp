#pragma once
#include <functional>
#include <memory>

#include "vm/adjoint/adjoint.hpp"
#include "vm/adjoint/late_products.hpp"
#include "vm/machine.hpp"
#include "vm/trace.hpp"

namespace mlz::vm {

/// What a lifetime of some steps is shown, and what is taken from it. Steps count from 0; every function is called for
/// all lanes of the machine at once. Steps are replayed, so the first two are called more than once for a step, with
/// equal effect.
struct ReversibleSteps {
  using Call = std::function<void(Machine&, std::int64_t step)>;
  std::int64_t count = 0;
  Call before_predict;  ///< writes x, and zero as target
  Call before_learn;    ///< writes x if Predict changed it, and target
  Call predicted;       ///< may read y; once for each step, in order
  Call before_back;     ///< writes Adjoint::x, target and y_adjoint of the other machine where there are any
  Call after_back;      ///< may read Adjoint::x_adjoint; may be empty
};

struct ReversalOptions {
  /// Steps from one kept state to the next: the states in between are computed again when they are needed, at the price
  /// of running forward twice. 0: all are kept where `max_bytes` allows it, else as many as take the least memory.
  std::int64_t segment = 0;
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of kept states
  bool trace = false;                              ///< stop at the first infinity or NaN; needs the engine `reference`
};

/// What a traced reversal came upon.
struct NonFiniteStep {
  bool back = false;      ///< in the gradient, not in the lifetime itself
  std::int64_t step = 0;  ///< from 0; that of the first one for Setup
  FirstNonFinite what;    ///< its function is that of the adjoint's code when `back`
};

/// Runs lifetimes forward and back: the gradient of a loss over all their predictions.
class Reversal {
 public:
  /// Throws InputError as differentiate and make_machine do.
  Reversal(const BoundProgram& program, std::string_view engine, const MachineOptions& machine,
           const AdjointOptions& adjoint = {}, const ReversalOptions& options = {});
  /// The same with the adjoint of `program` made before.
  Reversal(const BoundProgram& program, const Adjoint& adjoint, std::string_view engine, const MachineOptions& machine,
           const ReversalOptions& options = {});
  ~Reversal();

  /// From birth to birth. Throws InputError where states take more memory than allowed.
  void run(const ReversibleSteps& steps);
  /// What the lanes are born with in the next run, as Machine::set_births has it.
  void set_births(std::span<const Birth> births);
  const std::optional<NonFiniteStep>& found() const { return found_; }  ///< by the last run, if it was to trace

  const Adjoint& adjoint() const { return adjoint_; }
  Machine& forward() { return *forward_; }    ///< of the program; state and what Setup left may be read
  Machine& backward() { return *backward_; }  ///< of the adjoint
  /// The gradient of a param for one lane, after a run; zeros when it does not reach the loss.
  std::vector<double> param_gradient(std::size_t param, int lane) const;
  void param_gradient(std::size_t param, int lane, std::vector<double>& out) const;

  class States;

 private:
  Adjoint adjoint_;
  ReversalOptions options_;
  std::vector<RegisterId> carried_;  // what steps are replayed from
  std::unique_ptr<Machine> forward_, backward_;
  std::unique_ptr<LateProducts> late_;
  std::unique_ptr<States> starts_, states_, kept_, fixed_;  // their room is used again in the next run

  std::int64_t segment_for(std::int64_t steps) const;
  std::optional<NonFiniteStep> found_;

  void run(Machine& machine, Function function, std::int64_t step);
  void forward_step(const ReversibleSteps& steps, std::int64_t step, bool first_time);
  void back_step(const ReversibleSteps& steps, std::int64_t step);
};

}  // namespace mlz::vm
