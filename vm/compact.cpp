#include "vm/compact.hpp"

#include <algorithm>

namespace mlz::vm {
namespace {

// --- liveness --------------------------------------------------------------------------------------

/// Walks code backwards from what is needed after it to what is needed before it.
template <class Report>
RegisterSet needed_before(std::span<const CompactInstruction> code, RegisterSet needed, Report report) {
  for (std::size_t k = code.size(); k-- > 0;) {
    const CompactInstruction& i = code[k];
    const CompactOpInfo& op = kCompactOpTable[i.op];
    if (!needed.has(op.out, i.out)) continue;
    if (!op.keeps_rest) needed.remove(op.out, i.out);
    report(i, op, needed);
    needed.add(op.a, i.a);
    needed.add(op.b, i.b);
    needed.bits[static_cast<std::size_t>(Bank::none)] = 0;  // so that nothing that has no result is needed
  }
  return needed;
}

void add_all(RegisterSet& to, const RegisterSet& from) {
  for (std::size_t b = 0; b < 4; ++b) to.bits[b] |= from.bits[b];
}

void remove_inputs(RegisterSet& set) {
  set.remove(Bank::scalar, 0);
  set.remove(Bank::vector, 0);
}

}  // namespace

void LiveProgram::make(const CompactProgram& program) {
  const auto ignore = [](const auto&...) {};
  const auto& [setup, predict, learn] = program.code;
  RegisterSet before_predict, before_learn, after_learn, after_predict;
  for (bool grows = true; grows;) {
    const RegisterSet old = before_predict;
    after_learn = before_predict;
    remove_inputs(after_learn);
    before_learn = needed_before(learn, after_learn, ignore);
    after_predict = before_predict;
    add_all(after_predict, before_learn);
    remove_inputs(after_predict);
    after_predict.add(Bank::scalar, 1);
    add_all(before_predict, needed_before(predict, after_predict, ignore));
    grows = before_predict != old;
  }
  used = {};
  writes_features = writes_target = false;
  bool draws = false, constants = false;
  const auto collect = [&](std::vector<LiveInstruction>& out, std::span<const CompactInstruction> from,
                           const RegisterSet& after) {
    out.clear();
    needed_before(from, after, [&](const CompactInstruction& i, const CompactOpInfo& op, const RegisterSet& left) {
      out.push_back({i, op.a != Bank::none && !left.has(op.a, i.a), op.b != Bank::none && !left.has(op.b, i.b), 0});
      used.add(op.out, i.out);
      used.add(op.a, i.a);
      used.add(op.b, i.b);
      writes_features = writes_features || (op.out == Bank::vector && i.out == 0);
      writes_target = writes_target || (op.out == Bank::scalar && i.out == 0);
      draws = draws || op.random;
      constants = constants || i.op == kScalarConstant;
    });
    std::reverse(out.begin(), out.end());
  };
  collect(code[0], setup, after_learn);
  collect(code[1], predict, after_predict);
  collect(code[2], learn, after_learn);
  if (draws) number_samplers();
  if (constants) set_once(before_predict);
}

void LiveProgram::number_samplers() {
  std::uint16_t samplers = 0;
  for (auto& lines : code) {
    for (LiveInstruction& l : lines) {
      if (kCompactOpTable[l.i.op].random) l.sampler = samplers++;
    }
  }
}

/// `carried`: what a step reads before it writes it.
void LiveProgram::set_once(const RegisterSet& carried) {
  RegisterSet stays = carried, written;
  stays.add(Bank::scalar, 0);  // the target and the prediction change between functions
  stays.add(Bank::scalar, 1);
  for (const std::size_t f : {1, 2}) {
    for (const LiveInstruction& l : code[f]) {
      if (kCompactOpTable[l.i.op].out != Bank::scalar) continue;
      (written.has(Bank::scalar, l.i.out) ? stays : written).add(Bank::scalar, l.i.out);
    }
  }
  for (const std::size_t f : {1, 2}) {
    const auto moves = [&](const LiveInstruction& l) {
      return l.i.op == kScalarConstant && !stays.has(Bank::scalar, l.i.out);
    };
    std::copy_if(code[f].begin(), code[f].end(), std::back_inserter(code[0]), moves);
    std::erase_if(code[f], moves);
  }
}

}  // namespace mlz::vm
