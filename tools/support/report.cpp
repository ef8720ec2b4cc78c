#include "tools/support/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "tools/support/plot.hpp"
#include "tools/support/program_main.hpp"
#include "tools/support/progress.hpp"

namespace mlz::tools {
namespace {

constexpr std::size_t kMostPlottedRuns = 20;

double steps_per_second(const eval::Outcome& outcome) {
  return outcome.steps > 0 && outcome.seconds > 0
             ? static_cast<double>(outcome.steps) / outcome.seconds
             : 0;
}

template <class F>
Spread spread_of(const std::vector<RunResult>& runs, F&& value) {
  std::vector<double> values;
  for (const RunResult& run : runs) values.push_back(value(run.outcome));
  return spread(values);
}

std::string score_text(double score) {
  if (std::isnan(score)) return "-";
  const bool short_form = (score != 0 && std::abs(score) < 1e-3) || std::abs(score) >= 1e7;
  return short_form ? fmt::format("{:.2e}", score) : fmt::format("{:.4f}", score);
}

using Row = std::vector<std::string>;

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> width(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += i + 1 == row.size() ? row[i] : fmt::format("{:>{}}", row[i], width[i]);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

struct Column {
  std::string name;
  std::function<double(const eval::Outcome&)> value;
};
std::vector<Column> score_columns(const RunFacts& facts) {
  std::vector<Column> columns{
      {"train", [](const eval::Outcome& o) { return o.train; }},
      {"valid", [](const eval::Outcome& o) { return o.valid; }},
      {"test", [](const eval::Outcome& o) { return o.test; }},
  };
  for (std::size_t m = 0; m < facts.marks.size(); ++m) {
    columns.push_back({fmt::format("at {}", facts.marks[m]), [m](const eval::Outcome& o) { return o.marks.at(m); }});
  }
  return columns;
}

bool shows_fitness(const RunFacts& facts) { return facts.protocol == "automl" || facts.protocol == "control"; }

Row run_row(const RunFacts& facts, const RunResult& run) {
  Row row{fmt::format("{}", run.seed)};
  for (const Column& c : score_columns(facts)) row.push_back(score_text(c.value(run.outcome)));
  if (shows_fitness(facts)) row.push_back(score_text(run.outcome.score));
  row.push_back(fmt::format("{}", run.outcome.steps));
  row.push_back(rate_text(steps_per_second(run.outcome)));
  row.push_back(facts.engine);
  row.push_back(facts.dtype);
  row.push_back(run.outcome.why == eval::Stop::finished ? "" : eval::stop_text(run.outcome.why));
  return row;
}

Row spread_row(const RunFacts& facts, const std::vector<RunResult>& runs, const char* name,
               double Spread::*member) {
  Row row{name};
  for (const Column& c : score_columns(facts))
    row.push_back(score_text(spread_of(runs, c.value).*member));
  if (shows_fitness(facts)) {
    row.push_back(
        score_text(spread_of(runs, [](const eval::Outcome& o) { return o.score; }).*member));
  }
  row.insert(row.end(),
             {"", member == &Spread::mean ? rate_text(spread_of(runs, steps_per_second).mean) : "",
              "", "", ""});
  return row;
}

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::ordered_json marks_json(const RunFacts& facts, const std::vector<RunResult>& runs) {
  nlohmann::ordered_json out;
  out["window"] = facts.window;
  for (std::size_t m = 0; m < facts.marks.size(); ++m) {
    const Spread at = spread_of(runs, [m](const eval::Outcome& o) { return o.marks.at(m); });
    out["scores"].push_back({{"examples", facts.marks[m]}, {"mean", number(at.mean)}, {"std", number(at.deviation)}});
  }
  return out;
}

}  // namespace

Spread spread(const std::vector<double>& values) {
  double n = 0, sum = 0, squares = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    ++n;
    sum += v;
  }
  Spread result;
  if (n >= 1) result.mean = sum / n;
  for (const double v : values) {
    if (!std::isnan(v)) squares += (v - result.mean) * (v - result.mean);
  }
  if (n >= 2) result.deviation = std::sqrt(squares / (n - 1));
  return result;
}

const char* metric_name(tasks::Metric metric) {
  if (metric == tasks::Metric::episode_return) return "return";
  return metric == tasks::Metric::accuracy ? "accuracy" : "rms error";
}

std::string report_table(const RunFacts& facts, const std::vector<RunResult>& runs) {
  Row head{"seed"};
  for (const Column& c : score_columns(facts)) head.push_back(c.name);
  if (shows_fitness(facts)) head.push_back("fitness");
  head.insert(head.end(), {"steps", "steps/s", "engine", "dtype", ""});
  std::vector<Row> rows{head};
  for (const RunResult& run : runs) rows.push_back(run_row(facts, run));
  if (runs.size() > 1) {
    rows.push_back(spread_row(facts, runs, "mean", &Spread::mean));
    rows.push_back(spread_row(facts, runs, "deviation", &Spread::deviation));
  }
  return fmt::format("{} of {} on {} ({}), {} protocol\n\n{}\n{} again:\n  {}\n",
                     metric_name(facts.metric), facts.program, facts.task, facts.source,
                     facts.protocol, aligned(rows), version_text(), facts.command);
}

std::string report_json(const RunFacts& facts, const std::vector<RunResult>& runs) {
  const auto mean = [&](double eval::Outcome::*member) {
    return number(spread_of(runs, [member](const eval::Outcome& o) { return o.*member; }).mean);
  };
  nlohmann::ordered_json json;
  json["task"] = facts.task;
  json["program"] = facts.program;
  json["program_hash"] = facts.program_hash;
  json["protocol"] = facts.protocol;
  json["engine"] = facts.engine;
  json["dtype"] = facts.dtype;
  json["seed"] = runs.empty() ? nlohmann::json(nullptr) : nlohmann::json(runs.front().seed);
  json["runs"] = runs.size();
  json["metric"] = facts.metric == tasks::Metric::rms_error ? "rms_error" : metric_name(facts.metric);
  json["train"] = mean(&eval::Outcome::train);
  json["valid"] = mean(&eval::Outcome::valid);
  json["test"] = mean(&eval::Outcome::test);
  json["test_std"] =
      number(spread_of(runs, [](const eval::Outcome& o) { return o.test; }).deviation);
  if (!facts.marks.empty()) json["at"] = marks_json(facts, runs);
  json["score"] = mean(&eval::Outcome::score);
  json["steps"] = runs.empty() ? 0 : runs.back().outcome.steps;
  json["steps_per_second"] = number(spread_of(runs, steps_per_second).mean);
  json["stopped"] = runs.empty() ? "cancelled" : eval::stop_text(runs.back().outcome.why);
  json["version"] = version_text();
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string curve_csv(const RunFacts& facts, const std::vector<RunResult>& runs) {
  const auto cell = [](double v) { return std::isnan(v) ? std::string() : fmt::format("{}", v); };
  std::string out = fmt::format("seed,step,examples,epoch,train,{}\n", facts.watched);
  for (const RunResult& run : runs) {
    for (const eval::CurvePoint& p : run.outcome.curve) {
      out += fmt::format("{},{},{},{},{},{}\n", run.seed, p.step, p.examples, p.epoch,
                         cell(p.train), cell(p.valid));
    }
  }
  return out;
}

std::string curve_svg(const RunFacts& facts, const std::vector<RunResult>& runs) {
  Plot plot;
  plot.title = fmt::format("{} on {}", facts.program, facts.task);
  plot.subtitle = fmt::format("{}, {} {}", facts.protocol, facts.engine, facts.dtype);
  plot.x_label = facts.protocol == "control" ? "steps" : "training examples";
  plot.y_label = metric_name(facts.metric);
  plot.log_y = facts.metric == tasks::Metric::rms_error;
  for (std::size_t r = 0; r < std::min(runs.size(), kMostPlottedRuns); ++r) {
    Series train{"train", {}, false}, watched{facts.watched, {}, true};
    for (const eval::CurvePoint& p : runs[r].outcome.curve) {
      const auto x = static_cast<double>(p.examples);
      if (!std::isnan(p.train)) train.points.emplace_back(x, p.train);
      if (!std::isnan(p.valid)) watched.points.emplace_back(x, p.valid);
    }
    plot.series.push_back(train);
    if (!watched.points.empty()) plot.series.push_back(watched);
  }
  return to_svg(plot);
}

}  // namespace mlz::tools
