#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vm/machine.hpp"

namespace mlz::tools {

/// The command line of mlzrun.
struct RunOptions {
  std::string program;
  std::string task = "digits";
  std::string data;
  int runs = 1;
  std::uint64_t seed = 1;
  std::string protocol;  ///< empty: the task's own
  std::string engine = "auto";
  std::string dtype;  ///< empty: f64 under automl, f32 under stream
  std::map<std::string, std::string> set;
  std::vector<std::string> path;
  int epochs = -1;         ///< -1: the task's
  std::int64_t steps = 0;  ///< 0: no limit; likewise below
  double time_limit = 0;
  std::int64_t max_memory_mib = 4096;
  double max_abs_error = 100;
  bool ignore_non_finite = false;
  std::vector<std::int64_t> at;  ///< numbers of examples to report scores at; empty: the task's
  std::int64_t window = 100;     ///< predictions such a score looks back on
  std::string curve, plot, save, load;
  std::vector<std::string> probe;  ///< registers to be looked at while it runs
  std::int64_t probe_every = 100;
  std::string probe_file;  ///< empty: they are printed
  std::string dump;
  bool simplify = false, ablate = false;
  std::int64_t tune = 0;  ///< trials of other constants
  bool json = false, quiet = false, trace = false, check = false;
  bool list_ops = false, list_tasks = false;
  std::string matrix, results;   ///< a file of learners and tasks, and where their scores go
  std::set<std::string> given;   ///< names of the options that were given
};

/// Reads a command line. Prints help, version or an error itself and then returns nothing, with
/// `exit_code` set.
std::optional<RunOptions> parse_run_options(int argc, const char* const* argv, int& exit_code);

/// The options of a learner line of a matrix: a program, and those options that belong to it alone. Throws InputError.
RunOptions learner_options(const std::vector<std::string>& words);

/// The command that repeats a run of these options, for a shell. Files it writes are left out.
std::string command_line(const RunOptions& options);

/// A word as a POSIX shell takes it, in quotes where it needs them.
std::string shell_word(const std::string& word);

}  // namespace mlz::tools
