#include "bench/measure.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace mlz::bench {
namespace {

double now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

std::function<Sample()> timed(clockid_t clock, std::function<double()> work) {
  return [clock, work = std::move(work)] {
    const double begin = now(clock);
    const double result = work();
    return Sample{now(clock) - begin, result};
  };
}

void compare(const Case& work, const Contender& contender, double result, double expected) {
  if (contender.tolerance < 0 || std::abs(result - expected) <= contender.tolerance * std::abs(expected)) return;
  throw std::runtime_error(fmt::format("{}: `{}` computes {} where `{}` computes {}", work.name, contender.name, result,
                                       work.contenders.front().name, expected));
}

/// How many runs of each contender make one repetition. The first runs fill the caches and are compared.
std::vector<int> calibrate(const Case& work, const Effort& effort) {
  const double share = effort.seconds * 1e9 / effort.repetitions / static_cast<double>(work.contenders.size());
  std::vector<int> runs;
  double expected = 0;
  for (const Contender& c : work.contenders) {
    const Sample first = c.run();
    if (runs.empty()) expected = first.result;
    compare(work, c, first.result, expected);
    runs.push_back(static_cast<int>(std::clamp(share / std::max(first.nanoseconds, 1.0), 1.0, 1e6)));
  }
  return runs;
}

double mean_time(const Contender& contender, int runs) {
  double total = 0;
  for (int k = 0; k < runs; ++k) total += contender.run().nanoseconds;
  return total / runs;
}

}  // namespace

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t last = values.size() - 1;
  return {values[values.size() / 2], values[last / 4], values[last - last / 4]};
}

std::function<Sample()> on_this_thread(std::function<double()> work) {
  return timed(CLOCK_THREAD_CPUTIME_ID, std::move(work));
}
std::function<Sample()> by_the_wall(std::function<double()> work) { return timed(CLOCK_MONOTONIC, std::move(work)); }

Row measure(const std::string& bench, const Case& work, const Effort& effort) {
  const std::vector<int> runs = calibrate(work, effort);
  const std::size_t count = work.contenders.size();
  std::vector<std::vector<double>> times(count);
  for (int repetition = 0; repetition < effort.repetitions; ++repetition) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t c = (k + static_cast<std::size_t>(repetition)) % count;
      times[c].push_back(mean_time(work.contenders[c], runs[c]) / work.nanoseconds_per_unit);
    }
  }
  Row row{bench, work.name, work.unit, "", {}, {}};
  std::size_t fastest = count;
  for (std::size_t c = 0; c < count; ++c) {
    const Contender& contender = work.contenders[c];
    row.times.push_back({contender.name, contender.ours, spread(times[c])});
    const bool faster = fastest == count || row.times[c].time.median < row.times[fastest].time.median;
    if (contender.ours && faster) fastest = c;
  }
  if (fastest == count) return row;
  row.fastest = work.contenders[fastest].name;
  for (std::size_t c = 0; c < count; ++c) {
    if (work.contenders[c].ours) continue;
    std::vector<double> ratios;
    for (std::size_t k = 0; k < times[c].size(); ++k) ratios.push_back(times[c][k] / times[fastest][k]);
    row.ratios.push_back({work.contenders[c].name, spread(ratios)});
  }
  return row;
}

}  // namespace mlz::bench
