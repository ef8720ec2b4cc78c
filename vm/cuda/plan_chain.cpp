#include <algorithm>
#include <stdexcept>

#include "vm/cuda/plan.hpp"

namespace mlz::vm::cuda {
namespace {

using dense::PlanOp;
using dense::View;

/// Builds the launch of one chain.
class ChainMaker {
 public:
  ChainMaker(const Context& context, const PlanOp& op) : context_(context), rows_(op.rows), cols_(op.cols) {
    chain_.size = make_divider(rows_ * cols_);
    chain_.cols = make_divider(cols_);
    chain_.lane_step = context.layout.lane_entries;
  }

  ChainLaunch make(const std::vector<PlanOp>& members) {
    std::int64_t lanes = 1;
    for (std::size_t k = 0; k < members.size(); ++k) {
      add(members, k);
      lanes = std::max(lanes, context_.lanes(members[k].out));
    }
    chain_.total = static_cast<std::uint32_t>(rows_ * cols_ * lanes);
    return chain_;
  }

 private:
  const Context& context_;
  std::int64_t rows_, cols_;
  ChainLaunch chain_;

  bool is_full(const View& v) const { return v.rows == rows_ && v.cols == cols_; }

  std::uint8_t view(RegisterId id, std::uint32_t row_step, std::uint8_t col_step) {
    const Place place = context_.place(id);
    const auto per_lane = static_cast<std::uint8_t>(place.lane_step != 0);
    for (std::uint8_t k = 0; k < chain_.views; ++k) {
      const ChainView& v = chain_.view[k];
      if (v.offset == place.offset && v.row_step == row_step && v.col_step == col_step && v.per_lane == per_lane)
        return k;
    }
    chain_.view[chain_.views] = {place.offset, row_step, col_step, per_lane};
    return chain_.views++;
  }
  std::uint8_t view(const View& v) {
    const std::uint32_t row_step = v.rows == 1 && rows_ > 1 ? 0 : static_cast<std::uint32_t>(v.cols);
    return view(v.reg, v.is_scalar() ? 0 : row_step, v.cols == 1 && cols_ > 1 ? 0 : 1);
  }

  /// Whether operand k of `op` is what the member before it has just computed.
  bool is_previous(const PlanOp& op, int k, const PlanOp& before) const {
    if (op.in_buffer[k] >= 0) return op.in_buffer[k] == before.out_buffer;
    return before.out_buffer < 0 && op.in[k].reg == before.out && is_full(op.in[k]);
  }

  /// Whether only the member after `at`, if any, reads what `at` puts into a buffer.
  static bool only_next_reads(const std::vector<PlanOp>& members, std::size_t at) {
    const int buffer = members[at].out_buffer;
    for (std::size_t k = at + 1; k < members.size(); ++k) {
      const auto& in = members[k].in_buffer;
      const bool reads =
          std::find(in.begin(), in.begin() + members[k].in_count, buffer) != in.begin() + members[k].in_count;
      if (reads && k > at + 1) return false;
      if (members[k].out_buffer == buffer) return true;
    }
    return true;
  }

  void add(const std::vector<PlanOp>& members, std::size_t at) {
    const PlanOp& op = members[at];
    ChainStep& step = chain_.step[chain_.steps++];
    step.op = op.row;
    step.arity = op.in_count;
    for (int k = 0; k < op.in_count; ++k) {
      if (at > 0 && is_previous(op, k, members[at - 1])) {
        step.in_slot[k] = kPrevious;
      } else if (op.in_buffer[k] >= 0) {
        step.in_slot[k] = static_cast<std::int8_t>(op.in_buffer[k]);
      } else {
        step.in_view[k] = view(op.in[k]);
      }
    }
    if (op.out_buffer < 0) {
      step.out_view = view(op.out, static_cast<std::uint32_t>(cols_), 1);
    } else if (only_next_reads(members, at)) {
      step.out_slot = kNotKept;
    } else {
      step.out_slot = static_cast<std::int8_t>(op.out_buffer);
      chain_.slots = std::max<std::uint8_t>(chain_.slots, static_cast<std::uint8_t>(op.out_buffer + 1));
    }
  }
};

}  // namespace

Launch chain_launch(const Context& context, const PlanOp& op) {
  const std::vector<PlanOp> members = op.kind == PlanOp::Kind::chain ? op.members : std::vector<PlanOp>{op};
  if (members.size() > static_cast<std::size_t>(kChainSteps)) throw std::logic_error("a chain is too long");
  return {ChainMaker(context, op).make(members), op.line};
}

}  // namespace mlz::vm::cuda
