#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vm/binder.hpp"

namespace mlz::vm {
namespace {

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

/// Gives every instruction its place in the text, whether or not it is ever reached.
void Binder::number_lines(const std::vector<CoreLine>& lines) {
  for (const CoreLine& line : lines) {
    if (line.kind == CoreLine::Kind::instruction) {
      line_numbers_.emplace(&line, static_cast<std::uint32_t>(out_.lines.size()));
      out_.lines.push_back({function_, one_line(print(line)), line.where});
    }
    number_lines(line.body);
    number_lines(line.otherwise);
  }
}

void Binder::bind_lines(const std::vector<CoreLine>& lines) {
  for (const CoreLine& line : lines) {
    if (stop_) return;
    switch (line.kind) {
      case CoreLine::Kind::instruction:
        bind_instruction(line);
        break;
      case CoreLine::Kind::loop:
        bind_loop(line);
        break;
      case CoreLine::Kind::branch:
        bind_branch(line);
        break;
      case CoreLine::Kind::hole:
        scope_.fail(line.where, "this hole is still to be filled; a program with holes cannot run",
                    "mlzevolve --init fills them");
        break;
    }
  }
}

void Binder::bind_branch(const CoreLine& line) {
  const auto condition = scope_.number(line.condition, line.where, "the condition");
  if (condition) bind_lines(*condition != 0 ? line.body : line.otherwise);
}

void Binder::bind_loop(const CoreLine& line) {
  const auto bound = [&](const StaticExpr& expr, std::int64_t missing, const char* what) {
    return expr ? scope_.whole(expr, line.where, what) : std::optional<std::int64_t>(missing);
  };
  const auto first = bound(line.first, 0, "the start of the loop");
  const auto last = bound(line.last, 0, "the end of the loop");
  const auto step = bound(line.step, 1, "the step of the loop");
  if (!first || !last || !step) return;
  if (*step == 0) return scope_.fail(line.where, "the step of a loop must not be 0");
  const std::int64_t distance = *step > 0 ? *last - *first : *first - *last;
  const std::int64_t stride = std::abs(*step);
  if (distance <= 0) return;
  const std::int64_t turns = (distance - 1) / stride + 1;
  if (!has_room(line, turns)) return;
  BindScope::Variable variable(scope_, line.variable, {});
  for (std::int64_t turn = 0; turn < turns && !stop_; ++turn) {
    variable.set(*first + turn * *step);
    const std::int64_t before = instructions_ + idle_turns_;
    bind_lines(line.body);
    idle_turns_ += instructions_ + idle_turns_ == before;
    if (scope_.failed()) return;  // the next turns would repeat the same errors
  }
}

/// Refuses a loop that must exceed the limit before any of it is unrolled.
bool Binder::has_room(const CoreLine& line, std::int64_t turns) {
  const BindScope::Variable unknown(scope_, line.variable, {});
  const double least = static_cast<double>(turns) * std::max(1.0, least_instructions(line.body));
  const double used = static_cast<double>(instructions_ + idle_turns_);
  if (used + least <= static_cast<double>(options_.max_instructions)) return true;
  stop_ = true;
  scope_.fail(line.where,
              fmt::format("unrolled, this loop has at least {:.0f} instructions; with all before "
                          "it a program may have {}",
                          least, options_.max_instructions),
              "use smaller counts, or operations on whole vectors and matrices");
  return false;
}

/// A lower bound on what these lines unroll to. Names that have no value yet make their part count
/// as nothing.
double Binder::least_instructions(const std::vector<CoreLine>& lines) {
  double total = 0;
  for (const CoreLine& line : lines) {
    if (!scope_.spend(1)) return 0;
    if (line.kind == CoreLine::Kind::instruction) total += line.op == OpId::noop ? 0 : 1;
    if (line.kind == CoreLine::Kind::branch) {
      const auto condition = scope_.try_number(line.condition);
      if (condition)
        total += least_instructions(*condition != 0 ? line.body : line.otherwise);
      else
        total += std::min(least_instructions(line.body), least_instructions(line.otherwise));
    }
    if (line.kind == CoreLine::Kind::loop) {
      const double turns = least_turns(line);
      const BindScope::Variable unknown(scope_, line.variable, {});
      if (turns > 0) total += turns * std::max(1.0, least_instructions(line.body));
    }
  }
  return total;
}

double Binder::least_turns(const CoreLine& line) const {
  const auto first = line.first ? scope_.try_number(line.first) : std::optional<double>(0);
  const auto last = scope_.try_number(line.last);
  const auto step = line.step ? scope_.try_number(line.step) : std::optional<double>(1);
  if (!first || !last || !step || *step == 0) return 0;
  const double turns = std::ceil((*last - *first) / *step);
  return turns > 0 ? turns : 0;
}

}  // namespace mlz::vm
