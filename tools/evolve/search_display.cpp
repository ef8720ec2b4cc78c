#include "tools/evolve/search_display.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mlz::tools {
namespace {

constexpr std::uint64_t kMostExperimentLines = 200;

std::string share(std::uint64_t part, std::uint64_t of) {
  return fmt::format("{:.0f}%", of == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(of));
}

}  // namespace

void SearchDisplay::measure(const evolve::SearchState& state) {
  const auto now = Clock::now();
  const double passed = std::chrono::duration<double>(now - last_seen_).count();
  if (passed <= 0) return;
  const std::uint64_t evaluations = state.total.evaluations;
  const double recent = static_cast<double>(evaluations - std::min(evaluations_before_, evaluations)) / passed;
  rate_ = rate_ == 0 ? recent : 0.8 * rate_ + 0.2 * recent;
  evaluations_before_ = state.total.evaluations;
  last_seen_ = now;
}

/// Time to the nearest of the stops that can be foreseen.
std::string SearchDisplay::time_left(const evolve::SearchState& state) const {
  double nearest = -1;
  const auto consider = [&](double limit, double done, double per_second) {
    if (limit <= 0 || per_second <= 0) return;
    const double left = std::max(0.0, (limit - done) / per_second);
    if (nearest < 0 || left < nearest) nearest = left;
  };
  const auto& t = state.total;
  const double evaluations = static_cast<double>(t.evaluations);
  const double steps = evaluations == 0 ? 0 : static_cast<double>(t.train_steps) / evaluations;
  const double per_generation = static_cast<double>(config_.population * config_.islands);
  consider(static_cast<double>(config_.evaluations), evaluations, rate_);
  consider(static_cast<double>(config_.train_steps), static_cast<double>(t.train_steps), rate_ * steps);
  consider(static_cast<double>(config_.generations), static_cast<double>(t.generations), rate_ / per_generation);
  consider(config_.timelimit, state.seconds, 1);
  if (config_.experiments == 1) {
    consider(static_cast<double>(config_.experiment_evaluations), evaluations, rate_);
    consider(static_cast<double>(config_.experiment_train_steps), static_cast<double>(t.train_steps), rate_ * steps);
  }
  return nearest < 0 ? "" : fmt::format("  {} left", duration_text(nearest));
}

std::string SearchDisplay::status(const evolve::SearchState& state, double best) const {
  using evolve::Fate;
  const auto& t = state.total;
  const auto fate = [&](Fate f) { return share(t.fates[static_cast<std::size_t>(f)], t.evaluations); };
  std::string out = fmt::format("experiment {}  generation {}  {} programs  {}/s  best {:.6f}", state.experiment + 1,
                                t.generations - state.before.generations, rate_text(static_cast<double>(t.evaluations)),
                                rate_text(rate_), std::max(best, 0.0));
  out += fmt::format("  same {}  stopped {}  not finite {}", share(t.duplicates, t.evaluations), fate(Fate::early_stop),
                     fate(Fate::non_finite));
  if (config_.cost_limit > 0) out += fmt::format("  too costly {}", fate(Fate::over_limit));
  if (config_.probe_examples > 0) out += fmt::format("  alike {}", fate(Fate::alike));
  if (config_.hurdle_tasks > 0) out += fmt::format("  below the bar {}", fate(Fate::hurdle));
  return out + time_left(state);
}

void SearchDisplay::update(const evolve::SearchState& state, double best) {
  measure(state);
  line_.update([&] { return status(state, best); });
}

void SearchDisplay::experiment(const evolve::Champion& champion) {
  if (champion.experiment >= kMostExperimentLines) return;
  line_.say(fmt::format("experiment {}: search {:.6f}, select {:.6f}", champion.experiment + 1, champion.search,
                        champion.select));
}

}  // namespace mlz::tools
