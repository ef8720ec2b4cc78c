#include <map>
#include <utility>

#include "vm/bound_program.hpp"

namespace mlz::vm {
namespace {

using Code = std::vector<BoundInstruction>;
using Writer = std::int32_t;  // index of an instruction in its function
constexpr Writer kNone = -1;

bool overwrites_all(const BoundInstruction& i) { return i.op != OpId::set || i.value != 0; }

/// Which instruction of one function wrote what each of its instructions reads, and what is left at its end.
struct Writers {
  std::vector<std::array<Writer, 4>> of;  ///< by instruction: of in[0..2], and of what a partial write keeps
  std::vector<Writer> last;               ///< by register

  Writers(const Code& code, std::size_t registers) : of(code.size()), last(registers, kNone) {
    for (std::size_t k = 0; k < code.size(); ++k) {
      const BoundInstruction& i = code[k];
      for (std::size_t j = 0; j < i.in_count; ++j) of[k][j] = last[i.in[j]];
      of[k][3] = last[i.out];
      last[i.out] = static_cast<Writer>(k);
    }
  }
};

/// The lifetime loop: Setup, then Predict and Learn over and over, or Predict alone while nothing
/// is learnt. What is needed is followed back from the results to whatever wrote it, each step once.
class Lifetime {
 public:
  Lifetime(const BoundProgram& program, bool registers_are_roots)
      : program_(program), handed_in_(program.registers.size(), 0) {
    for (const Role role : {Role::x, Role::target, Role::reward, Role::action, Role::done}) {
      if (program.with_role(role) != kNoRegister) handed_in_[program.with_role(role)] = 1;
    }
    for (const Function f : kFunctions) {
      writers_.emplace_back(code_of(f), program.registers.size());
      live_[index(f)].assign(code_of(f).size(), 0);
      entered_[index(f)].assign(program.registers.size(), 0);
    }
    if (program.with_role(Role::y) != kNoRegister) need_at_end(Function::predict, program.with_role(Role::y));
    if (registers_are_roots) need_observed();
    while (!open_.empty()) {
      const Need need = open_.back();
      open_.pop_back();
      need.entry ? follow_entry(need.function, need.at) : follow_instruction(need.function, need.at);
    }
  }

  /// By function, whether each instruction is live.
  std::array<std::vector<char>, 3> take_live() { return std::move(live_); }

 private:
  struct Need {
    Function function;
    bool entry;        ///< the value a register has when the function begins; else an instruction
    std::uint32_t at;  ///< the register, or the instruction
  };

  const BoundProgram& program_;
  std::vector<char> handed_in_;  // registers the host writes before Predict and before Learn
  std::vector<Writers> writers_;
  std::array<std::vector<char>, 3> live_, entered_;
  std::vector<Need> open_;

  static std::size_t index(Function f) { return static_cast<std::size_t>(f); }
  const Code& code_of(Function f) const { return program_.code[index(f)]; }

  void need_observed() {
    for (RegisterId r = 0; r < program_.registers.size(); ++r) {
      if (!program_.registers[r].observed) continue;
      for (const Function f : kFunctions) need_at_end(f, r);
    }
  }

  void need_at_end(Function f, RegisterId r) { need(f, writers_[index(f)].last[r], r); }

  /// What `writer` put into `r`, or what was there when the function began.
  void need(Function f, Writer writer, RegisterId r) {
    const bool entry = writer == kNone;
    const std::uint32_t at = entry ? r : static_cast<std::uint32_t>(writer);
    char& known = (entry ? entered_ : live_)[index(f)][at];
    if (known == 0) open_.push_back({f, entry, at});
    known = 1;
  }

  void follow_entry(Function f, RegisterId r) {
    if (f == Function::setup || handed_in_[r] != 0) return;
    need_at_end(Function::predict, r);
    if (f == Function::learn) return;
    need_at_end(Function::setup, r);
    need_at_end(Function::learn, r);
  }

  void follow_instruction(Function f, std::uint32_t k) {
    const BoundInstruction& i = code_of(f)[k];
    const std::array<Writer, 4>& from = writers_[index(f)].of[k];
    for (std::size_t j = 0; j < i.in_count; ++j) need(f, from[j], i.in[j]);
    if (!overwrites_all(i)) need(f, from[3], i.out);
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
  return Lifetime(program, registers_are_roots).take_live();
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
