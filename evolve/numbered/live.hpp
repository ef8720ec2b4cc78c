#pragma once
#include "evolve/numbered/genome.hpp"
#include "evolve/numbered/setup_values.hpp"

namespace mlz::evolve {

/// A 128-bit fingerprint of a program.
struct Key {
  std::uint64_t a = 0, b = 0;
  bool operator==(const Key&) const = default;
};

/// Finds what of a program can reach a prediction, through Predict and Learn of later steps: the same as bind finds.
class LiveFinder {
 public:
  explicit LiveFinder(const Banks& banks);

  /// Writes the live instructions of `genome` to `live`. Does not allocate once `live` has the capacity.
  void find(const Genome& genome, Genome& live);

  using Mask = std::uint64_t;  ///< one bit for each register: scalars, then vectors, then matrices
  /// Registers whose values can matter after Setup, Predict and Learn.
  struct Needs {
    Mask after_setup = 0, after_predict = 0, after_learn = 0;
  };
  /// Of the program last looked at.
  const Needs& needs() const { return needs_; }
  /// Whether the instruction at `at`, of a program with such needs, is dead, and `other` would be in its place: then the
  /// program does the same with either.
  bool dead_at(const Genome& genome, const Needs& needs, std::size_t at, const Instruction& other) const;

 private:
  const NumberedOp* ops_;
  struct Effect {
    Mask uses = 0, defines = 0, kills = 0;  // kills: defines all of it
  };
  std::array<int, 3> base_{};
  Mask given_ = 0, prediction_ = 0;
  Needs needs_;
  std::vector<Effect> effects_;

  Effect effect_of(const Instruction& instruction) const;
  Mask bit(Kind kind, int address) const { return Mask{1} << (base_[static_cast<std::size_t>(kind)] + address); }
  void take_effects(const Genome& genome);
  Mask needed_before(const Genome& genome, std::size_t f, Mask after) const;
  void keep_live(const Genome& genome, std::size_t f, Mask after, Genome& live) const;
};

/// Collects a fingerprint. The order of what is added matters.
class KeyMaker {
 public:
  /// `salt` tells apart what else a result depends on.
  explicit KeyMaker(std::uint64_t salt);
  void add(std::uint64_t x, std::uint64_t y);
  /// Operands of commutative operations count in no order.
  void add(std::span<const Instruction> code);
  void add(std::span<const double> values);
  const Key& key() const { return key_; }

 private:
  Key key_;
};

/// Fingerprint of a program made of live instructions, as written.
Key key_of(const Genome& live, std::uint64_t salt);
/// The same with Setup replaced by what it left in the registers `born` when `setup` ran it: fewer programs differ.
Key key_of(const Genome& live, LiveFinder::Mask born, const Banks& banks, const SetupValues& setup, std::uint64_t salt);

/// Cost by the original's static model: of Setup, and of one Predict and Learn. Dead instructions count.
struct StaticCost {
  double setup = 0, step = 0;
  double of(double examples) const { return setup + examples * step; }
};
StaticCost static_cost(const Genome& genome);

}  // namespace mlz::evolve
