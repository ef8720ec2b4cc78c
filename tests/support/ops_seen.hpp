#pragma once
#include <doctest/doctest.h>

#include <set>

#include "vm/bound_program.hpp"

/// Which operations the programs of a test had.
namespace mlz::test {

inline void note_ops(const vm::BoundProgram& program, std::set<OpId>& seen) {
  for (const auto& code : program.code) {
    for (const auto& i : code) {
      if (i.live) seen.insert(i.op);
    }
  }
}

/// Every op that bound programs have.
inline void check_all_seen(const std::set<OpId>& seen) {
  for (const OpInfo& op : op_table()) {
    const bool never_bound = op.id == OpId::noop || op.id == OpId::constant || op.id == OpId::concat ||
                             op.id == OpId::set_fraction;
    INFO(op.name());
    CHECK((never_bound || seen.contains(op.id)));
  }
}

}  // namespace mlz::test
