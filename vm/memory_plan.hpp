#pragma once
#include <cstdint>
#include <vector>

#include "vm/bound_program.hpp"

namespace mlz::vm {

inline constexpr std::int64_t kNowhere = -1;

/// Where the registers of one lane lie.
struct MemoryPlan {
  std::vector<std::int64_t> offset;  ///< by register; kNowhere when nothing uses it
  std::int64_t entries = 0;          ///< for all of them
  std::int64_t apart = 0;            ///< what they would take if each had room of its own
};

/// Gives registers room. Those whose value matters between two functions have their own; the others share it where
/// no two are in use at once.
class MemoryPlanner {
 public:
  /// `size` by register, multiples of what registers are to be aligned to; `kept` as in Optimised.
  MemoryPlanner(const BoundProgram& program, std::vector<std::int64_t> size, const std::vector<char>& kept);

  /// What is used after this is used later than everything before.
  void next_moment() { ++moment_; }
  void use(RegisterId r);
  MemoryPlan plan() const;

 private:
  struct Span {
    std::int64_t first = -1, last = -1;  ///< moments
  };
  std::vector<std::int64_t> size_;
  std::vector<char> own_;
  std::vector<Span> spans_;
  std::int64_t moment_ = 0;
};

}  // namespace mlz::vm
