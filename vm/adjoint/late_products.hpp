#pragma once
#include <memory>

#include "vm/adjoint/adjoint.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// Adds up Adjoint::late: the factors of many steps wait, and then are one product of matrices, so that a large gradient
/// is passed over once for many steps. In the number type of the machine.
class LateProducts {
 public:
  /// `backward` is a machine of adjoint.program; both have to outlive this.
  LateProducts(const Adjoint& adjoint, const Machine& backward, bool use_blas);
  ~LateProducts();

  void clear();    ///< before the last step
  void take();     ///< after each step back
  void settle();   ///< after the first step
  /// Adds what belongs to the gradient in register `sum`, for one lane.
  void add_to(RegisterId sum, int lane, std::vector<double>& out) const;

  class Sums;

 private:
  std::unique_ptr<Sums> sums_;  // null where nothing is late
};

}  // namespace mlz::vm
