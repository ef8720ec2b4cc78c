#include "evolve/memory_need.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "evolve/general/space.hpp"
#include "evolve/numbered/genome.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

constexpr double kBytesOfEntry = 32;       // of a cache
constexpr double kBytesOfGenome = 256;     // besides its code
constexpr double kBytesOfCoreLine = 1000;  // with operands and expressions
constexpr double kMiB = 1 << 20;

std::string text_of(double bytes) {
  if (bytes < 1024 * kMiB) return fmt::format("{:.0f} MiB", std::ceil(bytes / kMiB));
  return fmt::format("{:.1f} GiB", bytes / kMiB / 1024);
}

double cache_bytes(const Config& c) {
  if (!c.cache) return 0;
  const auto each = static_cast<std::uint64_t>(std::max<std::int64_t>(c.cache_size / c.islands, 2));
  const int kinds = 1 + (c.probe_examples > 0 ? 1 : 0) + (c.hurdle_tasks > 0 ? 1 : 0);
  return kBytesOfEntry * static_cast<double>(std::bit_ceil(each)) * kinds * static_cast<double>(c.islands);
}

double bytes_of_program(const Config& c, const std::vector<CoreProgram>& first) {
  const auto instructions = static_cast<double>(c.setup_max + c.predict_max + c.learn_max);
  if (first.empty()) return kBytesOfGenome + sizeof(Instruction) * instructions;
  double most = 0;
  for (const CoreProgram& program : first) {
    std::size_t lines = program.declarations.size();
    for (const auto& function : program.functions) lines += static_cast<std::size_t>(instructions_in(function));
    most = std::max(most, kBytesOfCoreLine * static_cast<double>(lines));
  }
  return kBytesOfGenome + most;
}

}  // namespace

std::vector<MemoryPart> memory_of_programs(const Config& c, const std::vector<CoreProgram>& first) {
  const auto places = static_cast<double>(c.islands) * static_cast<double>(c.population + std::min(c.window, c.population));
  return {{fmt::format("caches of scores (--cache-size {})", c.cache_size), cache_bytes(c)},
          {fmt::format("{:.0f} programs (--population {}, --islands {})", places, c.population, c.islands),
           places * bytes_of_program(c, first)}};
}

std::vector<MemoryPart> memory_of_params(const Config& c, std::size_t params) {
  const auto n = static_cast<double>(params);
  const double candidates = c.tune == "grad" ? 4 : static_cast<double>(c.population);
  std::vector<MemoryPart> parts{
      {fmt::format("{:.0f} candidates of {} numbers (--population)", candidates, params), candidates * n * sizeof(double)}};
  if (c.tune == "cma" && c.covariance == "full") {
    parts.push_back({"the covariance matrix (--covariance diagonal needs none)", 3 * n * n * sizeof(double)});
  }
  return parts;
}

MemoryPart memory_of_registers(const Config& c, std::int64_t bytes_f64, std::int64_t lanes) {
  const std::string shared = lanes > 1 ? fmt::format(" of {} lifetimes (--lanes)", lanes) : "";
  return {fmt::format("registers{} in {} thread{} (--threads)", shared, c.threads, c.threads == 1 ? "" : "s"),
          static_cast<double>(bytes_f64) * static_cast<double>(lanes * c.threads)};
}

void require_memory(const Config& c, const std::vector<MemoryPart>& parts) {
  double all = 0;
  std::string list;
  for (const MemoryPart& part : parts) {
    all += part.bytes;
    if (part.bytes >= kMiB) list += fmt::format("{}{} for {}", list.empty() ? "" : ", ", text_of(part.bytes), part.what);
  }
  if (all <= static_cast<double>(c.max_memory) * kMiB) return;
  throw InputError(fmt::format("the search needs about {}, more than the allowed {} (--max-memory {}): {}; make them smaller, "
                               "or allow more",
                               text_of(all), text_of(static_cast<double>(c.max_memory) * kMiB), c.max_memory, list));
}

}  // namespace mlz::evolve
