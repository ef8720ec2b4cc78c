#include "tools/evolve/tune_display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mlz::tools {

std::string TuneDisplay::status(const evolve::SearchState& state, double best) const {
  const auto& t = state.total;
  const double passed = std::chrono::duration<double>(Clock::now() - begun_).count();
  const double rate = passed > 0 ? static_cast<double>(t.evaluations - evaluations_first_) / passed : 0;
  std::string out = fmt::format("generation {}  {} candidates  {}/s  best {:.6f}  mean {:.6f}", t.generations,
                                t.evaluations, rate_text(rate), best, mean_);
  double left = config_.timelimit > 0 ? config_.timelimit - state.seconds : -1;
  const auto consider = [&](std::int64_t limit, std::uint64_t done, std::uint64_t first) {
    if (limit <= 0 || done <= first) return;
    const double share = (static_cast<double>(limit) - static_cast<double>(done)) / static_cast<double>(done - first);
    const double more = std::max(0.0, share * passed);
    left = left < 0 ? more : std::min(left, more);
  };
  consider(config_.evaluations, t.evaluations, evaluations_first_);
  consider(config_.generations, t.generations, generations_first_);
  return left < 0 ? out : out + fmt::format("  {} left", duration_text(left));
}

void TuneDisplay::update(const evolve::SearchState& state, double best) {
  if (!started_) {
    started_ = true;
    begun_ = Clock::now();
    evaluations_first_ = state.total.evaluations;
    generations_first_ = state.total.generations;
  }
  line_.update([&] { return status(state, best); });
}

void TuneDisplay::log(const std::string& line) {
  const auto json = nlohmann::json::parse(line);
  if (json.contains("mean")) mean_ = json.at("mean");
  if (json.at("event") != "held_out") return;
  line_.say(fmt::format("generation {}: held-out {:.6f}", json.at("generation").get<std::int64_t>(),
                        json.at("score").get<double>()));
}

}  // namespace mlz::tools
