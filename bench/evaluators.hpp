#pragma once
#include <memory>

#include "bench/measure.hpp"
#include "bench/session.hpp"
#include "vm/batch_evaluator.hpp"

namespace mlz::bench {

/// Programs and the tasks they are evaluated on.
struct Workload {
  vm::TaskBatch batch;
  std::vector<vm::CompactProgram> programs;
  bool random_draws = false;  ///< programs draw numbers, which a peer draws in its own way
};

/// mlz in both number types, the naive interpreter, and the peer if there is one. The contenders share the workload,
/// and each gives the sum of the fitnesses.
std::vector<Contender> evaluators(Session& session, std::shared_ptr<const Workload> work);

}  // namespace mlz::bench
