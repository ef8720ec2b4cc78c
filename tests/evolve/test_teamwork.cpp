#include <doctest/doctest.h>

#include "evolve/teamwork.hpp"

using namespace mlz::evolve;
using Clock = Teamwork::Clock;

namespace {

/// Lets windows of 1000 candidates follow each other for so many seconds; gives the part of them that was shared.
double shared_part(Teamwork& team, Clock::time_point& now, double seconds, double together_ms, double alone_ms, double waited) {
  const auto end = now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  int all = 0, shared = 0;
  for (; now < end; ++all) {
    const bool together = team.together();
    shared += together;
    const std::chrono::duration<double, std::milli> took(together ? together_ms : alone_ms);
    const auto began = now;
    now += std::chrono::duration_cast<Clock::duration>(took);
    team.learn(began, now, 1000, together ? waited : 0);
  }
  return shared / static_cast<double>(all);
}

}  // namespace

TEST_CASE("workers who wait little always work together") {
  Teamwork team;
  Clock::time_point now{};
  CHECK(shared_part(team, now, 20, 0.8, 1.5, 0.1) == 1);
}

TEST_CASE("workers who wait much work together as long as that is faster") {
  Teamwork team;
  Clock::time_point now{};
  CHECK(shared_part(team, now, 30, 1.2, 1.5, 0.45) > 0.95);
}

TEST_CASE("where processors are busy one worker goes on alone, and the others come back when they are free") {
  Teamwork team;
  Clock::time_point now{};
  shared_part(team, now, 1, 10, 2, 0.9);
  CHECK(shared_part(team, now, 30, 10, 2, 0.9) < 0.02);
  shared_part(team, now, 5, 0.8, 1.5, 0.1);
  CHECK(shared_part(team, now, 20, 0.8, 1.5, 0.1) == 1);
}
