#pragma once
#include <limits>
#include <optional>
#include <string>

#include "vm/machine.hpp"

namespace mlz::vm {

/// The first infinity or NaN a run wrote, or number beyond what was allowed.
struct FirstNonFinite {
  Function function = Function::setup;
  std::uint64_t run = 0;  ///< how often that function had run before
  int lane = 0;
  std::uint32_t lifetime = 0;       ///< index of the lane's lifetime
  const BoundLine* line = nullptr;  ///< of the machine's program
  std::string reg;                  ///< the register written, members filled in
  std::int64_t entry = 0;           ///< its first entry that is not finite, counted row by row
  double value = 0;

  /// "Learn, run 13, lifetime 0, net.mlz:7: `W2 = W2 + d` gives inf at entry 3 of `W2`"
  std::string text() const;
};

/// Runs a function to its end, as Machine::run does, and reports the first live instruction that
/// wrote an infinity, a NaN or a number beyond `largest` on either side of zero. Only the reference engine can; throws
/// InputError for another one.
std::optional<FirstNonFinite> run_traced(Machine& machine, Function function,
                                         double largest = std::numeric_limits<double>::max());

}  // namespace mlz::vm
