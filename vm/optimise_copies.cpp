#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

using Code = std::vector<BoundInstruction>;

/// Reads what copies were made of; drops copies of what is there already.
void forward_reads(std::size_t registers, Code& code) {
  ValueNumbers values(registers);
  for (BoundInstruction& i : code) {
    for (std::size_t k = 0; k < i.in_count; ++k) i.in[k] = values.holder(i.in[k]);
    if (i.op != OpId::copy) {
      values.write(i.out);
    } else if (values.of(i.in[0]) == values.of(i.out)) {
      i.op = OpId::noop;
    } else {
      values.copy(i.out, i.in[0]);
    }
  }
  std::erase_if(code, [](const BoundInstruction& i) { return i.op == OpId::noop; });
}

/// How often what each instruction writes is read before it is overwritten, a kept part counting as read.
std::vector<int> uses_of(const Code& code, std::size_t registers) {
  std::vector<int> uses(code.size(), 0);
  std::vector<int> writer(registers, -1);
  for (std::size_t at = 0; at < code.size(); ++at) {
    const BoundInstruction& i = code[at];
    const auto read = [&](RegisterId r) {
      if (writer[r] >= 0) ++uses[static_cast<std::size_t>(writer[r])];
    };
    for (std::size_t k = 0; k < i.in_count; ++k) read(i.in[k]);
    if (keeps_old_value(i)) read(i.out);
    writer[i.out] = static_cast<int>(at);
  }
  return uses;
}

/// Writes a result where a copy, its only reader, takes it.
void join_results(const std::vector<char>& kept, Code& code) {
  std::vector<int> uses = uses_of(code, kept.size());
  std::vector<int> writer(kept.size(), -1), touched(kept.size(), -1);  // the last to write it, to read or write it
  for (int at = 0; at < static_cast<int>(code.size()); ++at) {
    BoundInstruction& i = code[static_cast<std::size_t>(at)];
    const RegisterId from = i.in[0];
    if (i.op == OpId::copy && kept[from] == 0 && writer[from] >= 0) {
      const auto made = static_cast<std::size_t>(writer[from]);
      const bool free = touched[i.out] <= static_cast<int>(made);
      if (free && uses[made] == 1 && code[made].op != OpId::set && code[made].op != OpId::noop) {
        code[made].out = i.out;
        uses[made] = uses[static_cast<std::size_t>(at)];
        writer[i.out] = static_cast<int>(made);
        touched[i.out] = at;
        writer[from] = -1;
        i.op = OpId::noop;
        continue;
      }
    }
    for (std::size_t k = 0; k < i.in_count; ++k) touched[i.in[k]] = at;
    touched[i.out] = writer[i.out] = at;
  }
  std::erase_if(code, [](const BoundInstruction& i) { return i.op == OpId::noop; });
}

}  // namespace

void forward_copies(Optimised& o) {
  for (Code& code : o.program.code) {
    join_results(o.kept, code);
    forward_reads(o.program.registers.size(), code);
    join_results(o.kept, code);
  }
}

}  // namespace mlz::vm
