#pragma once
#include <span>
#include <vector>

#include "vm/optimise.hpp"

namespace mlz::vm::lanes {

/// Entries of a register, as an operation reads them: those from `first` on, or those of `index`.
struct View {
  RegisterId reg = kNoRegister;
  std::int64_t first = 0;
  std::vector<std::int32_t> index;  ///< by entry of the operand; empty: one after the other
};

/// The entries of in[0] that a move of entries (windows, repeated rows, transposes and so on) makes its result of, entry by
/// entry; -1 stands for 0. Empty for operations that are no moves.
std::vector<std::int32_t> moved_entries(const BoundProgram& program, const BoundInstruction& instruction);

/// Moves of one function that need not be carried out, as their readers can look where the entries lie. Positions count
/// instructions.
class Views {
 public:
  Views(const BoundProgram& program, std::span<const BoundInstruction> code, const std::vector<char>& kept);

  bool is_skipped(std::size_t at) const { return skipped_[at] != 0; }
  const std::array<View, 3>& operands(std::size_t at) const { return operands_[at]; }

 private:
  const BoundProgram& program_;
  std::span<const BoundInstruction> code_;
  std::vector<char> skipped_;
  std::vector<std::array<View, 3>> operands_;

  struct Reader {
    std::size_t at, operand;
  };
  void fold(std::size_t at);
  bool find_readers(std::size_t at, std::vector<Reader>& readers) const;
  View through(const View& source, std::vector<std::int32_t> entries) const;
};

}  // namespace mlz::vm::lanes
