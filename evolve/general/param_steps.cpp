#include "evolve/general/param_steps.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "lang/core/diagnostics.hpp"
#include "lang/core/draws.hpp"

namespace mlz::evolve {
namespace {

constexpr std::string_view kBegin = "# tuned:";
/// Takes the place of an experiment or outer loop in draws; neither gets there.
constexpr std::uint32_t kSteps = 0xfffffe00;

}  // namespace

ParamStep step_of(const Key& candidate, std::uint64_t seed, int trial) {
  if (trial == 0) return 0;
  KeyMaker maker(seed);
  maker.add(candidate.a, candidate.b);
  const Key& key = maker.key();
  const auto pair = static_cast<std::uint64_t>((trial + 1) / 2);
  const std::uint64_t name = draw_bits({key.a, kSearchStream, kSteps, static_cast<std::uint32_t>(key.b), pair});
  return (name & ~std::uint64_t{1}) | (trial % 2 == 0 ? 1 : 0);
}

ParamValues stepped(const ParamValues& from, ParamStep step, double sigma) {
  ParamValues out = from;
  if (step == 0) return out;
  std::vector<double> noise;
  for (std::size_t p = 0; p < out.size(); ++p) {
    noise.resize(out[p].size());
    draw_normal({step >> 1, kSearchStream, kSteps, static_cast<std::uint32_t>(p), 0}, 0, sigma, noise);
    for (std::size_t i = 0; i < noise.size(); ++i) out[p][i] += (step & 1) == 0 ? noise[i] : -noise[i];
  }
  return out;
}

std::string steps_text(std::span<const ParamStep> steps) {
  if (steps.empty()) return "";
  std::string out(kBegin);
  for (const ParamStep step : steps) out += fmt::format(" {:x}", step);
  return out + "\n";
}

std::vector<ParamStep> steps_of(const std::string& text) {
  std::vector<ParamStep> steps;
  if (!text.starts_with(kBegin)) return steps;
  const char* at = text.data() + kBegin.size();
  const char* const end = text.data() + std::min(text.find('\n'), text.size());
  while (at != end) {
    if (*at == ' ') {
      ++at;
      continue;
    }
    const auto [next, error] = std::from_chars(at, end, steps.emplace_back(), 16);
    if (error != std::errc() || (next != end && *next != ' ')) {
      throw InputError(fmt::format("\"{}\": must be numbers in hexadecimal form", std::string(text.data(), end)));
    }
    at = next;
  }
  return steps;
}

}  // namespace mlz::evolve
