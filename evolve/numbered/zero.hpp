#pragma once
#include <vector>

#include "evolve/numbered/live.hpp"
#include "evolve/numbered/problem_set.hpp"
#include "evolve/numbered/setup_values.hpp"

namespace mlz::evolve {

/// What programs can meet in some problems.
struct DataBounds {
  double feature = 0, label = 0;  ///< largest magnitudes
  bool squashed = false;          ///< Learn sees the sigmoid of the prediction, as where classes are learned
};
DataBounds bounds_of(const ProblemSet& set);

/// Tells whether a program predicts zero, of either sign, for every example whatever it learns: such programs all score the
/// same, and in a search from random instructions they are many. True is certain; some that predict zero are not found.
///
/// Zeros are followed through Predict and Learn, from what Setup leaves, until nothing changes. Zero times a number is zero
/// only where the number is finite, so largest magnitudes are followed as well; what still grows after some steps may
/// become infinite.
class ZeroFinder {
 public:
  ZeroFinder(const Banks& banks, const DataBounds& bounds, std::size_t features);

  /// `live` is made of live instructions, `carried` are the registers whose values matter after Setup, and `after_setup`
  /// has run its Setup.
  bool predicts_zero(const Genome& live, LiveFinder::Mask carried, const SetupValues& after_setup);

 private:
  /// How the largest magnitude of a result follows from those of the operands.
  enum class Bound : std::uint8_t { none, zero, sum, product, inner, same, spread, angle, constant, entry };
  struct Form;
  /// One instruction; registers are numbered scalars first, then vectors, then matrices.
  struct Line {
    std::uint8_t zeros = 0;  ///< bit a + 2 b: whether the result is zero when operands are (a, b: 1), if all are finite
    Bound bound = Bound::none;
    std::uint8_t out = 0, a = 0, b = 0;
    double literal = 0;  ///< its magnitude
  };

  const Form* forms_;
  std::array<std::size_t, 3> base_{};
  DataBounds bounds_;
  double features_;
  std::vector<Line> lines_;
  std::size_t learn_ = 0;      ///< the first line of Learn
  LiveFinder::Mask carried_ = 0;  ///< registers that a step reads before it writes them
  std::vector<double> magnitude_, now_;

  static const Form* forms();
  Line line_of(const Instruction& i) const;
  std::span<const Line> lines(std::size_t function) const;
  void decode(const Genome& live);
  std::uint64_t see_setup(const SetupValues& setup);
  std::uint64_t zeros_after(std::size_t function, std::uint64_t zeros) const;
  bool zero_if_finite(std::uint64_t zeros) const;
  bool zero_if_bounded();
  void bound(std::size_t function);
  double bound_of(const Line& line) const;
};

}  // namespace mlz::evolve
