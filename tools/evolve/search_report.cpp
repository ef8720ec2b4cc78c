#include "tools/evolve/search_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/evolve/html_page.hpp"

namespace mlz::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostPoints = 2000, kMostRows = 100;

using html::heading, html::listing, html::row, html::table;

std::string number(double score) { return fmt::format("{:.6f}", score); }

template <class T>
void keep(std::deque<T>& all, T one) {
  all.push_back(std::move(one));
  if (all.size() > kMostRows) all.pop_front();
}

}  // namespace

void SearchReport::generation(const Json& json) {
  json.at("evaluations").get_to(evaluations_);
  json.at("train_steps").get_to(train_steps_);
  fates_.clear();
  bool after = false;
  for (const auto& [name, value] : json.items()) {
    if (after) fates_.emplace_back(name, value.get<std::uint64_t>());
    after = after || name == "best_ever";
  }
  if (seen_++ % stride_ != 0) return;
  points_.push_back({static_cast<double>(evaluations_), json.at("best"), json.at("mean"), json.at("best_ever")});
  if (points_.size() < kMostPoints) return;
  for (std::size_t i = 0; 2 * i < points_.size(); ++i) points_[i] = points_[2 * i];
  points_.resize((points_.size() + 1) / 2);
  stride_ *= 2;
}

void SearchReport::log(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    const std::string event = json.at("event");
    if (event == "generation") generation(json);
    if (event != "experiment") return;
    ++experiments_;
    keep(recent_, {json.at("experiment").get<std::uint64_t>() + 1, json.at("evaluations"), json.at("search"), json.at("select")});
  } catch (const nlohmann::json::exception&) {
  }
}

void SearchReport::lineage(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    keep(steps_, {json.at("experiment").get<std::uint64_t>() + 1, json.at("candidate"), json.at("parent"), json.at("size"),
                  json.at("mutation"), json.at("search")});
  } catch (const nlohmann::json::exception&) {
  }
}

Plot SearchReport::progress(const std::string& title) const {
  Plot plot{title, "score on the search problems", "programs tried", "score", {}, false};
  Series best{"best alive", {}, false}, mean{"mean of the population", {}, false}, ever{"best of the experiment", {}, false};
  for (const Point& p : points_) {
    best.points.emplace_back(p.evaluations, p.best);
    mean.points.emplace_back(p.evaluations, p.mean);
    ever.points.emplace_back(p.evaluations, p.ever);
  }
  plot.series = {ever, best, mean};
  return plot;
}

std::string SearchReport::summary(const ReportPage& page) const {
  return table({row({"ended by", page.stop}), row({"programs tried", std::to_string(evaluations_)}),
                row({"training steps", std::to_string(train_steps_)}),
                row({"experiments ended", std::to_string(experiments_)}),
                row({"score on the search problems", number(page.best.search)}),
                row({"on the select problems", number(page.best.select)}),
                row({"on the final problems", number(page.final)})});
}

/// The search beside random programs on the same problems.
std::string SearchReport::comparison(const ReportPage& page) {
  if (!page.baseline) return "";
  const Baseline& random = *page.baseline;
  const auto line = [](const char* name, const Baseline& b) {
    return row({name, std::to_string(b.evaluations), std::to_string(b.train_steps), number(b.search), number(b.select),
                number(b.final)});
  };
  const Baseline own{page.evaluations, page.train_steps, page.best.search, page.best.select, page.final};
  return heading("Beside random programs") +
         table({"programs", "tried", "training steps", "search", "select", "final"},
               {line("of the search", own), line("random (folder baseline/)", random)});
}

std::string SearchReport::fates() const {
  std::vector<std::string> rows;
  for (const auto& [name, count] : fates_) {
    const double share = evaluations_ == 0 ? 0 : 100 * static_cast<double>(count) / static_cast<double>(evaluations_);
    rows.push_back(row({name, std::to_string(count), fmt::format("{:.1f} %", share)}));
  }
  return heading("What became of programs") + table({"fate", "programs", "share"}, rows);
}

std::string SearchReport::experiments() const {
  std::vector<std::string> rows;
  for (const Experiment& e : recent_) {
    rows.push_back(row({std::to_string(e.number), std::to_string(e.evaluations), number(e.search), number(e.select)}));
  }
  return heading("Experiments (the last ones)") + table({"experiment", "programs so far", "search", "select"}, rows);
}

std::string SearchReport::steps() const {
  std::vector<std::string> rows;
  for (const Step& s : steps_) {
    rows.push_back(row({std::to_string(s.experiment), std::to_string(s.candidate), std::to_string(s.parent), s.mutation,
                        std::to_string(s.size), number(s.search)}));
  }
  return heading("New best programs (the last ones)") +
         table({"experiment", "candidate", "parent", "mutation", "live lines", "search"}, rows);
}

std::string SearchReport::html(const ReportPage& page) const {
  std::string out = html::command(page.command) + summary(page) + to_svg(progress(page.title)) + comparison(page);
  out += heading("Best program") + listing(page.readable.empty() ? page.best.text : page.readable);
  if (!page.readable.empty()) out += heading("As it was found") + listing(page.best.text);
  std::vector<std::string> rows;
  for (const evolve::Champion& c : page.front) {
    rows.push_back(row({std::to_string(c.size), number(c.search), std::to_string(c.experiment + 1),
                        fmt::format("programs/size-{:03}.mlz", c.size)}));
  }
  out += heading("Best program of every size") + table({"live lines", "search", "experiment", "file"}, rows);
  return html::page(page.title, out + fates() + experiments() + steps());
}

}  // namespace mlz::tools
