#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

using Code = std::vector<BoundInstruction>;

/// Drops what is not read below it, `needed` being what is needed at the end. Returns whether anything was.
bool drop(Code& code, std::vector<char> needed) {
  bool dropped = false;
  for (std::size_t at = code.size(); at-- > 0;) {
    BoundInstruction& i = code[at];
    if (needed[i.out] == 0) {
      i.op = OpId::noop;
      dropped = true;
      continue;
    }
    if (!keeps_old_value(i)) needed[i.out] = 0;
    for (std::size_t k = 0; k < i.in_count; ++k) needed[i.in[k]] = 1;
  }
  std::erase_if(code, [](const BoundInstruction& i) { return i.op == OpId::noop; });
  return dropped;
}

}  // namespace

void drop_dead(Optimised& o) {
  constexpr int kMostRounds = 4;  // what is left after that only costs time
  for (int round = 0; round < kMostRounds; ++round) {
    bool dropped = drop(o.fixed, kept_registers(o.program, {}));
    const std::vector<char> kept = kept_registers(o.program, o.fixed);
    for (Code& code : o.program.code) dropped |= drop(code, kept);
    if (!dropped) break;
  }
  o.kept = kept_registers(o.program, o.fixed);
  o.feeds_fixed.assign(o.program.registers.size(), 0);
  for (const BoundInstruction& i : o.fixed) {
    for (std::size_t k = 0; k < i.in_count; ++k) o.feeds_fixed[i.in[k]] = 1;
  }
}

}  // namespace mlz::vm
