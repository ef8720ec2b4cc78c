#pragma once
#include <atomic>

#include "evolve/general/evaluator.hpp"

/// From a found program to one that people read.
namespace mlz::evolve {

struct SimplifyOptions {
  bool ablate = false;                      ///< leave out whatever the scores do not need
  std::int64_t tune = 0;                    ///< trials of other values of the constants
  std::uint64_t seed = 1;                   ///< of these trials
  std::uint64_t most_runs = 0;              ///< programs that ablation may try; 0: any number
  double most_seconds = 0;                  ///< time for ablation and tuning; 0: any
  const std::atomic<bool>* stop = nullptr;  ///< ends ablation and tuning once it is set
};

struct Simplified {
  CoreProgram core;
  std::string text;                  ///< readable form of `core`; it has its scores, bit for bit
  std::vector<Score> before, after;  ///< on each set, of the given program and of the result
};

/// Dead lines and what only they used go; then ablation and tuning as asked for, neither of which lets the score on any
/// set fall; then the readable form. Throws InputError for a program that does not fit a set.
Simplified simplify(const CoreProgram& program, std::span<const ProgramEvaluator> sets, const SimplifyOptions& options);

/// The program without lines that cannot reach a prediction on that task, branches that its consts decide, empty
/// blocks, and declarations that nothing uses.
CoreProgram without_dead(const CoreProgram& program, const ProgramEvaluator& on);

}  // namespace mlz::evolve
