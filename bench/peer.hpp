#pragma once
#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "vm/batch_evaluator.hpp"

namespace mlz::bench {

/// Another evaluator of AutoML-Zero programs: a command that is given the path of a workload file, prints "ready", and
/// then for every line of its stdin does the work once and prints the nanoseconds it took and the sum of the fitnesses.
class Peer {
 public:
  /// Throws InputError when the command does not get ready.
  Peer(const std::string& command, const std::string& workload);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  Sample run();

 private:
  pid_t child_ = -1;
  FILE *to_ = nullptr, *from_ = nullptr;
  std::string command_;

  std::string answer();
};

/// Writes programs and tasks as a workload of kind `evaluate`; the format is in docs/benchmarks.md.
void write_workload(const std::string& path, const std::vector<vm::CompactProgram>& programs, const vm::TaskBatch& batch);

/// Writes a workload of kind `search`: the preset automl-zero-demo with that many candidates.
void write_search_workload(const std::string& path, int candidates);

}  // namespace mlz::bench
