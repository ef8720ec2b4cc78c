#pragma once
#include <cstdio>
#include <string>
#include <vector>

#include "vm/machine.hpp"

namespace mlz::golden {

struct Options {
  std::vector<std::string> folders;
  std::string engine = "reference";
  vm::DType dtype = vm::DType::f64;
  bool all = false;  ///< also the cases marked fp_sensitive
};

struct Counts {
  long passed = 0, failed = 0, skipped = 0;
};

/// Runs every case of the folders and those below them, and prints each failure and skip. Throws
/// InputError for a folder or file that cannot be read, or when there is no case at all.
Counts run(const Options& options);

}  // namespace mlz::golden
