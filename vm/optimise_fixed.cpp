#include <fmt/format.h>

#include <bit>
#include <map>
#include <tuple>

#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

/// Entries above which loops make an outer product or a fill faster than they load it.
constexpr std::int64_t kMostExpanded = 512;

class Mover {
 public:
  explicit Mover(Optimised& o) : o_(o), p_(o.program), unchanging_(p_.registers.size(), 1) {
    for (const Function f : {Function::predict, Function::learn}) {
      for (const BoundInstruction& i : code_of(f)) unchanging_[i.out] = 0;
    }
    for (const RegisterId id : p_.role) {
      if (id != kNoRegister) unchanging_[id] = 0;  // the host writes them from step to step
    }
    for (RegisterId id = 0; id < unchanging_.size(); ++id) {
      if (p_.registers[id].input) unchanging_[id] = 0;
    }
  }

  void move(Function f) {
    value_.assign(unchanging_.size(), kNoRegister);
    for (RegisterId id = 0; id < unchanging_.size(); ++id) {
      if (unchanging_[id] != 0) value_[id] = id;
    }
    for (BoundInstruction& i : code_of(f)) {
      if (movable(i)) replace(i);
      value_[i.out] = i.op == OpId::copy ? value_of(i.in[0]) : kNoRegister;
    }
  }

 private:
  using Key = std::tuple<OpId, std::array<RegisterId, 3>, std::array<std::int64_t, 4>, std::uint64_t, Kind,
                         std::int64_t, std::int64_t>;
  Optimised& o_;
  BoundProgram& p_;
  std::vector<char> unchanging_;  // by register: neither Predict, Learn nor a role changes it
  std::vector<RegisterId> value_;  // by register: one that has the same value and stays, or kNoRegister
  std::map<Key, RegisterId> made_;

  std::vector<BoundInstruction>& code_of(Function f) { return p_.code[static_cast<std::size_t>(f)]; }

  /// Registers that were added are results of `fixed`.
  RegisterId value_of(RegisterId r) const { return r < value_.size() ? value_[r] : r; }

  bool movable(const BoundInstruction& i) const {
    if (i.op == OpId::copy || i.op == OpId::set || op_info(i.op).has(kRandom)) return false;
    const bool expands = i.op == OpId::outer || i.op == OpId::fill || i.op == OpId::broadcast ||
                         i.op == OpId::broadcast_vector;
    if (expands && p_.registers[i.out].size() > kMostExpanded) return false;
    for (std::size_t k = 0; k < i.in_count; ++k) {
      if (value_of(i.in[k]) == kNoRegister) return false;
    }
    return true;
  }

  /// Moves the instruction and leaves a copy of what it computes.
  void replace(BoundInstruction& i) {
    BoundInstruction moved = i;
    for (std::size_t k = 0; k < i.in_count; ++k) moved.in[k] = value_of(i.in[k]);
    const BoundRegister& out = p_.registers[i.out];
    const Key key{i.op, moved.in, i.attr, std::bit_cast<std::uint64_t>(i.value), out.kind, out.rows, out.cols};
    const auto [found, fresh] = made_.emplace(key, static_cast<RegisterId>(p_.registers.size()));
    if (fresh) {
      moved.out = add_register(out);
      o_.fixed.push_back(moved);
    }
    become_copy(i, found->second);
  }

  RegisterId add_register(const BoundRegister& like) {
    BoundRegister made;
    made.name = fmt::format("fixed{}.{}", o_.fixed.size(), like.name);
    made.kind = like.kind;
    made.rows = like.rows;
    made.cols = like.cols;
    p_.registers.push_back(std::move(made));
    return static_cast<RegisterId>(p_.registers.size() - 1);
  }
};

}  // namespace

void move_fixed(Optimised& o) {
  Mover mover(o);
  mover.move(Function::predict);
  mover.move(Function::learn);
  o.kept = kept_registers(o.program, o.fixed);
}

}  // namespace mlz::vm
