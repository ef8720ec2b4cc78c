#include "tools/evolve/search_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mlz::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostPoints = 2000, kMostRows = 100;

constexpr const char* kStyle = R"(<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
  td, th { text-align: right; padding: 0.1rem 0.8rem 0.1rem 0; border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums; }
  td:first-child, th:first-child { text-align: left; }
  pre { background: #8881; padding: 0.8rem; overflow-x: auto; }
  svg { max-width: 100%; height: auto; }
</style>
)";

std::string heading(const char* text) { return fmt::format("<h2>{}</h2>\n", text); }

std::string row(const std::vector<std::string>& cells, const char* tag = "td") {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += fmt::format("<{0}>{1}</{0}>", tag, escaped(cell));
  return out + "</tr>\n";
}

std::string table(const std::vector<std::string>& names, const std::vector<std::string>& rows) {
  std::string out = "<table>\n" + row(names, "th");
  for (const std::string& r : rows) out += r;
  return out + "</table>\n";
}

std::string listing(const std::string& program) {
  std::string out = "<pre>";
  for (std::size_t begin = 0; begin < program.size();) {
    const std::size_t end = std::min(program.find('\n', begin), program.size());
    out += escaped(program.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out + "</pre>\n";
}

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
  return "<table>\n" + row({"ended by", page.stop}) + row({"programs tried", std::to_string(evaluations_)}) +
         row({"training steps", std::to_string(train_steps_)}) + row({"experiments ended", std::to_string(experiments_)}) +
         row({"score on the search problems", fmt::format("{:.6f}", page.best.search)}) +
         row({"on the select problems", fmt::format("{:.6f}", page.best.select)}) +
         row({"on the final problems", fmt::format("{:.6f}", page.final)}) + "</table>\n";
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
    rows.push_back(row({std::to_string(e.number), std::to_string(e.evaluations), fmt::format("{:.6f}", e.search),
                        fmt::format("{:.6f}", e.select)}));
  }
  return heading("Experiments (the last ones)") + table({"experiment", "programs so far", "search", "select"}, rows);
}

std::string SearchReport::steps() const {
  std::vector<std::string> rows;
  for (const Step& s : steps_) {
    rows.push_back(row({std::to_string(s.experiment), std::to_string(s.candidate), std::to_string(s.parent), s.mutation,
                        std::to_string(s.size), fmt::format("{:.6f}", s.search)}));
  }
  return heading("New best programs (the last ones)") +
         table({"experiment", "candidate", "parent", "mutation", "live lines", "search"}, rows);
}

std::string SearchReport::html(const ReportPage& page) const {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n";
  out += fmt::format("<title>{0}</title>\n{1}<h1>{0}</h1>\n", escaped(page.title), kStyle);
  out += fmt::format("<pre>{}</pre>\n", escaped(page.command)) + summary(page) + to_svg(progress(page.title));
  out += heading("Best program") + listing(page.readable.empty() ? page.best.text : page.readable);
  if (!page.readable.empty()) out += heading("As it was found") + listing(page.best.text);
  std::vector<std::string> rows;
  for (const evolve::Champion& c : page.front) {
    rows.push_back(row({std::to_string(c.size), fmt::format("{:.6f}", c.search), std::to_string(c.experiment + 1),
                        fmt::format("programs/size-{:03}.mlz", c.size)}));
  }
  out += heading("Best program of every size") + table({"live lines", "search", "experiment", "file"}, rows);
  return out + fates() + experiments() + steps() + "</html>\n";
}

}  // namespace mlz::tools
