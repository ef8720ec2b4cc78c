#include "evolve/numbered/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

std::uint8_t draw_input(const Space& space, Kind kind, Draws& draws) {
  const int count = space.banks.count[static_cast<std::size_t>(kind)];
  return static_cast<std::uint8_t>(draws.below(static_cast<std::uint32_t>(count)));
}

/// s0 and v0 are never written.
std::uint8_t draw_output(const Space& space, Kind kind, Draws& draws) {
  const int first = kind == Kind::matrix ? 0 : 1;
  const int count = space.banks.count[static_cast<std::size_t>(kind)] - first;
  return static_cast<std::uint8_t>(first + static_cast<int>(draws.below(static_cast<std::uint32_t>(count))));
}

float draw_fraction(Draws& draws) { return std::min(static_cast<float>(draws.uniform()), std::nextafter(1.0F, 0.0F)); }
float draw_value(Draws& draws) { return static_cast<float>(draws.uniform(-1, 1)); }

void draw_data(Data data, Instruction& i, Draws& draws) {
  const auto pair = [&](float low, float high) { i.set_pair({low, high}); };
  switch (data) {
    case Data::none: break;
    case Data::number: i.set_number(draws.uniform(-1, 1)); break;
    case Data::entry_m: i.extra = draw_fraction(draws); [[fallthrough]];
    case Data::entry_v: {
      const float fraction = draw_fraction(draws);
      pair(fraction, draw_value(draws));
      break;
    }
    case Data::uniform: {
      const float low = draw_value(draws);
      pair(low, draw_value(draws));
      break;
    }
    case Data::normal: {
      const float mean = draw_value(draws);
      pair(mean, static_cast<float>(draws.uniform()));
      break;
    }
  }
}

/// Scales a constant, keeping its sign.
double scale(ConstantRule rule, double value, Draws& draws) {
  return value * (rule == ConstantRule::lognormal ? std::exp(draws.normal()) : draws.uniform(0.5, 2));
}

double flip_or_scale(ConstantRule rule, double value, Draws& draws) {
  const bool flip = draws.uniform() < 0.1;
  if (rule == ConstantRule::factor) return scale(rule, flip ? -value : value, draws);
  return flip ? -value : scale(rule, value, draws);
}

float flip_or_scale(ConstantRule rule, float value, Draws& draws) {
  return static_cast<float>(flip_or_scale(rule, static_cast<double>(value), draws));
}

void alter_uniform(ConstantRule rule, Instruction& i, Draws& draws) {
  auto [low, high] = i.pair();
  float& changed = draws.below(2) == 0 ? low : high;
  changed = flip_or_scale(rule, changed, draws);
  i.set_pair({std::min(low, high), std::max(low, high)});
}

void alter_normal(ConstantRule rule, Instruction& i, Draws& draws) {
  auto [mean, deviation] = i.pair();
  if (draws.below(2) == 0) {
    mean = flip_or_scale(rule, mean, draws);
  } else {
    deviation = static_cast<float>(scale(rule, static_cast<double>(deviation), draws));
  }
  i.set_pair({mean, deviation});
}

void alter_entry(ConstantRule rule, Instruction& i, bool matrix, Draws& draws) {
  auto [fraction, value] = i.pair();
  const std::uint32_t choice = draws.below(matrix ? 3 : 2);
  if (choice == 0) {
    value = flip_or_scale(rule, value, draws);
  } else {
    (choice == 1 ? fraction : i.extra) = draw_fraction(draws);
  }
  i.set_pair({fraction, value});
}

void alter_data(ConstantRule rule, Instruction& i, Data data, Draws& draws) {
  switch (data) {
    case Data::none: break;
    case Data::number: i.set_number(flip_or_scale(rule, i.number(), draws)); break;
    case Data::entry_v:
    case Data::entry_m: alter_entry(rule, i, data == Data::entry_m, draws); break;
    case Data::uniform: alter_uniform(rule, i, draws); break;
    case Data::normal: alter_normal(rule, i, draws); break;
  }
}

void check_op(const Space& space, std::size_t f, const NumberedOp& op) {
  const auto need = [&](Kind kind, int count) {
    if (space.banks.count[static_cast<std::size_t>(kind)] >= count) return;
    throw InputError(fmt::format("operation {} ({}) of {} needs {}; set {}s = {} or more, or leave the operation out",
                                 op.number, signature(op), function_name(kFunctions[f]),
                                 count == 1 ? fmt::format("a {}", kind_name(kind))
                                            : fmt::format("a {} that may be written", kind_name(kind)),
                                 kind == Kind::matrix ? "matrice" : kind_name(kind), count));
  };
  for (const Kind kind : op.in) need(kind, 1);
  if (op.has_out) need(op.out, op.out == Kind::matrix ? 1 : 2);
}

void check_part(const Space& space, std::size_t f) {
  const Space::Part& part = space.parts[f];
  const char* name = function_name(kFunctions[f]);
  if (part.least > part.most) {
    throw InputError(fmt::format("{} may have at least {} and at most {} instructions; no program fits", name, part.least,
                                 part.most));
  }
  if (!part.ops.empty() && (part.start < part.least || part.start > part.most)) {
    throw InputError(fmt::format("{} starts with {} instructions, but may have {} to {}", name, part.start, part.least,
                                 part.most));
  }
  for (const std::uint8_t op : part.ops) check_op(space, f, numbered_ops()[op]);
}

}  // namespace

int Space::most_instructions() const { return parts[0].most + parts[1].most + parts[2].most; }

void check(const Space& space) {
  const auto& count = space.banks.count;
  if (count[0] < 2 || count[1] < 1) {
    throw InputError("a program needs the scalars s0 and s1 (label, prediction) and the vector v0 (features): set "
                     "scalars = 2 and vectors = 1 or more");
  }
  if (count[0] + count[1] + count[2] > 64) {
    throw InputError(fmt::format("{} scalars, {} vectors and {} matrices are more than 64 registers", count[0], count[1],
                                 count[2]));
  }
  bool any = false;
  for (std::size_t f = 0; f < 3; ++f) {
    check_part(space, f);
    any = any || !space.parts[f].ops.empty();
  }
  if (!any) throw InputError("no function has operations to search with: set setup-ops, predict-ops or learn-ops");
}

Instruction draw_instruction(const Space& space, std::size_t f, Draws& draws) {
  const auto& ops = space.parts[f].ops;
  Instruction i;
  i.op = ops[draws.below(static_cast<std::uint32_t>(ops.size()))];
  const NumberedOp& info = i.info();
  for (std::size_t k = 0; k < info.in.size(); ++k) i.in[k] = draw_input(space, info.in[k], draws);
  if (info.has_out) i.out = draw_output(space, info.out, draws);
  draw_data(info.data, i, draws);
  return i;
}

void alter(const Space& space, Instruction& i, Draws& draws) {
  const NumberedOp& info = i.info();
  if (!info.has_out) return;
  const auto inputs = static_cast<std::uint32_t>(info.in.size());
  const std::uint32_t choice = draws.below(inputs + 1 + (info.data != Data::none ? 1 : 0));
  if (choice < inputs) {
    i.in[choice] = draw_input(space, info.in[choice], draws);
  } else if (choice == inputs) {
    i.out = draw_output(space, info.out, draws);
  } else {
    alter_data(space.constants, i, info.data, draws);
  }
}

void alter_constant(const Space& space, Instruction& i, Draws& draws) {
  alter_data(space.constants, i, i.info().data, draws);
}

Genome redrawn(const Space& space, const Genome& base, Draws& draws) {
  Genome genome;
  genome.code.reserve(static_cast<std::size_t>(space.most_instructions()));
  for (std::size_t f = 0; f < 3; ++f) {
    const bool open = !space.parts[f].ops.empty();
    const auto kept = base.function(f);
    genome.length[f] = open ? static_cast<std::uint8_t>(space.parts[f].start) : base.length[f];
    for (std::size_t k = 0; k < genome.length[f]; ++k) {
      genome.code.push_back(open ? draw_instruction(space, f, draws) : kept[k]);
    }
  }
  return genome;
}

Genome first_genome(const Space& space, bool random, Draws& draws) {
  if (random) return redrawn(space, {}, draws);
  Genome genome;
  for (std::size_t f = 0; f < 3; ++f) {
    if (!space.parts[f].ops.empty()) genome.length[f] = static_cast<std::uint8_t>(space.parts[f].start);
  }
  genome.code.reserve(static_cast<std::size_t>(space.most_instructions()));
  genome.code.resize(std::size_t{genome.length[0]} + genome.length[1] + genome.length[2]);
  return genome;
}

}  // namespace mlz::evolve
