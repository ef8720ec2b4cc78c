#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vm/bound_program.hpp"
#include "vm/compact_ops.hpp"

/// Programs of numbered registers in a compact form, for searches that evaluate very many of them.
namespace mlz::vm {

/// One operation, 16 bytes. Literals: of op 56 a double; of 57 {fraction, value} as floats, of 58 {row fraction,
/// column fraction} and `third` the value; of 59 to 64 {low, high} or {mean, deviation} as floats.
struct CompactInstruction {
  std::uint8_t op = kNoOp;
  std::uint8_t out = 0, a = 0, b = 0;  ///< numbers of registers, below 64
  float third = 0;
  std::uint64_t literal = 0;

  double number() const { return std::bit_cast<double>(literal); }
  std::array<float, 2> pair() const { return std::bit_cast<std::array<float, 2>>(literal); }
  void set(double value) { literal = std::bit_cast<std::uint64_t>(value); }
  void set(float first, float second) {
    literal = std::bit_cast<std::uint64_t>(std::array<float, 2>{first, second});
  }
  bool operator==(const CompactInstruction&) const = default;
};
static_assert(sizeof(CompactInstruction) == 16);

/// s0 is the target, s1 the prediction, v0 the features. All registers are born as 0.
struct CompactProgram {
  std::array<std::vector<CompactInstruction>, 3> code;  ///< by Function
  /// Scalars with another first value.
  struct Constant {
    std::uint8_t reg;
    double value;
  };
  std::vector<Constant> constants;
};

/// The entry that a fraction stands for: floor(size * fraction) in float, at most the last one.
inline std::uint32_t entry_of_fraction(float fraction, std::uint32_t size) {
  const float place = static_cast<float>(size) * fraction;
  return place >= static_cast<float>(size) ? size - 1 : static_cast<std::uint32_t>(place);
}

/// A bound program in compact form for `features` features, or nothing where it does not fit: other shapes, ops or
/// params, or more than 64 registers of a kind. The reason goes to `why`.
std::optional<CompactProgram> compact(const BoundProgram& program, std::int64_t features,
                                      std::string* why = nullptr);

/// Registers by bank.
struct RegisterSet {
  std::array<std::uint64_t, 4> bits{};
  bool has(Bank bank, int reg) const { return (bits[static_cast<std::size_t>(bank)] >> reg & 1) != 0; }
  void add(Bank bank, int reg) { bits[static_cast<std::size_t>(bank)] |= std::uint64_t{1} << reg; }
  void remove(Bank bank, int reg) { bits[static_cast<std::size_t>(bank)] &= ~(std::uint64_t{1} << reg); }
  bool operator==(const RegisterSet&) const = default;
};

/// One instruction that can reach a prediction.
struct LiveInstruction {
  CompactInstruction i;
  bool a_dies = false, b_dies = false;  ///< the operand is not read again before it is overwritten
  std::uint16_t sampler = 0;            ///< of random ops
};

/// The live part of a program over the lifetime loop (see mark_live), and the registers it refers to. A constant that
/// Predict or Learn sets in every step, where nothing else changes its register, is set once, at the end of Setup. Keeps
/// its memory when it is made again.
struct LiveProgram {
  std::array<std::vector<LiveInstruction>, 3> code;
  RegisterSet used;
  bool writes_features = false, writes_target = false;

  void make(const CompactProgram& program);

 private:
  void set_once(const RegisterSet& carried);
  void number_samplers();
};

}  // namespace mlz::vm
