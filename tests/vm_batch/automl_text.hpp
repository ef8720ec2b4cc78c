#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lang/core/draws.hpp"

namespace mlz::test {

/// What a random program in the notation of AutoML-Zero is made of.
struct AutomlOptions {
  std::array<int, 3> addresses{6, 5, 3};  ///< scalars, vectors, matrices
  std::array<int, 3> lines{6, 6, 8};      ///< of Setup, Predict, Learn
  std::vector<int> ops;                   ///< numbers of the ops; empty: all 65
  double write_inputs = 0.02;             ///< how often s0 or v0 may be written
};

std::string automl_text(std::uint64_t seed, const AutomlOptions& options = {});

}  // namespace mlz::test
