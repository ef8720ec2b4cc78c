#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evolve/numbered/ops.hpp"
#include "lang/core/core_program.hpp"

namespace mlz::evolve {

/// One instruction in 16 bytes. Fields an operation does not use are zero, so that equal instructions have equal bytes.
struct Instruction {
  std::uint8_t op = 0;             ///< number of the operation
  std::array<std::uint8_t, 2> in{};
  std::uint8_t out = 0;
  float extra = 0;                 ///< entry_m: row fraction
  std::uint64_t bits = 0;          ///< number: an f64; else two f32

  double number() const { return std::bit_cast<double>(bits); }
  void set_number(double value) { bits = std::bit_cast<std::uint64_t>(value); }
  /// entry_v: fraction, value; entry_m: column fraction, value; uniform: lo, hi; normal: mean, deviation.
  std::array<float, 2> pair() const { return std::bit_cast<std::array<float, 2>>(bits); }
  void set_pair(std::array<float, 2> pair) { bits = std::bit_cast<std::uint64_t>(pair); }
  const NumberedOp& info() const { return numbered_ops()[op]; }

  /// Whether all bytes are the same.
  bool operator==(const Instruction& other) const {
    using Bytes = std::array<std::uint64_t, 2>;
    const auto mine = std::bit_cast<Bytes>(*this), theirs = std::bit_cast<Bytes>(other);
    return ((mine[0] ^ theirs[0]) | (mine[1] ^ theirs[1])) == 0;
  }
};
static_assert(sizeof(Instruction) == 16);

/// How many registers of each kind there are, by Kind. At most 64 in all.
struct Banks {
  std::array<int, 3> count{4, 3, 1};
  bool operator==(const Banks&) const = default;
};

/// Addresses with a meaning of their own.
inline constexpr std::uint8_t kTargetScalar = 0, kPredictionScalar = 1, kFeaturesVector = 0;

/// A program: Setup, Predict and Learn, one after the other. Copying into one that has the capacity does not allocate.
struct Genome {
  std::array<std::uint8_t, 3> length{};
  std::vector<Instruction> code;

  std::size_t first(std::size_t f) const { return f == 0 ? 0 : f == 1 ? length[0] : length[0] + std::size_t{length[1]}; }
  std::span<Instruction> function(std::size_t f) { return {code.data() + first(f), length[f]}; }
  std::span<const Instruction> function(std::size_t f) const { return {code.data() + first(f), length[f]}; }
  bool operator==(const Genome&) const = default;
};

/// Instructions a function may have at most.
inline constexpr int kLongestFunction = 255;

/// Canonical core text. Reading it back gives an equal genome.
std::string print(const Genome& genome);
std::string print(const Instruction& instruction);

/// The genome of a core program whose lines are all operations of AutoML-Zero on numbered registers within `banks`.
/// Throws InputError that names the first line which is not.
Genome genome_of(const CoreProgram& program, const Banks& banks);
/// The same for program text; `name` stands in messages.
Genome read_genome(const std::string& text, const std::string& name, const Banks& banks);

}  // namespace mlz::evolve
