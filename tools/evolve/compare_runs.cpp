#include "tools/evolve/compare_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "lang/core/diagnostics.hpp"
#include "tools/support/files.hpp"
#include "tools/support/plot.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

using Json = nlohmann::json;
using Points = std::vector<std::pair<double, double>>;

constexpr std::size_t kWindows = 50;

/// What the log of one run says, over training steps.
struct Course {
  Points runs, held_out;
  double steps = 0;
  std::optional<double> final;
};

struct Group {
  std::string name;
  std::vector<Course> courses;
};

void take(Course& course, const Json& line) {
  const std::string event = line.value("event", "");
  if (event == "generation") {
    course.steps = line.at("train_steps");
    if (line.at("mean").is_number()) course.runs.emplace_back(course.steps, line.at("mean").get<double>());
  } else if (event == "held_out") {
    course.held_out.emplace_back(course.steps, line.at("score").get<double>());
  } else if (event == "end" && line.contains("final") && line.at("final").is_number()) {
    course.final = line.at("final").get<double>();
  }
}

Course read_course(const std::string& folder) {
  const std::string path = folder + "/log.jsonl";
  std::ifstream in(path);
  if (!in) throw InputError(fmt::format("--compare: {} cannot be read; give folders of runs of --tune", path));
  Course course;
  for (std::string line; std::getline(in, line);) {
    try {
      take(course, Json::parse(line));
    } catch (const Json::exception&) {
      throw InputError(fmt::format("--compare: {} is not the log of a run of --tune", path));
    }
  }
  if (course.runs.empty()) throw InputError(fmt::format("--compare: the run in {} has not begun", folder));
  return course;
}

Group read_group(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError(fmt::format("--compare {}: must be NAME=DIR,DIR,...", text));
  }
  Group group{text.substr(0, equals), {}};
  std::istringstream folders(text.substr(equals + 1));
  for (std::string folder; std::getline(folders, folder, ',');) group.courses.push_back(read_course(folder));
  if (group.courses.empty()) throw InputError(fmt::format("--compare {}: names no folder", text));
  return group;
}

/// Means of the scores of runs over windows of training steps.
Points in_windows(const Course& course) {
  Points sums(kWindows);
  std::vector<double> counts(kWindows);
  for (const auto& [steps, score] : course.runs) {
    const double place = std::ceil(steps / course.steps * kWindows) - 1;
    const auto window = static_cast<std::size_t>(std::clamp(place, 0.0, kWindows - 1.0));
    sums[window].second += score;
    ++counts[window];
  }
  Points means;
  for (std::size_t w = 0; w < kWindows; ++w) {
    if (counts[w] > 0) {
      means.emplace_back(course.steps * static_cast<double>(w + 1) / kWindows, sums[w].second / counts[w]);
    }
  }
  return means;
}

/// Point by point, as far as all reach.
Points mean_of(const std::vector<Points>& curves) {
  std::size_t shortest = curves.at(0).size();
  for (const Points& curve : curves) shortest = std::min(shortest, curve.size());
  Points mean(shortest);
  for (const Points& curve : curves) {
    for (std::size_t i = 0; i < shortest; ++i) {
      mean[i].first += curve[i].first / static_cast<double>(curves.size());
      mean[i].second += curve[i].second / static_cast<double>(curves.size());
    }
  }
  return mean;
}

struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  Spread s;
  for (const double v : values) s.mean += v / static_cast<double>(values.size());
  for (const double v : values) s.deviation += (v - s.mean) * (v - s.mean);
  s.deviation = values.size() < 2 ? 0 : std::sqrt(s.deviation / static_cast<double>(values.size() - 1));
  return s;
}

std::string text_of(const std::vector<double>& values) {
  if (values.empty()) return "-";
  const Spread s = spread_of(values);
  return fmt::format("{:.3f} ({:.3f})", s.mean, s.deviation);
}

void print_row(const Group& group) {
  std::vector<double> runs, held_out, final;
  double steps = 0;
  for (const Course& course : group.courses) {
    const Points windows = in_windows(course);
    const std::size_t last = std::max<std::size_t>(1, windows.size() / 5);
    double sum = 0;
    for (std::size_t i = windows.size() - last; i < windows.size(); ++i) sum += windows[i].second;
    runs.push_back(sum / static_cast<double>(last));
    if (!course.held_out.empty()) held_out.push_back(course.held_out.back().second);
    if (course.final) final.push_back(*course.final);
    steps += course.steps / static_cast<double>(group.courses.size());
  }
  fmt::print("{:<28} {:>5} {:>10.0f}  {:<15} {:<15} {}\n", group.name, group.courses.size(), steps, text_of(runs),
             text_of(held_out), text_of(final));
}

void draw(const std::vector<Group>& groups, const EvolveOptions& options) {
  const bool runs = options.compare_by == "runs";
  Plot plot{"Searches for params", runs ? "score of the runs of the search" : "score on the select problems",
            "training steps", "score", {}, false};
  for (const Group& group : groups) {
    std::vector<Points> curves;
    for (const Course& course : group.courses) curves.push_back(runs ? in_windows(course) : course.held_out);
    plot.series.push_back({group.name, mean_of(curves), false});
  }
  write_file(options.plot, to_svg(plot));
}

}  // namespace

int compare_runs(const EvolveOptions& options) {
  std::vector<Group> groups;
  for (const std::string& text : options.compare) groups.push_back(read_group(text));
  fmt::print("{:<28} {:>5} {:>10}  {:<15} {:<15} {}\n", "mean (deviation)", "runs", "steps", "last fifth", "held-out",
             "final");
  for (const Group& group : groups) print_row(group);
  if (!options.plot.empty()) draw(groups, options);
  return kSuccess;
}

}  // namespace mlz::tools
