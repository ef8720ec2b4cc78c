#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evolve/config.hpp"

namespace mlz::tools {

/// The command line of mlzevolve.
struct EvolveOptions {
  evolve::Config config;
  std::string out, resume;
  std::string plot;  ///< file for a drawing of the progress
  std::vector<std::string> compare;  ///< NAME=DIR,DIR...: finished runs to be compared in the place of a search
  std::string compare_by = "held-out";
  std::set<std::string> given;  ///< names of the settings that were options
  bool quiet = false, json = false, baseline = false;
  bool list_presets = false, list_mutations = false, list_ops = false, list_tasks = false, print_config = false;
};

/// Reads a command line. Settings come, later ones winning, from the run that is resumed, --preset, --config, --set, and
/// options by their own names. Prints help, version or a usage error itself and then returns nothing, with `exit_code`
/// set; throws InputError for settings that are wrong.
std::optional<EvolveOptions> parse_evolve_options(int argc, const char* const* argv, int& exit_code);

}  // namespace mlz::tools
