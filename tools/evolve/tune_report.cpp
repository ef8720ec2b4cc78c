#include "tools/evolve/tune_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/evolve/html_page.hpp"

namespace mlz::tools {
namespace {

using Json = nlohmann::json;
using html::row;

constexpr std::size_t kMostPoints = 2000;

/// Keeps every second point of all lines.
template <class Lines>
void thin(Lines& lines) {
  for (auto& [name, points] : lines) {
    for (std::size_t i = 0; 2 * i < points.size(); ++i) points[i] = points[2 * i];
    points.resize((points.size() + 1) / 2);
  }
}

/// Adds the numbers of a line of the log, in the place of those that are missing none.
template <class Lines>
void take(Lines& lines, const Json& json, std::initializer_list<const char*> names, std::uint64_t& seen,
          std::uint64_t& stride) {
  if (seen++ % stride != 0) return;
  const double generation = json.at("generation");
  std::size_t most = 0;
  for (const char* name : names) {
    if (json.contains(name) && json.at(name).is_number()) lines[name].emplace_back(generation, json.at(name).get<double>());
    if (lines.contains(name)) most = std::max(most, lines.at(name).size());
  }
  if (most < kMostPoints) return;
  thin(lines);
  stride *= 2;
}

std::string worth_text(const std::optional<evolve::Worth>& worth) {
  if (!worth) return "not taken";
  return fmt::format("{:.6f}{}", worth->score, worth->loss ? fmt::format(", loss {:.6f}", *worth->loss) : "");
}

std::string results(const evolve::ParamOutcome& o) {
  return html::table({row({"ended by", stop_reason_text(o.stop)}), row({"generations", std::to_string(o.total.generations)}),
                      row({"candidates", std::to_string(o.total.evaluations)}),
                      row({"training steps", std::to_string(o.total.train_steps)}),
                      row({"numbers in the params", std::to_string(o.params.size())}),
                      row({"score on the select problems", worth_text(o.held_out)}),
                      row({"on the final problems", worth_text(o.final)})});
}

/// Whether people want to see a setting: what a search for params always depends on, and what was changed.
bool shown(const evolve::ConfigField& field, const evolve::Config& config, const std::string& value) {
  if (value.empty() || field.group == evolve::kRunningGroup || field.group.starts_with("Result")) return false;
  if (field.group == "Tasks" || field.group == "Params" || field.name == "population") return true;
  if (field.group.starts_with("Fitness")) return config.tune == "fme";
  return value != evolve::field_text(evolve::Config{}, field);
}

std::string settings(const evolve::Config& config) {
  std::vector<std::string> rows;
  for (const evolve::ConfigField& field : evolve::config_fields()) {
    const std::string value = evolve::field_text(config, field);
    if (shown(field, config, value)) rows.push_back(row({field.name, value}));
  }
  return html::heading("Settings") + html::table(rows);
}

}  // namespace

void TuneReport::log(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    const std::string event = json.at("event");
    if (event == "generation") take(course_, json, {"best", "mean", "top", "best_loss", "mean_loss"}, seen_, stride_);
    if (event == "held_out") take(held_out_, json, {"score", "loss"}, looked_, look_stride_);
  } catch (const Json::exception&) {
  }
}

Plot TuneReport::plot(const std::string& title, bool loss) const {
  const char* const what = loss ? "loss" : "score";
  Plot plot{title, fmt::format("{} of candidates, and on the select problems", what), "generations", what, {}, false};
  const auto add = [&](const std::map<std::string, Points>& lines, const char* key, const char* name, bool markers) {
    if (lines.contains(key)) plot.series.push_back({name, lines.at(key), markers});
  };
  add(course_, loss ? "best_loss" : "best", "best of a generation", false);
  add(course_, loss ? "mean_loss" : "mean", "mean of a generation", false);
  if (!loss) add(course_, "top", "best of the pool", false);
  add(held_out_, loss ? "loss" : "score", "held-out", true);
  return plot;
}

std::string TuneReport::progress_svg(const std::string& title) const {
  const bool losses = course_.contains("mean_loss") || held_out_.contains("loss");
  return losses ? to_svg({plot(title, false), plot(title, true)}) : to_svg(plot(title, false));
}

std::string TuneReport::html(const std::string& title, const evolve::Config& config, const evolve::ParamOutcome& outcome,
                             const std::string& program) const {
  std::string out = html::command(evolve::command_of(config)) + results(outcome) + progress_svg(title);
  out += html::heading("Program, whose params are in best.safetensors") + html::listing(program);
  return html::page(title, out + settings(config));
}

}  // namespace mlz::tools
