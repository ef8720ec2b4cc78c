#include <algorithm>
#include <map>

#include "vm/bound_program.hpp"

namespace mlz::vm {
namespace {

using Code = std::vector<BoundInstruction>;
/// Which registers hold a value that is still needed, by register.
using Needed = std::vector<char>;

bool overwrites_all(const BoundInstruction& i) { return i.op != OpId::set || i.value != 0; }

/// What is needed before `code` when `needed` is needed after it. Reports each instruction, last
/// one first, with whether its result is needed.
template <class Report>
Needed needed_before(const Code& code, Needed needed, Report report) {
  for (std::size_t k = code.size(); k-- > 0;) {
    const BoundInstruction& i = code[k];
    const bool live = needed[i.out] != 0;
    report(k, live);
    if (!live) continue;
    if (overwrites_all(i)) needed[i.out] = 0;
    for (int j = 0; j < i.in_count; ++j) needed[i.in[static_cast<std::size_t>(j)]] = 1;
  }
  return needed;
}

bool join(Needed& into, const Needed& other) {
  bool changed = false;
  for (std::size_t i = 0; i < into.size(); ++i) {
    changed = changed || (other[i] && !into[i]);
    into[i] = static_cast<char>(into[i] | other[i]);
  }
  return changed;
}

/// The lifetime loop: Setup, then Predict and Learn over and over, or Predict alone while nothing
/// is learnt.
class Lifetime {
 public:
  Lifetime(const BoundProgram& program, bool registers_are_roots)
      : program_(program), roots_(program.registers.size(), 0) {
    if (registers_are_roots) {
      for (std::size_t i = 0; i < roots_.size(); ++i) roots_[i] = program.registers[i].observed;
    }
    before_.fill(Needed(roots_.size(), 0));
    while (grow(Function::predict) | grow(Function::learn)) {
    }
  }

  /// Liveness of every instruction of one function.
  std::vector<char> marks(Function function) const {
    const Code& code = code_of(function);
    std::vector<char> live(code.size(), 0);
    needed_before(code, after(function), [&](std::size_t k, bool l) { live[k] = l; });
    return live;
  }

 private:
  const BoundProgram& program_;
  Needed roots_;
  std::array<Needed, 3> before_;

  const Code& code_of(Function f) const { return program_.code[static_cast<std::size_t>(f)]; }
  const Needed& before(Function f) const { return before_[static_cast<std::size_t>(f)]; }

  bool grow(Function f) {
    return join(before_[static_cast<std::size_t>(f)],
                needed_before(code_of(f), after(f), [](std::size_t, bool) {}));
  }

  Needed after(Function f) const {
    Needed needed = before(Function::predict);
    if (f == Function::predict) join(needed, before(Function::learn));
    for (const Role role : {Role::x, Role::target, Role::reward, Role::action, Role::done}) {
      if (program_.with_role(role) != kNoRegister) needed[program_.with_role(role)] = 0;
    }
    const RegisterId y = program_.with_role(Role::y);
    if (f == Function::predict && y != kNoRegister) needed[y] = 1;
    join(needed, roots_);
    return needed;
  }
};

/// Numbers the samplers: lines that can reach a prediction first, in order of the text. The turns
/// of one line inside loops share its number and take its draws in turn.
void number_samplers(BoundProgram& program, const std::array<std::vector<char>, 3>& live) {
  std::map<std::uint32_t, bool> lines;  // line -> live
  std::map<std::uint32_t, std::uint64_t> draws;
  for (std::size_t f = 0; f < 3; ++f) {
    for (std::size_t k = 0; k < program.code[f].size(); ++k) {
      BoundInstruction& i = program.code[f][k];
      if (!op_info(i.op).has(kRandom)) continue;
      i.draw_first = draws[i.line]++;
      bool& line_live = lines[i.line];
      line_live = line_live || live[f][k];
    }
  }
  std::map<std::uint32_t, std::uint32_t> numbers;
  for (const bool wanted : {true, false}) {
    for (const auto& [line, line_live] : lines) {
      if (line_live == wanted) numbers.emplace(line, static_cast<std::uint32_t>(numbers.size()));
    }
  }
  for (Code& code : program.code) {
    for (BoundInstruction& i : code) {
      if (!op_info(i.op).has(kRandom)) continue;
      i.sampler = numbers.at(i.line);
      i.draw_stride = draws.at(i.line);
    }
  }
}

std::array<std::vector<char>, 3> marks(const BoundProgram& program, bool registers_are_roots) {
  const Lifetime lifetime(program, registers_are_roots);
  std::array<std::vector<char>, 3> out;
  for (const Function f : kFunctions) out[static_cast<std::size_t>(f)] = lifetime.marks(f);
  return out;
}

}  // namespace

void mark_live(BoundProgram& program, bool registers_are_roots) {
  program.registers_are_roots = registers_are_roots;
  // Samplers are numbered by predictions alone, so that watching more registers changes no draw.
  const auto predicting = marks(program, false);
  number_samplers(program, predicting);
  const auto live = registers_are_roots ? marks(program, true) : predicting;
  for (std::size_t f = 0; f < 3; ++f) {
    for (std::size_t k = 0; k < program.code[f].size(); ++k)
      program.code[f][k].live = live[f][k] != 0;
  }
}

}  // namespace mlz::vm
