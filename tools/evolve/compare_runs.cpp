#include "tools/evolve/compare_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
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
  std::string folder;
  evolve::Config config;
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

constexpr std::uintmax_t kLargestConfig = 1 << 20;

/// The settings of a run, which must be a search for params.
evolve::Config read_config(const std::string& folder) {
  const std::string path = folder + "/config.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw InputError(fmt::format("--compare: {} cannot be read; give folders of runs of --tune", path));
  }
  evolve::Config config;
  evolve::apply_config(config, read_file(path, kLargestConfig), path);
  if (config.tune == "none") {
    throw InputError(fmt::format("--compare: {} is a search for programs, and --compare shows runs of --tune; its course "
                                 "and scores are in {}/report.html",
                                 folder, folder));
  }
  return config;
}

Course read_course(const std::string& folder) {
  Course course{folder, read_config(folder), {}, {}, 0, {}};
  const std::string path = folder + "/log.jsonl";
  std::ifstream in(path);
  if (!in) throw InputError(fmt::format("--compare: {} cannot be read; give folders of runs of --tune", path));
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

std::string setting_text(const evolve::Config& config, const std::string& name) {
  const auto& fields = evolve::config_fields();
  const auto field = std::ranges::find(fields, name, &evolve::ConfigField::name);
  const std::string value = evolve::field_text(config, *field);
  return value.empty() ? "\"\"" : value;
}

/// Runs of one name are repeats: they differ in their seeds.
void check_repeats(const Group& group) {
  const Course& first = group.courses.front();
  for (std::size_t i = 1; i < group.courses.size(); ++i) {
    const Course& other = group.courses[i];
    for (const std::string& name : evolve::differing_fields(first.config, other.config)) {
      if (name == "seed" || name == "preset") continue;
      throw InputError(fmt::format("--compare {}: {} is {} in {} and {} in {}; runs of one name may differ in their seed "
                                   "alone, so give each of these a name of its own",
                                   group.name, name, setting_text(first.config, name), first.folder,
                                   setting_text(other.config, name), other.folder));
    }
  }
  for (std::size_t i = 0; i < group.courses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Course &a = group.courses[j], &b = group.courses[i];
      if (a.config.seed != b.config.seed) continue;
      throw InputError(fmt::format("--compare {}: {} and {} are the same run, of seed {}; repeats need other seeds",
                                   group.name, a.folder, b.folder, a.config.seed));
    }
  }
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
  check_repeats(group);
  return group;
}

/// A task of a command line with its options in order.
std::string in_order(const std::string& task) {
  const std::size_t colon = task.find(':');
  if (colon == std::string::npos || task.find_first_of("(;") != std::string::npos) return task;
  std::vector<std::string> options;
  std::istringstream items(task.substr(colon + 1));
  for (std::string item; std::getline(items, item, ',');) options.push_back(item);
  std::ranges::sort(options);
  return fmt::format("{}:{}", task.substr(0, colon), fmt::join(options, ","));
}

/// What the scores of a run are of, by the names of the settings.
std::vector<std::pair<std::string, std::string>> scored_on(const evolve::Config& c) {
  const auto or_task = [&](const std::string& task) { return in_order(task.empty() ? c.task : task); };
  return {{"task", in_order(c.task)},
          {"select-task", or_task(c.select_task)},
          {"final-task", or_task(c.final_task)},
          {"protocol", c.protocol},
          {"combine", c.combine},
          {"join-tasks", c.join_tasks}};
}

void check_same_kind(const Course& a, const Course& b) {
  const auto wanted = scored_on(a.config), own = scored_on(b.config);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] == wanted[i]) continue;
    throw InputError(fmt::format("--compare: scores of {} and {} are not of one kind: {} is \"{}\" in the one and \"{}\" in "
                                 "the other; compare runs on the same task",
                                 a.folder, b.folder, own[i].first, wanted[i].second, own[i].second));
  }
}

/// Throws InputError unless the scores of all runs are of one kind, and every name and folder is there once.
void check_comparable(const std::vector<Group>& groups) {
  std::map<std::string, std::string> folders, names;
  for (const Group& group : groups) {
    if (!names.emplace(group.name, "").second) {
      throw InputError(fmt::format("--compare {}: this name is there twice; write {}=DIR,DIR,... once", group.name, group.name));
    }
    for (const Course& course : group.courses) {
      const auto [found, is_new] = folders.emplace(std::filesystem::canonical(course.folder).string(), group.name);
      if (!is_new) {
        throw InputError(fmt::format("--compare: {} is there twice, in {} and in {}; name every folder once", course.folder,
                                     found->second, group.name));
      }
      check_same_kind(groups.front().courses.front(), course);
    }
  }
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
  check_comparable(groups);
  fmt::print("{:<28} {:>5} {:>10}  {:<15} {:<15} {}\n", "mean (deviation)", "runs", "steps", "last fifth", "held-out",
             "final");
  for (const Group& group : groups) print_row(group);
  if (!options.plot.empty()) draw(groups, options);
  return kSuccess;
}

}  // namespace mlz::tools
