#include "tools/support/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace mlz::tools {
namespace {

constexpr int kBarWidth = 24;
constexpr int kLinesPerRun = 12;
constexpr auto kLogInterval = std::chrono::seconds(5);

std::string bar(double part) {
  const int full = static_cast<int>(std::clamp(part, 0.0, 1.0) * kBarWidth);
  return fmt::format("[{:=<{}}{: <{}}]", "", full, "", kBarWidth - full);
}

}  // namespace

std::string rate_text(double per_second) {
  if (!(per_second >= 0) || std::isinf(per_second)) return "-";
  if (per_second < 10) return fmt::format("{:.2f}", per_second);
  if (per_second < 1e4) return fmt::format("{:.0f}", per_second);
  if (per_second < 1e6) return fmt::format("{:.1f}k", per_second / 1e3);
  return fmt::format("{:.2f}M", per_second / 1e6);
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e8) return "-";
  const auto s = static_cast<std::int64_t>(seconds);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

ProgressDisplay::ProgressDisplay(Mode mode, std::string metric, std::string watched, int runs)
    : mode_(mode), metric_(std::move(metric)), watched_(std::move(watched)), runs_(runs) {}

ProgressDisplay::Mode ProgressDisplay::mode_for_stderr() {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  return isatty(STDERR_FILENO) && !dumb ? Mode::terminal : Mode::log;
}

void ProgressDisplay::start_run(int number, std::uint64_t seed) {
  run_ = number;
  steps_ = next_line_ = 0;
  if (mode_ != Mode::off && runs_ > 1)
    line(fmt::format("run {} of {}, seed {}", number, runs_, seed));
}

std::string ProgressDisplay::status(const eval::Progress& p) const {
  const double part = p.steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.steps) : 0;
  const double rate = static_cast<double>(p.step) / std::max(p.seconds, 1e-9);
  const double left = static_cast<double>(p.steps - p.step) / std::max(rate, 1e-9);
  std::string text = fmt::format("{} {:3.0f}%  {} steps/s  {} left", bar(part), 100 * part,
                                 rate_text(rate), duration_text(left));
  if (!std::isnan(p.train)) text += fmt::format("  train {} {:.4f}", metric_, p.train);
  if (runs_ > 1) text += fmt::format("  run {}/{}", run_, runs_);
  return text;
}

void ProgressDisplay::update(const eval::Progress& progress) {
  steps_ = progress.steps;
  if (mode_ == Mode::terminal) {
    fmt::print(stderr, "\r{}\x1b[K", status(progress));
    std::fflush(stderr);
    shown_ = true;
  } else if (mode_ == Mode::log && Clock::now() - last_log_ >= kLogInterval) {
    line(status(progress));
  }
}

void ProgressDisplay::point(const eval::CurvePoint& point) {
  if (mode_ == Mode::off || std::isnan(point.valid) || point.step < next_line_) return;
  next_line_ = point.step + steps_ / kLinesPerRun;
  const std::string train =
      std::isnan(point.train) ? "" : fmt::format("  train {:.4f}", point.train);
  line(fmt::format("step {:>9}  epoch {:>3}{}  {} {:.4f}", point.step, point.epoch, train, watched_,
                   point.valid));
}

void ProgressDisplay::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

void ProgressDisplay::line(const std::string& text) {
  clear();
  fmt::print(stderr, "{}\n", text);
  last_log_ = Clock::now();
}

}  // namespace mlz::tools
