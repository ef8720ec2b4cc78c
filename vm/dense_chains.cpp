#include <algorithm>
#include <map>
#include <numeric>

#include "vm/dense_flow.hpp"
#include "vm/dense_fuse.hpp"

namespace mlz::vm::dense {
namespace {

using Kind = PlanOp::Kind;

/// Whether two views of one register never lead an entry of a loop over rows and columns to what another entry of the
/// loop has of the other view.
bool agree(const View& a, const View& b) {
  if (a.has_repeats() || b.has_repeats() || a.step != b.step) return false;
  if (a.step == 0 || a.first == b.first) return true;
  const auto apart = [](std::int64_t x, std::int64_t y, std::int64_t length) { return std::abs(x - y) >= length; };
  return apart(a.first % a.step, b.first % b.step, a.cols) || apart(a.first / a.step, b.first / b.step, a.rows);
}

/// Row operations of one shape found from one position on, and what has to be done before them.
struct Region {
  std::vector<int> members;
  std::vector<int> before;
  std::vector<RegisterId> reads, writes;  // of the members
  std::vector<View> seen, made;           // likewise, as they go through them
  std::int64_t unit = 0;

  bool conflicts_with(const PlanOp& op) const {
    bool found = contains(writes, op.out) || contains(reads, op.out);
    for_each_read(op, [&](RegisterId id) { found = found || contains(writes, id); });
    return found;
  }
  /// Whether an operation goes through a register in another order than a member that reads or writes it.
  bool crosses(const PlanOp& op) const {
    const View target = target_of(op);
    bool found = differs(seen, target) || differs(made, target);
    for (int k = 0; k < op.in_count; ++k) found = found || differs(made, op.in[k]);
    return found;
  }
  bool fits_unit(const PlanOp& op) const {
    const std::int64_t other = unit_of(op);
    return unit == 0 || other == 0 || unit == other;
  }
  void add(int at, const PlanOp& op) {
    members.push_back(at);
    unit = std::max(unit, unit_of(op));
    for (int k = 0; k < op.in_count; ++k) seen.push_back(op.in[k]);
    made.push_back(target_of(op));
    for_each_read(op, [&](RegisterId id) { reads.push_back(id); });
    writes.push_back(op.out);
  }
  static bool contains(const std::vector<RegisterId>& in, RegisterId id) {
    return std::find(in.begin(), in.end(), id) != in.end();
  }
  static bool differs(const std::vector<View>& views, const View& view) {
    return std::any_of(views.begin(), views.end(), [&](const View& v) { return v.reg == view.reg && !agree(v, view); });
  }
};

bool same_shape(const PlanOp& a, const PlanOp& b) { return a.rows == b.rows && a.cols == b.cols; }

Region find_region(const std::vector<PlanOp>& code, const std::vector<char>& done, int first) {
  Region region;
  region.add(first, code[first]);
  std::vector<int> passed;
  const int end = std::min<int>(static_cast<int>(code.size()), first + kFusionWindow);
  for (int j = first + 1; j < end && static_cast<int>(region.members.size()) < kLongestChain; ++j) {
    const PlanOp& op = code[j];
    if (done[j]) continue;
    const bool joins = op.kind == Kind::row && same_shape(op, code[first]) && region.fits_unit(op);
    if (joins && !region.crosses(op)) {
      region.add(j, op);
      region.before.insert(region.before.end(), passed.begin(), passed.end());
      passed.clear();
    } else if (!region.conflicts_with(op)) {
      passed.push_back(j);
    } else {
      break;
    }
  }
  return region;
}

/// The members split into groups that share no register which one of them writes, each in order.
std::vector<std::vector<int>> connected_groups(const std::vector<PlanOp>& code,
                                               const Region& region) {
  std::map<RegisterId, int> group_of;  // of registers written
  std::vector<int> parent(region.members.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  const auto meet = [&](RegisterId id, int i) {
    const auto [found, is_new] = group_of.emplace(id, i);
    if (!is_new)
      parent[std::max(root(i), root(found->second))] = std::min(root(i), root(found->second));
  };
  for (std::size_t i = 0; i < parent.size(); ++i)
    meet(code[region.members[i]].out, static_cast<int>(i));
  for (std::size_t i = 0; i < parent.size(); ++i) {
    for_each_read(code[region.members[i]], [&](RegisterId id) {
      if (group_of.contains(id)) meet(id, static_cast<int>(i));
    });
  }
  std::map<int, std::vector<int>> groups;  // by first member
  for (std::size_t i = 0; i < parent.size(); ++i)
    groups[root(static_cast<int>(i))].push_back(region.members[i]);
  std::vector<std::vector<int>> out;
  for (auto& [first, members] : groups) out.push_back(std::move(members));
  return out;
}

/// Gives the results that only the chain reads a tile buffer each, used again once its last reader
/// is done.
class BufferPlan {
 public:
  BufferPlan(const Flow& flow, const std::vector<PlanOp>& code, const std::vector<int>& group) : flow_(flow) {
    std::map<int, int> uses;
    for (int at : group) {
      for (int k = 0; k < 4; ++k) {
        if (flow.definition(at, k) < 0) continue;
        ++uses[flow.definition(at, k)];
        last_reader_[flow.definition(at, k)] = at;
      }
    }
    for (int at : group) {
      if (code[at].out_step == 0 && flow.private_to(at, uses[at])) hidden_.push_back(at);
    }
  }

  void assign(int at, PlanOp& op) {
    for (int k = 0; k < op.in_count; ++k) op.in_buffer[k] = buffer_of(flow_.definition(at, k));
    for (int k = 0; k < op.in_count; ++k) {
      if (flow_.definition(at, k) >= 0 && last_reader_.at(flow_.definition(at, k)) == at)
        release(flow_.definition(at, k));
    }
    if (std::find(hidden_.begin(), hidden_.end(), at) == hidden_.end()) return;
    op.out_buffer = take();
    buffer_[at] = op.out_buffer;
    if (!last_reader_.contains(at)) release(at);
  }

  int count() const { return count_; }

 private:
  const Flow& flow_;
  std::map<int, int> last_reader_, buffer_;  // by the operation that computes the value
  std::vector<int> hidden_, free_;
  int count_ = 0;

  int buffer_of(int definition) const {
    const auto found = buffer_.find(definition);
    return found == buffer_.end() ? -1 : found->second;
  }
  int take() {
    if (free_.empty()) return count_++;
    const int last = free_.back();
    free_.pop_back();
    return last;
  }
  void release(int definition) {
    const int buffer = buffer_of(definition);
    if (buffer >= 0 && std::find(free_.begin(), free_.end(), buffer) == free_.end())
      free_.push_back(buffer);
  }
};

PlanOp make_chain(const Flow& flow, const std::vector<PlanOp>& code,
                  const std::vector<int>& group) {
  PlanOp chain;
  chain.kind = Kind::chain;
  chain.out = code[group.back()].out;
  chain.rows = code[group.front()].rows;
  chain.cols = code[group.front()].cols;
  chain.line = code[group.front()].line;
  BufferPlan buffers(flow, code, group);
  for (int at : group) {
    chain.members.push_back(code[at]);
    buffers.assign(at, chain.members.back());
  }
  chain.buffers = buffers.count();
  return chain;
}

}  // namespace

void make_chains(const std::vector<char>& live_after, const Tuning& tuning, std::size_t entry_bytes,
                 std::vector<PlanOp>& code) {
  const Flow flow(code, live_after);
  const std::int64_t tile = tuning.tile_bytes / static_cast<std::int64_t>(entry_bytes);
  std::vector<char> done(code.size(), 0);
  std::vector<PlanOp> out;
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    if (done[i]) continue;
    const PlanOp& op = code[i];
    const bool worth_it = op.kind == Kind::row && (tuning.chain_small || op.rows * op.cols > tile);
    if (!worth_it) {
      out.push_back(op);
      continue;
    }
    const Region region = find_region(code, done, i);
    for (int at : region.before) {
      out.push_back(code[at]);
      done[at] = 1;
    }
    for (const auto& group : connected_groups(code, region)) {
      out.push_back(group.size() == 1 ? code[group[0]] : make_chain(flow, code, group));
    }
    for (int at : region.members) done[at] = 1;
  }
  code = std::move(out);
}

}  // namespace mlz::vm::dense
