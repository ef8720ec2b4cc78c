#include "vm/dense_flow.hpp"

#include <algorithm>

namespace mlz::vm::dense {
namespace {

/// Adds to `live` what the function reads before it writes it.
void add_live_in(const std::vector<PlanOp>& code, std::vector<char>& live) {
  std::vector<char> written(live.size(), 0);
  const auto read = [&](RegisterId id) {
    if (!written[id]) live[id] = 1;
  };
  for (const PlanOp& op : code) {
    for_each_read(op, read);
    if (keeps_old_value(op)) read(op.out);
    written[op.out] = 1;
  }
}

}  // namespace

std::vector<char> live_after_functions(const BoundProgram& program, const Plan& plan) {
  std::vector<char> live = visible_registers(program);
  for (const auto& code : plan.code) add_live_in(code, live);
  return live;
}

Flow::Flow(const std::vector<PlanOp>& code, const std::vector<char>& live_after)
    : definition_(code.size(), {-1, -1, -1, -1}),
      uses_(code.size(), 0),
      last_use_(code.size(), -1),
      escapes_(code.size(), 0),
      writes_(live_after.size()) {
  std::vector<int> current(live_after.size(), -1);
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    const PlanOp& op = code[i];
    int k = 0;
    for_each_read(op, [&](RegisterId id) {
      if (k < 4) definition_[i][k++] = current[id];
      add_use(current[id], i);
    });
    if (keeps_old_value(op)) add_use(current[op.out], i);
    if (op.kind == PlanOp::Kind::nothing) continue;
    current[op.out] = i;
    writes_[op.out].push_back(i);
  }
  for (std::size_t r = 0; r < current.size(); ++r) {
    if (current[r] >= 0 && live_after[r]) escapes_[current[r]] = 1;
  }
}

void Flow::add_use(int definition, int at) {
  if (definition < 0) return;
  ++uses_[definition];
  last_use_[definition] = at;
}

bool Flow::written_between(RegisterId reg, int from, int to) const {
  const auto& writes = writes_[reg];
  const auto next = std::upper_bound(writes.begin(), writes.end(), from);
  return next != writes.end() && *next < to;
}

}  // namespace mlz::vm::dense
