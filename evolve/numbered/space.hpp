#pragma once
#include "evolve/numbered/draws.hpp"
#include "evolve/numbered/genome.hpp"

namespace mlz::evolve {

/// How a mutated constant changes.
enum class ConstantRule {
  lognormal,  ///< times exp(z), z normal; the sign flips alone with probability 0.1 (the original's code)
  factor,     ///< times U(0.5, 2), and the sign flips with probability 0.1 (the paper)
};

/// The programs a search may visit.
struct Space {
  Banks banks;
  struct Part {
    std::vector<std::uint8_t> ops;  ///< allowed operations, each equally likely; empty: the function stays as it is
    int start = 0;                  ///< instructions of drawn programs
    int least = 0, most = 0;        ///< insert and remove stay within these, both included
  };
  std::array<Part, 3> parts;
  ConstantRule constants = ConstantRule::lognormal;

  int most_instructions() const;
};

/// Throws InputError for a space that admits no program: more than 64 registers, no s0, s1, v0, operations on registers
/// that do not exist, limits that contradict each other.
void check(const Space& space);

/// An instruction of function `f` with everything drawn as in the original.
Instruction draw_instruction(const Space& space, std::size_t f, Draws& draws);
/// Redraws one argument of an instruction or alters one of its constants.
void alter(const Space& space, Instruction& instruction, Draws& draws);
/// Alters one of the constants of an instruction that has some.
void alter_constant(const Space& space, Instruction& instruction, Draws& draws);

/// Random instructions in the functions that have operations; the others are those of `base`.
Genome redrawn(const Space& space, const Genome& base, Draws& draws);
/// The start of a search: every function has its `start` instructions, drawn, or NoOps where `random` is false.
/// Functions without operations are empty.
Genome first_genome(const Space& space, bool random, Draws& draws);

}  // namespace mlz::evolve
