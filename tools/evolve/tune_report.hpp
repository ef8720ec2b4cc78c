#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "evolve/param_search.hpp"
#include "tools/support/plot.hpp"

namespace mlz::tools {

/// Follows a search for params by the lines of its log, in bounded memory, and draws its course. What it makes depends on
/// those lines, the configuration and the outcome alone, never on time.
class TuneReport {
 public:
  /// One line of log.jsonl. Lines of another form are passed over.
  void log(const std::string& json);

  /// Scores over generations, and below them losses where there are some.
  std::string progress_svg(const std::string& title) const;
  /// A page of HTML with all it needs in it; `program` is the text of the program.
  std::string html(const std::string& title, const evolve::Config& config, const evolve::ParamOutcome& outcome,
                   const std::string& program) const;

 private:
  using Points = std::vector<std::pair<double, double>>;
  std::map<std::string, Points> course_, held_out_;  // by the name of the number in the log
  std::uint64_t seen_ = 0, stride_ = 1;              // every stride-th generation is a point
  std::uint64_t looked_ = 0, look_stride_ = 1;       // likewise of scores on the select problems

  Plot plot(const std::string& title, bool loss) const;
};

}  // namespace mlz::tools
