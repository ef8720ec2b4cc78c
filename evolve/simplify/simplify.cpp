#include "evolve/simplify/simplify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

#include "evolve/general/invent.hpp"
#include "evolve/general/mutations.hpp"
#include "evolve/general/program_key.hpp"
#include "evolve/simplify/edits.hpp"
#include "lang/text/compile.hpp"
#include "lang/text/readable.hpp"

namespace mlz::evolve {
namespace {

using Scores = std::vector<Score>;

bool same_bits(const Scores& a, const Scores& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Score& x, const Score& y) {
    return std::bit_cast<std::uint64_t>(x.fitness) == std::bit_cast<std::uint64_t>(y.fitness) && x.steps == y.steps;
  });
}

bool no_worse(const Scores& a, const Scores& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Score& x, const Score& y) { return x.fitness >= y.fitness; });
}

std::optional<CoreProgram> compiled(const std::string& text) {
  Diagnostics diagnostics;
  auto made = text::compile(std::make_shared<SourceFile>(SourceFile{"<simplified>", text}), {}, diagnostics);
  return made && diagnostics.ok() ? std::optional(std::move(made->core)) : std::nullopt;
}

class Simplifier {
 public:
  Simplifier(const CoreProgram& program, std::span<const ProgramEvaluator> sets, const SimplifyOptions& options)
      : sets_(sets), options_(options), best_(program) {
    std::string why;
    const auto bound = sets.front().bind(program, &why);
    if (!bound) throw InputError(why);
    scores_ = scores(program);
  }

  const Scores& reached() const { return scores_; }
  CoreProgram& program() { return best_; }

  Scores scores(const CoreProgram& program) const {
    Scores out;
    for (const ProgramEvaluator& set : sets_) out.push_back(set.score(program));
    return out;
  }

  /// Takes a smaller program that scores no less.
  bool take(const std::optional<CoreProgram>& smaller) {
    if (!smaller || stopped() || (options_.most_runs > 0 && runs_ >= options_.most_runs)) return false;
    ++runs_;
    const Scores found = scores(*smaller);
    if (!no_worse(found, scores_)) return false;
    best_ = *smaller;
    scores_ = found;
    return true;
  }

  void drop_dead() { best_ = without_dead(best_, sets_.front()); }
  void ablate();
  void round_constants();
  void tune(std::int64_t trials, std::uint64_t seed);
  std::string readable_text() const;

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began_ = Clock::now();
  std::span<const ProgramEvaluator> sets_;
  const SimplifyOptions& options_;
  CoreProgram best_;
  Scores scores_;
  std::uint64_t runs_ = 0;

  bool stopped() const {
    const std::chrono::duration<double> spent = Clock::now() - began_;
    return (options_.stop != nullptr && options_.stop->load()) ||
           (options_.most_seconds > 0 && spent.count() > options_.most_seconds);
  }

  bool shorten(std::size_t n);
};

/// Tries to do without the n-th instruction.
bool Simplifier::shorten(std::size_t n) {
  if (take(without(best_, [n](std::size_t number) { return number == n; }))) return true;
  for (std::size_t operand = 0; operand < 3; ++operand) {
    if (take(bypassed(best_, n, operand))) return true;
  }
  return false;
}

void Simplifier::ablate() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t n = instruction_count(best_); n-- > 0;) {
      if (n < instruction_count(best_)) changed |= shorten(n);
    }
    drop_dead();
  }
}

GeneralSpace everything() {
  GeneralSpace space;
  for (auto& part : space.parts) part.ops = {OpId::add};
  return space;
}

/// A number, or the number in front of a product, with so many digits; nothing where that is what it has.
std::optional<StaticExpr> rounded(const StaticExpr& e, int digits) {
  const bool product = e.kind() == StaticExpr::Kind::call && e.text() == "*";
  if (product) {
    const auto factor = rounded(e.args()[0], digits);
    return factor ? std::optional(StaticExpr::call("*", {*factor, e.args()[1]})) : std::nullopt;
  }
  if (e.kind() != StaticExpr::Kind::number || !std::isfinite(e.value())) return {};
  const double value = std::stod(fmt::format("{:.{}g}", e.value(), digits));
  return value == e.value() ? std::nullopt : std::optional(StaticExpr::number(value));
}

/// Numbers get as few digits as the scores allow.
void Simplifier::round_constants() {
  const GeneralSpace space = everything();
  const std::size_t count = free_constants(space, best_).size();
  for (std::size_t k = 0; k < count; ++k) {
    for (int digits = 1; digits <= 3; ++digits) {
      CoreProgram shorter = best_;
      StaticExpr& constant = *free_constants(space, shorter)[k];
      const auto value = rounded(constant, digits);
      if (!value) break;
      constant = *value;
      if (take(shorter)) break;
    }
  }
}

/// Random search over factors from 0.001 to 1000 (Real et al. 2020, supplementary section on simplification); a trial
/// changes one constant or several. Ties keep what there is.
void Simplifier::tune(std::int64_t trials, std::uint64_t seed) {
  const GeneralSpace space = everything();
  const auto count = static_cast<std::uint32_t>(free_constants(space, best_).size());
  const auto sum = [](const Scores& scores) {
    double total = 0;
    for (const Score& s : scores) total += s.fitness;
    return total;
  };
  for (std::int64_t t = 0; t < trials && count > 0 && !stopped(); ++t) {
    Draws draws(seed, 0xFFFFFFFE, 0, static_cast<std::uint64_t>(t));
    CoreProgram changed = best_;
    const auto constants = free_constants(space, changed);
    const std::uint32_t one = draws.below(count);
    for (std::uint32_t k = 0; k < count; ++k) {
      const bool chosen = k == one || draws.uniform() < 1.0 / count;
      const double factor = std::exp(draws.uniform(std::log(1e-3), std::log(1e3)));
      if (chosen) *constants[k] = scaled(*constants[k], factor);
    }
    const Scores found = scores(changed);
    if (!no_worse(found, scores_) || !(sum(found) > sum(scores_))) continue;
    best_ = std::move(changed);
    scores_ = found;
  }
}

/// The most readable text that has the scores; the core text has them by all means.
std::string Simplifier::readable_text() const {
  for (const text::ReadableOptions& options :
       {text::ReadableOptions{true, true}, text::ReadableOptions{true, false}, text::ReadableOptions{false, true}}) {
    const std::string text = text::readable(best_, options);
    const auto core = compiled(text);
    if (core && same_bits(scores(*core), scores_)) return text;
  }
  return print(best_);
}

}  // namespace

CoreProgram without_dead(const CoreProgram& program, const ProgramEvaluator& on) {
  CoreProgram out = without_decided_branches(program);
  const auto bound = on.bind(out);
  if (!bound) return program;
  std::vector<bool> live(bound->lines.size()), reached(bound->lines.size());
  for (const auto& code : bound->code) {
    for (const vm::BoundInstruction& i : code) {
      reached[i.line] = true;
      if (i.live) live[i.line] = true;
    }
  }
  // A line that never ran here may run with other sizes.
  std::size_t number = 0;
  std::vector<bool> gone(live.size());
  const std::function<void(const std::vector<CoreLine>&)> walk = [&](const std::vector<CoreLine>& lines) {
    for (const CoreLine& line : lines) {
      if (line.kind == CoreLine::Kind::instruction) {
        gone[number] = !live[number] && (reached[number] || line.op == OpId::noop);
        ++number;
      }
      walk(line.body);
      walk(line.otherwise);
    }
  };
  for (const auto& lines : out.functions) walk(lines);
  if (auto smaller = without(out, [&](std::size_t n) { return gone[n]; })) out = std::move(*smaller);
  drop_unused(out);
  const auto again = on.bind(out);
  return again && key_of(*again, 0) == key_of(*bound, 0) ? out : program;
}

Simplified simplify(const CoreProgram& program, std::span<const ProgramEvaluator> sets,
                    const SimplifyOptions& options) {
  Simplifier simplifier(program, sets, options);
  Simplified out;
  out.before = simplifier.reached();
  simplifier.drop_dead();
  if (options.ablate) simplifier.ablate();
  if (options.tune > 0) simplifier.tune(options.tune, options.seed);
  if (options.ablate) simplifier.round_constants();
  out.core = simplifier.program();
  out.after = simplifier.reached();
  out.text = simplifier.readable_text();
  return out;
}

}  // namespace mlz::evolve
