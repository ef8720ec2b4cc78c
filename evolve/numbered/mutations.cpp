#include "evolve/numbered/mutations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

/// A function with operations, each equally likely.
std::size_t pick_function(const Space& space, Draws& draws) {
  std::array<std::size_t, 3> open{};
  std::uint32_t count = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    if (!space.parts[f].ops.empty()) open[count++] = f;
  }
  return open[draws.below(count)];
}

std::uint32_t position(std::size_t count, Draws& draws) { return draws.below(static_cast<std::uint32_t>(count)); }

void insert_at(const Space& space, Genome& genome, std::size_t f, Draws& draws) {
  const std::uint32_t at = position(genome.length[f] + std::size_t{1}, draws);
  const Instruction drawn = draw_instruction(space, f, draws);
  genome.code.insert(genome.code.begin() + static_cast<std::ptrdiff_t>(genome.first(f) + at), drawn);
  ++genome.length[f];
}

void remove_at(Genome& genome, std::size_t f, Draws& draws) {
  const std::uint32_t at = position(genome.length[f], draws);
  genome.code.erase(genome.code.begin() + static_cast<std::ptrdiff_t>(genome.first(f) + at));
  --genome.length[f];
}

bool alter(const Space& space, Genome& genome, Draws& draws) {
  const auto code = genome.function(pick_function(space, draws));
  if (code.empty()) return false;
  evolve::alter(space, code[position(code.size(), draws)], draws);
  return true;
}

bool randomize_instruction(const Space& space, Genome& genome, Draws& draws) {
  const std::size_t f = pick_function(space, draws);
  const auto code = genome.function(f);
  if (code.empty()) return false;
  Instruction& chosen = code[position(code.size(), draws)];
  chosen = draw_instruction(space, f, draws);
  return true;
}

bool redraw(const Space& space, Genome& genome, std::size_t f, Draws& draws) {
  for (Instruction& i : genome.function(f)) i = draw_instruction(space, f, draws);
  return genome.length[f] > 0;
}

bool randomize_function(const Space& space, Genome& genome, Draws& draws) {
  return redraw(space, genome, pick_function(space, draws), draws);
}

bool insert(const Space& space, Genome& genome, Draws& draws) {
  const std::size_t f = pick_function(space, draws);
  if (genome.length[f] >= space.parts[f].most) return false;
  insert_at(space, genome, f, draws);
  return true;
}

bool remove(const Space& space, Genome& genome, Draws& draws) {
  const std::size_t f = pick_function(space, draws);
  if (genome.length[f] <= space.parts[f].least) return false;
  remove_at(genome, f, draws);
  return true;
}

bool trade(const Space& space, Genome& genome, Draws& draws) {
  const std::size_t f = pick_function(space, draws);
  if (genome.length[f] == kLongestFunction) return false;
  insert_at(space, genome, f, draws);
  remove_at(genome, f, draws);
  return true;
}

bool randomize_program(const Space& space, Genome& genome, Draws& draws) {
  bool changed = false;
  for (std::size_t f = 0; f < 3; ++f) {
    if (!space.parts[f].ops.empty()) changed |= redraw(space, genome, f, draws);
  }
  return changed;
}

bool change_op(const Space& space, Genome& genome, Draws& draws) {
  const std::size_t f = pick_function(space, draws);
  const auto code = genome.function(f);
  if (code.empty()) return false;
  Instruction& chosen = code[position(code.size(), draws)];
  const NumberedOp& old = chosen.info();
  std::vector<std::uint8_t> fitting;
  for (const std::uint8_t op : space.parts[f].ops) {
    const NumberedOp& other = numbered_ops()[op];
    const bool same = other.in == old.in && other.has_out == old.has_out && other.out == old.out && other.data == old.data;
    if (same && op != chosen.op) fitting.push_back(op);
  }
  if (fitting.empty()) return false;
  chosen.op = fitting[position(fitting.size(), draws)];
  return true;
}

bool swap(const Space& space, Genome& genome, Draws& draws) {
  const auto code = genome.function(pick_function(space, draws));
  if (code.size() < 2) return false;
  const std::uint32_t a = position(code.size(), draws), b = position(code.size(), draws);
  if (code[a] == code[b]) return false;
  std::swap(code[a], code[b]);
  return true;
}

bool alter_constant(const Space& space, Genome& genome, Draws& draws) {
  const auto code = genome.function(pick_function(space, draws));
  std::vector<Instruction*> fitting;
  for (Instruction& i : code) {
    if (i.info().data != Data::none) fitting.push_back(&i);
  }
  if (fitting.empty()) return false;
  evolve::alter_constant(space, *fitting[position(fitting.size(), draws)], draws);
  return true;
}

bool identity(const Space&, Genome&, Draws&) { return false; }

double weight_of(const std::string& text, const std::string& item) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error == std::errc() && end == text.data() + text.size() && weight >= 0 && std::isfinite(weight)) return weight;
  throw InputError(fmt::format("mutations: \"{}\": the weight must be a number from 0 up", item));
}

std::size_t index_of(const std::string& name, const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string near = closest(name, names);
  throw InputError(fmt::format("mutations: there is no mutation \"{}\"{}; mutations are: {}", name,
                               near.empty() ? "" : fmt::format(" (did you mean {}?)", near), fmt::join(names, ", ")));
}

}  // namespace

const std::vector<Mutation>& numbered_mutations() {
  static const std::vector<Mutation> table{
#define MLZ_MUTATION(name, meaning) {#name, meaning, name},
#include "evolve/numbered/mutations.def"
#undef MLZ_MUTATION
  };
  return table;
}

std::size_t Mix::pick(Draws& draws) const {
  double total = 0;
  for (const auto& [index, weight] : parts) total += weight;
  double left = draws.uniform() * total;
  for (const auto& [index, weight] : parts) {
    left -= weight;
    if (left < 0) return index;
  }
  return parts.back().first;
}

Mix parse_mix(const std::string& text, const std::vector<std::string>& names) {
  Mix mix;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    std::erase(item, ' ');
    const std::size_t colon = item.find(':');
    const double weight = colon == std::string::npos ? 1 : weight_of(item.substr(colon + 1), item);
    const std::size_t index = index_of(item.substr(0, colon), names);
    if (weight > 0) mix.parts.emplace_back(index, weight);
  }
  if (mix.parts.empty()) throw InputError("mutations: no mutation has a weight above 0; identity changes nothing");
  return mix;
}

std::vector<std::string> mutation_names() {
  std::vector<std::string> names;
  for (const Mutation& m : numbered_mutations()) names.emplace_back(m.name);
  return names;
}

std::string list_mutations() {
  std::string out = "Mutations, used as --mutations NAME[:WEIGHT],...\n\n";
  for (const Mutation& m : numbered_mutations()) out += fmt::format("  {:<22} {}\n", m.name, m.meaning);
  return out;
}

}  // namespace mlz::evolve
