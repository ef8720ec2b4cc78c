#pragma once
#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evolve/search.hpp"
#include "tools/support/plot.hpp"

namespace mlz::tools {

/// What as many random programs reached on the problems of a search.
struct Baseline {
  std::uint64_t evaluations = 0, train_steps = 0;
  double search = 0, select = 0, final = 0;
};

/// What the page about a run shows besides its course.
struct ReportPage {
  std::string title, command, stop;  ///< stop: why the run ended
  evolve::Champion best;
  double final = 0;
  std::string readable;                 ///< text of the best program; empty: as it was found
  std::vector<evolve::Champion> front;  ///< hall of fame
  std::uint64_t evaluations = 0, train_steps = 0;  ///< of the whole run
  std::optional<Baseline> baseline;     ///< with --baseline
};

/// Follows a run by the lines of its logs, in bounded memory, and draws its course. What it makes depends on those lines
/// alone.
class SearchReport {
 public:
  /// One line of log.jsonl or lineage.jsonl. Lines of another form are passed over.
  void log(const std::string& json);
  void lineage(const std::string& json);

  Plot progress(const std::string& title) const;
  /// A page of HTML with all it needs in it.
  std::string html(const ReportPage& page) const;

 private:
  struct Point {
    double evaluations, best, mean, ever;
  };
  struct Experiment {
    std::uint64_t number, evaluations;
    double search, select;
  };
  struct Step {
    std::uint64_t experiment, candidate, parent, size;
    std::string mutation;
    double search;
  };
  std::vector<Point> points_;
  std::uint64_t seen_ = 0, stride_ = 1;  // every stride-th generation logged is a point
  std::vector<std::pair<std::string, std::uint64_t>> fates_;
  std::uint64_t evaluations_ = 0, train_steps_ = 0, experiments_ = 0;
  std::deque<Experiment> recent_;
  std::deque<Step> steps_;

  void generation(const nlohmann::ordered_json& json);
  std::string summary(const ReportPage& page) const;
  static std::string comparison(const ReportPage& page);
  std::string fates() const;
  std::string experiments() const;
  std::string steps() const;
};

}  // namespace mlz::tools
