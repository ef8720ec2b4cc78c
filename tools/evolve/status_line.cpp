#include "tools/evolve/status_line.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace mlz::tools {
namespace {

constexpr double kLogSeconds = 10;

}  // namespace

void StatusLine::update(const std::function<std::string()>& text) {
  if (mode_ == ProgressDisplay::Mode::off) return;
  if (mode_ == ProgressDisplay::Mode::terminal) {
    fmt::print(stderr, "\r\033[K{}", text());
    shown_ = true;
    std::fflush(stderr);
    return;
  }
  if (std::chrono::duration<double>(Clock::now() - last_line_).count() < kLogSeconds) return;
  last_line_ = Clock::now();
  fmt::print(stderr, "{}\n", text());
}

void StatusLine::say(const std::string& line) {
  if (mode_ == ProgressDisplay::Mode::off) return;
  clear();
  fmt::print(stderr, "{}\n", line);
}

void StatusLine::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace mlz::tools
