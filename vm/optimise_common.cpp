#include <bit>
#include <map>
#include <tuple>

#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

/// Equal keys mean equal results: the op, its numbers, the values of its operands and the shape of its result.
using Key = std::tuple<OpId, std::array<std::uint32_t, 3>, std::array<std::int64_t, 4>, std::uint64_t, Kind,
                       std::int64_t, std::int64_t>;

bool may_be_shared(const BoundInstruction& i) {
  switch (i.op) {
    case OpId::copy:
    case OpId::set:
    case OpId::outer:
    case OpId::fill:
    case OpId::broadcast:
    case OpId::broadcast_vector:
      return false;
    default:
      return !op_info(i.op).has(kRandom);
  }
}

Key key_of(const BoundProgram& program, const ValueNumbers& values, const BoundInstruction& i) {
  std::array<std::uint32_t, 3> in{};
  for (std::size_t k = 0; k < i.in_count; ++k) in[k] = values.of(i.in[k]);
  if (op_info(i.op).has(kCommutative) && in[1] < in[0]) std::swap(in[0], in[1]);
  const BoundRegister& out = program.registers[i.out];
  return {i.op, in, i.attr, std::bit_cast<std::uint64_t>(i.value), out.kind, out.rows, out.cols};
}

void share(const BoundProgram& program, std::vector<BoundInstruction>& code) {
  ValueNumbers values(program.registers.size());
  std::map<Key, std::uint32_t> known;
  for (BoundInstruction& i : code) {
    if (may_be_shared(i)) {
      const Key key = key_of(program, values, i);
      const auto found = known.find(key);
      const RegisterId holder = found == known.end() ? kNoRegister : values.holder_of(found->second, kNoRegister);
      if (holder != kNoRegister) {
        become_copy(i, holder);
      } else {
        values.write(i.out);
        known[key] = values.of(i.out);
        continue;
      }
    }
    i.op == OpId::copy ? values.copy(i.out, i.in[0]) : values.write(i.out);
  }
}

}  // namespace

void share_common(Optimised& o) {
  for (auto& code : o.program.code) share(o.program, code);
}

}  // namespace mlz::vm
