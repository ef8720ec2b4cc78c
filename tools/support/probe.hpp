#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/support/run_options.hpp"
#include "vm/machine.hpp"

namespace mlz::tools {

/// Looks at registers of a lifetime as it goes (--probe). At step 0, before the first example, and after the Learn of
/// every so many steps a register gives a row: of a scalar its value; of a vector or matrix mean, deviation over its
/// entries (n) and Euclidean norm. Rows of a run are printed, or go to a file. Looking changes no result.
class Probe {
 public:
  /// The program must have been bound with registers_of() observed.
  Probe(const RunOptions& options, const vm::BoundProgram& program);

  /// The registers that --probe names, all members of a family for its name. Throws InputError for a name that the
  /// program lacks, with the closest one.
  static std::vector<std::string> registers_of(const std::vector<std::string>& names, const vm::BoundProgram& program);

  /// A machine with one lane that is looked at while it runs; the probe must outlive it.
  std::unique_ptr<vm::Machine> watched(std::unique_ptr<vm::Machine> machine, std::uint64_t seed);
  /// Writes the file, where there is one.
  void finish() const;

 private:
  class Machine;
  void take(const vm::Machine& machine, std::uint64_t seed, std::int64_t step);
  void add_row(const std::string& row);

  std::vector<vm::RegisterId> registers_;
  std::int64_t every_;
  std::string file_, rows_;
  std::int64_t count_ = 0;
};

}  // namespace mlz::tools
