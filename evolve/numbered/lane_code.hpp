#pragma once
#include <vector>

#include "evolve/numbered/genome.hpp"
#include "evolve/numbered/lane_data.hpp"

/// First evaluator: one operation at a time over all lanes, registers as [entry][lane].
namespace mlz::evolve::lanes {

/// What all operations of one run share.
struct Frame {
  std::size_t lanes = 1, features = 1;
  double* scratch = nullptr;  ///< room for two matrices and partial sums
  std::uint64_t seed = 0;
  const std::uint32_t* lifetimes = nullptr;
  std::uint64_t runs = 0;  ///< of this function so far
};

struct Step {
  void (*run)(const Step&, const Frame&) = nullptr;
  double* out = nullptr;
  const double* a = nullptr;
  const double* b = nullptr;
  std::size_t size = 0;   ///< entries of the result
  std::size_t entry = 0;  ///< the entry that is set
  double low = 0, high = 0;
  std::uint32_t sampler = 0;
};

/// Where the registers lie in memory, in doubles.
struct Layout {
  Banks banks;
  std::size_t lanes = 1, features = 1;

  std::size_t entries(Kind kind) const { return kind == Kind::scalar ? 1 : kind == Kind::vector ? features : features * features; }
  std::size_t offset(Kind kind, int address) const;
  std::size_t size() const;
  std::size_t scratch() const { return (2 * features * features + 16) * lanes; }
};

Step make_step(const Instruction& instruction, const Layout& layout, double* memory, std::uint32_t sampler);

}  // namespace mlz::evolve::lanes
