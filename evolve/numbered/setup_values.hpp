#pragma once
#include <span>
#include <vector>

#include "evolve/numbered/genome.hpp"

namespace mlz::evolve {

/// Computes what Setup leaves in the registers, where that is the same on every problem: where nothing in it is random.
/// Programs whose Setups leave equal values behave alike however the values came about.
class SetupValues {
 public:
  SetupValues(const Banks& banks, std::size_t features);

  /// Runs Setup of a program made of live instructions, in f64 with the bits of the engines. False when it draws.
  bool run(const Genome& live);
  /// The entries of a register after run().
  std::span<const double> of(Kind kind, int address) const;

 private:
  const NumberedOp* ops_;
  Banks banks_;
  std::size_t features_;
  std::vector<double> memory_, scratch_;

  std::size_t entries(Kind kind) const;
  std::size_t offset(Kind kind, int address) const;
  void execute(const Instruction& instruction);
};

}  // namespace mlz::evolve
